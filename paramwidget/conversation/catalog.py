"""The catalog: every initializer with its arguments, as the browser offers them."""

from __future__ import annotations

from paramwidget import protocol
from paramwidget.edit.initializers.catalogue import catalogue


def catalog_message() -> protocol.Catalog:
    """Every initializer with its arguments."""
    return protocol.Catalog(
        [
            protocol.Initializer(
                name=known.name,
                source=known.source,
                summary=known.summary,
                doc=known.doc,
                arguments=[
                    protocol.Argument(a.name, a.type, a.default, list(a.choices))
                    for a in known.arguments
                ],
                random=known.random,
            )
            for known in catalogue()
        ]
    )
