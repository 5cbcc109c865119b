"""A tile of a tensor on an accelerator: reduced there, so that only the result is transferred.

Plain torch operations down the rows; across the columns, a row for each row of cells is reduced on
the host, as in every sweep. Elements are read by the host instead (``Matrix.block``) where the
device does not compute in float64.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch

from paramwidget.picture.matrix import Matrix
from paramwidget.picture.moments import Moments, merged
from paramwidget.picture.passes import Cuts, across, sums_across
from paramwidget.picture.scratch import Scratch
from paramwidget.picture.tile import Cells, Span

#: Elements of a tile; its temporaries take a few float64 for each.
BATCH = 1 << 24


class DeviceTile:
    """Whole rows of cells, or a part of one row of cells, over all columns."""

    def __init__(self, matrix: Matrix, rows: Cuts, cols: Cuts, tall: Span) -> None:
        self._matrix = matrix
        self._tall, self._cols = tall, cols
        self._rows = tall.cuts(rows)
        self.whole = tall.whole
        self.place = np.s_[tall.first : tall.last, :]

    def sweep(self, scratch: Scratch, scale: float, counted: bool) -> tuple[Cells, Moments | None]:
        """The tile's cells, and moments if ``counted``; sums are of elements times ``scale``."""
        part = self._matrix.rows(self._tall.start, self._tall.stop)
        batch = _computable(part)
        wide = batch.to(torch.float64) * scale
        low, high, total = (
            _down(numbers, name, self._rows).cpu().numpy()
            for numbers, name in ((batch, "amin"), (batch, "amax"), (wide, "sum"))
        )
        cells = Cells(
            across(np.minimum, low, self._cols, scratch),
            across(np.maximum, high, self._cols, scratch),
            sums_across(total, self._cols),
        )
        if not counted:
            return cells, None
        return cells, _counts(part, batch) if part.is_complex() else _moments(batch, wide)


def device_moments(matrix: Matrix, scale: float) -> Moments:
    """The moments of all elements times ``scale``."""
    found = []
    step = max(1, BATCH // matrix.shape[1])
    for row in range(0, matrix.shape[0], step):
        part = matrix.rows(row, min(row + step, matrix.shape[0]))
        batch = _computable(part)
        found.append(
            _counts(part, batch)
            if part.is_complex()
            else _moments(batch, batch.to(torch.float64) * scale)
        )
    return merged(found)


def _down(batch: torch.Tensor, name: str, cuts: Cuts) -> torch.Tensor:
    """Each run of rows reduced to one row, by the reduction of that name."""
    if not cuts.step:
        runs = itertools.pairwise(cuts.at.tolist())
        return torch.stack([getattr(batch[start:stop], name)(0) for start, stop in runs])
    whole = batch.shape[0] // cuts.step * cuts.step
    blocks = batch[:whole].reshape(-1, cuts.step, batch.shape[1])
    reduced: torch.Tensor = getattr(blocks, name)(1)
    if whole == batch.shape[0]:
        return reduced
    return torch.cat([reduced, getattr(batch[whole:], name)(0, keepdim=True)])


def _computable(part: torch.Tensor) -> torch.Tensor:
    """In a dtype that torch reduces; complex numbers by magnitude, NaN if either part is."""
    if part.is_complex():
        parts = torch.view_as_real(part).to(torch.float64)
        size = torch.hypot(parts[..., 0], parts[..., 1])
        return size.masked_fill(parts.isnan().any(-1), torch.nan)
    if part.is_floating_point():
        return part if part.dtype in (torch.float32, torch.float64) else part.to(torch.float32)
    if part.dtype in (torch.bool, torch.uint8):
        return part.to(torch.uint8)
    return part.to(torch.int64)


def _counts(part: torch.Tensor, size: torch.Tensor) -> Moments:
    """Those of complex numbers: infinite if either part is and none is NaN."""
    nan = size.isnan()
    inf = torch.view_as_real(part).isinf().any(-1) & ~nan
    counts = torch.stack([(part == 0).sum(), nan.sum(), inf.sum()]).tolist()
    return Moments(zeros=counts[0], nan=counts[1], inf=counts[2])


def _moments(batch: torch.Tensor, wide: torch.Tensor) -> Moments:
    keep = batch.isfinite()
    count, nan, zeros = torch.stack([keep.sum(), batch.isnan().sum(), (batch == 0).sum()]).tolist()
    inf = batch.numel() - count - nan
    if not count:
        return Moments(zeros=zeros, nan=nan, inf=inf)
    if count < batch.numel():
        batch, wide = batch[keep], wide[keep]
    low, high = (end.cpu().numpy()[()] for end in (batch.min(), batch.max()))
    mean = wide.mean()
    centred = wide - mean
    rest = centred.mean()
    deviation = (centred - rest).square().sum()
    about, spread = torch.stack([mean + rest, deviation]).tolist()
    return Moments(count, about, spread, low, high, zeros, nan, inf)
