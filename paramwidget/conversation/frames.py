"""Builds a panel's frame: cells as bytes, figures and bars; sends nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal, NamedTuple

import numpy as np

from paramwidget import protocol
from paramwidget.conversation.facts import Seen
from paramwidget.conversation.replies import sendable
from paramwidget.picture import scale, text
from paramwidget.picture.elements import doubles, needs_double
from paramwidget.picture.layout import Layout, layout_of
from paramwidget.picture.lenses import Lens
from paramwidget.picture.raster import Raster, Window, raster_with_stats
from paramwidget.picture.statistics import Histogram, Stats, histogram
from paramwidget.picture.values import Values
from paramwidget.protocol import PanelState
from paramwidget.tensors import Unreadable, dtype_name, error_text


class Budget(NamedTuple):
    """What one frame may cost.

    ``bytes`` limits its cells, ``extremes`` tells whether reduced cells come with their low and
    high; a tensor of more than ``counted`` elements gets the histogram of a sample.
    """

    bytes: int
    extremes: bool
    counted: int


SENT = Budget(240 * 1024, extremes=True, counted=2**20)
LIVE = Budget(48 * 1024, extremes=False, counted=2**16)  # in a cell, some ten times a second
SAVED_BYTES = 64 * 1024  # of the cells of all panels that are saved with the notebook

BINS = 64


def saved_budget(panels: int) -> Budget:
    """What the frame of one of this many panels may cost in a notebook file."""
    return Budget(min(40 * 1024, SAVED_BYTES // max(1, panels)), extremes=False, counted=2**20)


def picture_of(
    values: Values, lens: Lens, state: PanelState, budget: Budget
) -> tuple[protocol.Picture, list[bytes], Stats]:
    """The cells of a panel's window in no more than ``budget`` bytes, and exact statistics."""
    layout = layout_of(tuple(values.elements.shape))
    window = _window(state, layout)
    height, width = _size(window, layout)
    cells = _fit(state.cells, height, width, budget)
    seen, exact = raster_with_stats(values, window, cells, _sliders(state, layout))
    planes, buffers, texts = _planes(values, seen, budget)
    colours = scale.CYCLE if lens.scale == "cyclic" else _colours(values, seen, exact, planes)
    picture = protocol.Picture(
        layout=protocol.Layout(
            shape=list(layout.shape),
            rows=layout.rows,
            cols=layout.cols,
            outer=list(layout.outer),
            kernel=list(layout.kernel),
            gap=list(layout.gap),
            sliders=list(layout.sliders),
        ),
        sliders=list(seen.sliders),
        window=list(seen.window),
        block=list(seen.block),
        exact=seen.exact,
        planes=planes,
        texts={str(cell): words for cell, words in texts.items()},
        limits=[colours.low, colours.high],
        limits_text=colours.text,
        dtype=dtype_name(values.dtype),
        scale=lens.scale,
        shared_scale=lens.shared_scale if lens.scale == "shared" else "",
    )
    return picture, buffers, exact


def _colours(
    values: Values, seen: Raster, exact: Stats, planes: list[protocol.Plane]
) -> scale.Limits:
    """The range, slightly wider where cells are rounded, so that the largest stays inside."""
    # Not of the window's elements, so that colours do not change while panning over single
    # elements.
    looked_at = scale.elements(values) if seen.exact else seen.values
    colours = scale.limits(exact, looked_at, cells=not seen.exact)
    if planes[0].encoding != "bf16":
        return colours
    high = min(colours.high * (1 + 2**-8), float(np.finfo(np.float64).max))
    return scale.Limits(-high, high, colours.text)


def _window(state: PanelState, layout: Layout) -> Window | None:
    """The panel's window; None, which is all, if the tensor as it is now has nothing there."""
    if state.window is None:
        return None
    row0, row1, col0, col1 = state.window
    inside = row0 < min(row1, layout.rows) and col0 < min(col1, layout.cols)
    return (row0, row1, col0, col1) if inside and row1 > 0 and col1 > 0 else None


def _size(window: Window | None, layout: Layout) -> tuple[int, int]:
    """Rows and columns of a window."""
    if window is None:
        return layout.rows, layout.cols
    row0, row1, col0, col1 = window
    return min(row1, layout.rows) - max(0, row0), min(col1, layout.cols) - max(0, col0)


