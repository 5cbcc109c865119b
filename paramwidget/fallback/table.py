"""The sheet as text: an aligned table, for consoles and as the text of the composed picture."""

from __future__ import annotations

from dataclasses import replace

from paramwidget.fallback.sheet import HEADS, Sheet

RIGHT = HEADS[3]


def text_of(sheet: Sheet) -> str:
    """Title, note, table, what is left out, what the letters mean."""
    notes = [sheet.note] if sheet.note else []
    return "\n".join([f"{sheet.model}: {sheet.totals}", *notes, *table(sheet)])


def table(sheet: Sheet) -> list[str]:
    """The lines below the title, each column as wide as its longest entry."""
    rows = sheet.rows
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (
            word.rjust(width) if head == RIGHT else word.ljust(width)
            for word, width, head in zip(row, widths, rows[0], strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    if sheet.more:
        lines.append(f"… and {sheet.more:,} more")
    return [*lines, *sheet.ties]


def shortened(sheet: Sheet, lines: int) -> Sheet:
    """The same sheet with at most this many lines."""
    left_out = max(0, len(sheet.lines) - lines)
    return replace(sheet, lines=sheet.lines[:lines], more=sheet.more + left_out)
