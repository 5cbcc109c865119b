"""The catalog: what the browser offers in its forms, initializers and expressions."""

from __future__ import annotations

from paramwidget import protocol
from paramwidget.edit.formula.functions import CONSTANTS, EXAMPLES, FUNCTIONS
from paramwidget.edit.formula.operators import OPERATORS
from paramwidget.edit.initializers.catalogue import catalogue


def catalog_message() -> protocol.Catalog:
    """Every initializer with its arguments, and every row of the expression language."""
    return protocol.Catalog(
        initializers=[
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
        ],
        functions=[
            *(protocol.Function(row.call, row.means) for row in FUNCTIONS.values()),
            *(protocol.Function(row.call, row.means) for row in OPERATORS.values()),
            *(protocol.Function(row.name, row.means) for row in CONSTANTS.values()),
        ],
        examples=list(EXAMPLES),
    )
