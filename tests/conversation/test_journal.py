"""The journal travels as what is new, and a page that puts it together has all of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from conversation.talk import Talk
from paramwidget import initializer


class Page:
    """What a browser has of the journal after each message, as ``store/journal.ts`` does it."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._read = 0
        self.lines: dict[int, dict[str, Any]] = {}
        self.code = b""

    def read(self) -> None:
        said = self._talk.of("journal")
        for message in said[self._read :]:
            kept = 0 if message["whole"] else 2 * message["code_kept"]
            lines = {} if message["whole"] else self.lines
            lines |= {line["number"]: line for line in message["entries"]}
            self.lines = {n: lines[n] for n in sorted(lines) if n >= message["first"]}
            self.code = self.code[:kept] + message["code"].encode("utf-16-le")
        self._read = len(said)

    def has_all(self) -> None:
        self.read()
        journal = self._talk.bench.log
        assert self.code.decode("utf-16-le") == journal.code()
        newest = journal.entries[-len(self.lines) :]
        assert [*self.lines] == [entry.number for entry in newest]
        for entry in newest:
            line = self.lines[entry.number]
            assert (line["of"], line["title"]) == (entry.kind, entry.title)
            assert line["stands"] is entry.stands
            assert line["can_be_brought_back"] is entry.can_be_brought_back


def test_after_every_step_the_page_has_the_whole_journal() -> None:
    net: Any = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    talk = Talk(net)
    page, bench = Page(talk), talk.bench

    def cell() -> None:
        net[0].weight.data += 1
        talk.session.cell_ended()

    steps = [
        lambda: bench.initialize("", "ones_"),
        lambda: bench.assign("0.weight", (0, 0), 2),
        cell,
        bench.undo,
        lambda: bench.assign("1.bias", (0,), 2),
        bench.undo,
        bench.undo,
        bench.redo,
        lambda: bench.initialize("1", "zeros_"),
        lambda: bench.bring_back(next(e for e in bench.journal if e.can_be_brought_back)),
        bench.skip,
        bench.restart,
    ]
    for step in steps:
        step()
        page.has_all()


def test_characters_that_a_browser_counts_as_two_are_kept_whole() -> None:
    net = nn.ModuleDict({"\U0001d4d0\U0001f40d": nn.Linear(2, 2), "b": nn.Linear(2, 2)})
    talk = Talk(net)
    page = Page(talk)

    @initializer
    def snakes(tensor: torch.Tensor) -> None:
        """Fill it with ones. \U0001f40d"""
        tensor.fill_(1)

    for n in range(3):
        talk.bench.initialize("", "snakes")
        talk.bench.assign(("\U0001d4d0\U0001f40d", "weight"), (0, 0), n)
        page.has_all()
    talk.bench.undo()
    page.has_all()


def test_only_the_newest_lines_travel_however_many_there_are() -> None:
    talk = Talk(nn.Linear(2, 2))
    page = Page(talk)
    for n in range(230):
        talk.bench.assign("weight", (0, 0), n)
    page.has_all()
    assert len(page.lines) == 200
    assert max(len(message["entries"]) for message in talk.of("journal")) == 1


def test_an_edit_that_another_models_undo_has_taken_back_stands_no_longer_in_the_page() -> None:
    trunk = nn.Linear(4, 4)
    one, other = (Talk(nn.Sequential(trunk, nn.Linear(4, n))) for n in (2, 3))
    page = Page(other)
    one.bench.initialize("0.weight", "zeros_")
    other.bench.initialize("0.weight", "ones_")
    page.has_all()
    edit = max(page.lines)
    one.bench.undo()
    other.session.cell_ended()
    page.read()
    assert not page.lines[edit]["stands"]
    page.has_all()


def test_what_the_budget_has_dropped_offers_no_way_back_in_the_page() -> None:
    net: Any = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    talk = Talk(net)
    page, bench = Page(talk), talk.bench
    bench.initialize("0.weight", "ones_")
    net[0].weight.data += 1
    bench.undo()
    bench.assign("1.bias", (0,), 5)
    page.has_all()
    offered = [n for n, line in page.lines.items() if line["can_be_brought_back"]]
    assert len(offered) == 2  # what was undone, and what that put away
    bench.log._kept.budget = 1
    bench.assign("1.bias", (0,), 6)
    page.has_all()
    assert not any(line["can_be_brought_back"] for line in page.lines.values())


def test_a_line_counts_all_its_slots_and_says_each_reason_once() -> None:
    talk = Talk(nn.Sequential(*(nn.Linear(4, 4) for _ in range(30))))
    page = Page(talk)
    talk.bench.initialize("", "xavier_uniform_")
    page.has_all()
    (line,) = page.lines.values()
    assert (line["changed"], line["left_out"]) == (30, 30)
    (said,) = line["skipped"]
    assert said.startswith("0.bias, 1.bias, 2.bias, 3.bias, 4.bias, 5.bias and 24 more: ")