def _sliders(state: PanelState, layout: Layout) -> tuple[int, ...]:
    """The panel's slider positions, limited to what the tensor has now."""
    asked = [*state.sliders, *[0] * len(layout.sliders)]
    return tuple(max(0, min(at, size - 1)) for at, size in zip(asked, layout.sliders, strict=False))


def refusal(error: Exception) -> str:
    """The sentence in place of a picture that could not be made."""
    return f"This panel cannot be shown: {sendable(error_text(error))}."


def frame_of(
    seen: Seen,
    state: PanelState,
    revision: int,
    cause: protocol.Cause,
    budget: Budget = SENT,
) -> tuple[protocol.Frame, list[bytes]]:
    """What a panel shows: a picture with its figures, or a sentence that says why not."""
    picture: protocol.Picture | None = None
    buffers: list[bytes] = []
    message, statistics, bars = "", None, None
    try:
        if isinstance(seen.shown, Values):
            picture, buffers, exact = picture_of(seen.shown, seen.lens, state, budget)
            statistics = _statistics(exact)
            bars = _bars(histogram(seen.shown, BINS, budget.counted, known=exact))
        else:
            message = seen.shown
    except Unreadable as reason:
        message = str(reason)
    frame = protocol.Frame(
        panel=state.panel,
        generation=state.generation,
        revision=revision,
        cause=cause,
        lens=state.lens,
        message=message,
        picture=picture,
        statistics=statistics,
        bars=bars,
    )
    return frame, buffers


def _statistics(stats: Stats) -> protocol.Statistics:
    return protocol.Statistics(
        **{
            name: "" if value is None else text.number(value)
            for name, value in asdict(stats).items()
        }
    )


def _bars(counted: Histogram | None) -> protocol.Bars | None:
    if counted is None or not counted.counts.any():
        return None
    low, high = float(counted.edges[0]), float(counted.edges[-1])
    top = float(counted.counts.max())
    return protocol.Bars(
        heights=[round(float(count) / top, 4) for count in counted.counts],
        counts=[int(count) for count in counted.counts],
        low=text.number(low),
        high=text.number(high),
        # halved first, since the difference of two large ends can overflow
        zero=-(low / 2) / (high / 2 - low / 2) if low < 0 < high else None,
        sampled=counted.sampled,
    )


# --- cells as bytes ----------------------------------------------------------------------------


def _fit(cells: list[int], rows: int, cols: int, budget: Budget) -> tuple[int, int]:
    """The most cells (rows, columns) of a window that the budget allows."""
    height, width = max(1, min(cells[0], 256)), max(1, min(cells[1], 256))
    exact = rows <= height and cols <= width
    height, width = max(1, min(height, rows)), max(1, min(width, cols))
    bytes_each = 2 if exact or not budget.extremes else 6  # bfloat16: mean, low and high
    over = height * width * bytes_each / budget.bytes
    if over > 1:
        shrink = over**-0.5
        height, width = max(1, int(height * shrink)), max(1, int(width * shrink))
    return height, width


def _planes(
    values: Values, seen: Raster, budget: Budget
) -> tuple[list[protocol.Plane], list[bytes], dict[int, str]]:
    """The cells as bytes, in the widest encoding that the budget allows, and cells as text."""
    texts: dict[int, str] = {}
    if not seen.exact:
        cells = [seen.values, seen.low, seen.high] if budget.extremes else [seen.values]
        buffers = [bfloat16(plane) for plane in cells if plane is not None]
        roles: tuple[Literal["value", "low", "high"], ...] = ("value", "low", "high")
        planes = [protocol.Plane(roles[i], "bf16", i) for i in range(len(buffers))]
        return planes, buffers, texts
    if needs_double(values) and seen.values.size * 8 <= budget.bytes and seen.values.size:
        wide, texts = doubles(values, seen)
        return [protocol.Plane("value", "f8", 0)], [wide.astype("<f8").tobytes()], texts
    if seen.values.size * 4 <= budget.bytes:
        return [protocol.Plane("value", "f4", 0)], [seen.values.astype("<f4").tobytes()], texts
    return [protocol.Plane("value", "bf16", 0)], [bfloat16(seen.values)], texts


def bfloat16(values: np.ndarray[Any, np.dtype[np.float32]]) -> bytes:
    """The upper halves of float32, rounded to nearest even; NaN stays NaN."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    rounded = np.where(np.isnan(values), np.uint32(0x7FC0), rounded)
    return rounded.astype("<u2").tobytes()
