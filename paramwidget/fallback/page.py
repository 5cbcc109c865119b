"""The sheet as HTML that sanitizers keep: tables and data: images, inline style, no more.

JupyterLab's sanitizer drops <style>, <svg>, ids and ``image-rendering`` (so cells are enlarged
before); GitHub drops ``style`` too. The only colour set is a border's: text takes the page's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from paramwidget.fallback import colours, image, png
from paramwidget.fallback.sheet import HEADS, Heat, Sheet
from paramwidget.fallback.table import RIGHT

SIDE = 208  # CSS pixels: the longer side of a heatmap, about


def html_of(sheet: Sheet) -> str:
    """One <div>; every text of the model in it is escaped."""
    parts = [f"<p><b>{escape(sheet.model)}</b>: {escape(sheet.totals)}</p>"]
    if sheet.heats:
        cells = "".join(_heat(heat) for heat in sheet.heats)
        parts.append(f"<table style='border:none' cellpadding=4><tr>{cells}</tr></table>")
    if sheet.lines:
        parts.append(_table(sheet))
    why = sheet.note or "A static picture: run the cell to see the live widget."
    small = [*sheet.ties, why]
    parts.append(f"<p><small>{'<br>'.join(map(escape, small))}</small></p>")
    return f"<div>{''.join(parts)}</div>"


def _heat(heat: Heat) -> str:
    picture = ""
    if heat.cells is not None:
        big = image.enlarged(heat.cells, SIDE)
        rows, cols = big.shape
        data = png.base64_of(png.png(big, colours.palette(), clear=colours.GAP))
        picture = (
            f'<img src="data:image/png;base64,{data}" width={cols} height={rows} '
            f'alt="heatmap of {escape(heat.name)}" '
            "style='border:1px solid rgba(128,128,128,0.5);max-width:none'><br>"
        )
    words = "<br>".join(escape(", ".join(part)) for part in (heat.facts, heat.notes) if part)
    return (
        "<td style='text-align:left;vertical-align:top' valign=top>"
        f"{picture}<b>{escape(heat.name)}</b><br><small>{words}</small></td>"
    )


def _table(sheet: Sheet) -> str:
    heads, *lines = sheet.rows
    rows = [_row("th", heads, heads), *(_row("td", heads, line) for line in lines)]
    what = f"{len(lines):,} of {len(lines) + sheet.more:,}" if sheet.more else f"{len(lines):,}"
    return (
        f"<details open><summary>{what} slots</summary>"
        f"<table cellpadding=4>{''.join(rows)}</table></details>"
    )


def _row(tag: str, heads: Sequence[str], words: Sequence[str]) -> str:
    """Align names left and numbers right, whatever the host does by default."""
    sides = {HEADS[0]: " style=text-align:left", RIGHT: " align=right"}
    cells = (
        f"<{tag}{sides.get(head, '')}>{escape(word)}</{tag}>"
        for head, word in zip(heads, words, strict=True)
    )
    return f"<tr align=left>{''.join(cells)}</tr>" if tag == "th" else f"<tr>{''.join(cells)}</tr>"
