"""Reductions of one cache-sized piece: down its rows, and across its columns.

The choice of numpy calls is by measurement: down the rows numpy uses SIMD at every width; across
short runs it does not (20 to 50 ns a run), so there minimum and maximum double a sliding window,
and sums use einsum.
"""

from __future__ import annotations

import itertools

import numpy as np

from paramwidget.picture.matrix import ROW
from paramwidget.picture.scratch import Array, Scratch

#: How many rows must fit into ROW for several to be read at a time.
NARROW = 8

#: The longest run whose numbers are added place by place rather than run by run.
SHORT = 4

#: Numbers added one after the other in float32.
RUN = 64

#: The longest run whose minimum is found by doubling a window instead of run by run.
WINDOWED = 64


class Cuts:
    """``count`` cells along one side: cell k is ``at[k]:at[k + 1]``; none is empty.

    ``step`` is the length of every cell (the last may be shorter), 0 where they differ.
    """

    def __init__(self, at: Array, step: int) -> None:
        self.at = at
        self.step = step
        self.count = len(at) - 1
        self.length = int(at[-1] - at[0])

    @classmethod
    def of(cls, at: Array) -> Cuts:
        lengths = np.diff(at)
        alike = len(lengths) > 0 and bool(
            (lengths[:-1] == lengths[0]).all() and lengths[-1] <= lengths[0]
        )
        return cls(at, int(lengths[0]) if alike else 0)

    @classmethod
    def one(cls, length: int) -> Cuts:
        """A single cell."""
        return cls(np.array([0, length]), length)

    def part(self, first: int, last: int) -> Cuts:
        """The cells first:last, counted from the first one's start."""
        at = self.at[first : last + 1]
        return Cuts(at - at[0], self.step)


def down(ufunc: np.ufunc, piece: Array, cuts: Cuts, out: Array) -> None:
    """Reduces each run of rows to one row: (rows, columns) into ``out``, (cells, columns)."""
    if not cuts.step:
        for cell, (start, stop) in enumerate(itertools.pairwise(cuts.at.tolist())):
            _each(ufunc, piece[start:stop][None], out[cell : cell + 1])
        return
    whole = piece.shape[0] // cuts.step
    if whole:
        blocks = piece[: whole * cuts.step].reshape(whole, cuts.step, piece.shape[1])
        _each(ufunc, blocks, out[:whole])
    if whole < cuts.count:
        _each(ufunc, piece[whole * cuts.step :][None], out[whole:])


def _each(ufunc: np.ufunc, blocks: Array, out: Array) -> None:
    """(blocks, rows, columns) to (blocks, columns); narrow rows are read several at a time."""
    count, rows, columns = blocks.shape
    fold = ROW // columns
    if fold >= NARROW and rows >= 2 * fold and blocks.flags.c_contiguous:
        whole = rows // fold * fold
        wide = blocks[:, :whole].reshape(count, whole // fold, fold * columns)
        folded = ufunc.reduce(wide, axis=1).reshape(count, fold, columns)
        blocks = np.concatenate([folded, blocks[:, whole:]], axis=1)
    ufunc.reduce(blocks, axis=1, out=out)


def across(ufunc: np.ufunc, piece: Array, cuts: Cuts, scratch: Scratch) -> Array:
    """The minimum or maximum of each run of columns: (rows, columns) to (rows, cells)."""
    if cuts.step == 1:
        same: Array = piece.copy()  # the caller uses the piece's memory again
        return same
    if cuts.count == 1:
        only: Array = ufunc.reduce(piece, axis=1, keepdims=True)
        return only
    if not 1 < cuts.step <= WINDOWED:
        runs: Array = ufunc.reduceat(piece, cuts.at[:-1], axis=1)
        return runs
    found, length, turns = piece, 1, itertools.cycle(("window", "next window"))
    while length < cuts.step:
        shift = min(length, cuts.step - length)
        shape = (piece.shape[0], found.shape[1] - shift)
        out = scratch.array(next(turns), shape, piece.dtype)
        found = ufunc(found[:, :-shift], found[:, shift:], out=out)
        length += shift
    found = found[:, :: cuts.step].copy()
    rest = piece[:, piece.shape[1] // cuts.step * cuts.step :]
    if rest.shape[1]:
        found = np.concatenate([found, ufunc.reduce(rest, axis=1, keepdims=True)], axis=1)
    return found


def sums_across(piece: Array, cuts: Cuts) -> Array:
    """The sum of each run of columns in float64: (rows, columns) to (rows, cells).

    float32 columns are added in float32 in runs of at most RUN, those sums in float64.
    """
    if not cuts.step:
        uneven: Array = np.add.reduceat(piece.astype(np.float64), cuts.at[:-1], axis=1)
        return uneven
    rows, columns = piece.shape
    whole = columns // cuts.step
    sums = _run_sums(piece[:, : whole * cuts.step].reshape(rows, whole, cuts.step))
    rest = piece[:, None, whole * cuts.step :]
    return np.concatenate([sums, _run_sums(rest)], axis=1) if rest.size else sums


def _run_sums(runs: Array) -> Array:
    """(rows, cells, length) to (rows, cells)."""
    rows, cells, length = runs.shape
    if length <= SHORT:
        short: Array = runs[:, :, 0].astype(np.float64)
        for place in range(1, length):
            short += runs[:, :, place]
        return short
    whole = length // RUN
    sums: Array = np.einsum("ijk->ij", runs[:, :, whole * RUN :]).astype(np.float64)
    if whole:
        parts = runs[:, :, : whole * RUN].reshape(rows, cells, whole, RUN)
        sums += np.einsum("ijkl->ijk", parts).sum(axis=2, dtype=np.float64)
    return sums
