"""Prints the protocol as TypeScript: ``python -m paramwidget.protocol > js/shared/protocol.ts``."""

from paramwidget.protocol.typescript import typescript

print(typescript(), end="")
