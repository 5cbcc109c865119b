from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from fallback.reader import Page, read_png
from paramwidget.fallback import BYTES, bundle, colours, sheet
from paramwidget.workbench import Workbench
from zoo.structure import chapter

KINDS = {"text/plain", "text/html", "image/png"}
TAGS = {"div", "p", "b", "small", "br", "table", "tr", "th", "td", "img", "details", "summary"}


def chapter_net() -> nn.Module:
    torch.manual_seed(0)
    return chapter()


def tied_net() -> nn.Sequential:
    shared = nn.Sequential(nn.Linear(8, 8, bias=False), nn.ReLU())
    return nn.Sequential(nn.Linear(20, 8, bias=False), nn.ReLU(), shared, shared)


def size(made: dict[str, str]) -> int:
    return sum(len(part.encode()) for part in made.values())


def test_the_text_is_an_aligned_table() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1000, bias=False))
    for parameter in net.parameters():
        nn.init.constant_(parameter, 0.5)
    assert bundle(Workbench(net))["text/plain"].splitlines() == [
        "Sequential: 2,008 parameters, 2,008 trainable, 7.84 KiB",
        "slot      shape     dtype    elements  μ ± σ",
        "0.weight  2 × 3     float32         6  0.5 ± 0",
        "0.bias    2         float32         2  0.5 ± 0",
        "2.weight  1000 × 2  float32     2,000  0.5 ± 0",
        "2.bias                                 None",
    ]


def test_all_three_say_the_same() -> None:
    made = bundle(Workbench(chapter_net()))
    assert made.keys() == KINDS
    page = Page(made["text/html"])
    for word in ("Linear_1.weight", "256 × 20", "5,120", "float32", "7,680 parameters"):
        assert word in page.text
        assert word in made["text/plain"]
    assert page.images.keys() == {"heatmap of Linear_1.weight", "heatmap of Linear_2.weight"}
    assert read_png(base64.b64decode(made["image/png"])).pixels.shape[1] > 500


def test_a_cell_has_the_colour_of_its_value() -> None:
    net = nn.Linear(4, 3, bias=False)
    with torch.no_grad():
        net.weight.zero_()
        net.weight[0, 0], net.weight[2, 3] = -1, 1
        net.weight[1, 1], net.weight[1, 2] = float("nan"), float("inf")
    made = bundle(Workbench(net))
    seen = Page(made["text/html"]).images["heatmap of weight"]
    cell = seen.pixels.shape[1] // 4
    assert seen.pixels.shape == (3 * cell, 4 * cell)
    expected = np.full((3, 4), colours.STEPS // 2)
    expected[0, 0], expected[2, 3] = 0, colours.STEPS - 1
    expected[1, 1], expected[1, 2] = colours.NAN, colours.PLUS_INF
    assert np.array_equal(seen.pixels[cell // 2 :: cell, cell // 2 :: cell], expected)
    assert np.isin(expected, read_png(base64.b64decode(made["image/png"])).pixels).all()
    assert "1 NaN, 1 Inf" in made["text/plain"]


def test_kernels_stand_apart_and_the_gaps_let_the_page_through() -> None:
    seen = Page(bundle(Workbench(nn.Conv2d(3, 8, 3)))["text/html"]).images["heatmap of weight"]
    cell = seen.pixels.shape[1] // 11
    cells = seen.pixels[cell // 2 :: cell, cell // 2 :: cell]
    assert cells.shape == (31, 11)
    assert (cells[3::4] == colours.GAP).all()
    assert (cells[:, 3::4] == colours.GAP).all()
    assert (cells == colours.GAP).sum() == 31 * 11 - 8 * 3 * 9
    assert seen.chunks[b"tRNS"][colours.GAP] == 0


@pytest.mark.parametrize(
    "shape", [(50, 3, 40), (2, 3, 4, 5, 6), (3, 300, 300), (70, 80, 3, 3), (5, 5, 90, 90), (9000,)]
)
def test_a_picture_of_any_shape_is_made_of_single_elements(shape: tuple[int, ...]) -> None:
    net = nn.Module()
    net.register_buffer("held", torch.arange(torch.Size(shape).numel()).reshape(shape) + 1.0)
    page = Page(bundle(Workbench(net))["text/html"])
    assert page.images["heatmap of held"].pixels.size
    assert "mean" not in page.text


@pytest.mark.parametrize(
    ("net", "said"),
    [
        (nn.Linear(20, 256, bias=False), "1 row in 8"),
        (nn.Linear(256, 20, bias=False), "1 column in 8"),
        (nn.Conv2d(32, 9, 3, bias=False), "1 in 4 of axis 1"),
        (nn.Linear(20, 20, bias=False), ""),
    ],
)
def test_a_picture_says_which_part_it_shows(net: nn.Module, said: str) -> None:
    text = Page(bundle(Workbench(net))["text/html"]).text
    assert said in text
    assert bool(said) == ("1 row in" in text or "1 column in" in text or "of axis" in text)


def test_slots_are_chosen_by_name_or_path_and_at_most_four() -> None:
    bench = Workbench(nn.Sequential(*(nn.Linear(3, 3) for _ in range(6))))
    names = ["5.bias", ("4", "weight"), "no such", "", "3", "3.weight", "2.weight", "1.weight"]
    seen = Page(bundle(bench, names)["text/html"]).images
    assert list(seen) == [
        f"heatmap of {name}" for name in ("5.bias", "4.weight", "3.weight", "2.weight")
    ]
    assert not Page(bundle(bench, [])["text/html"]).images


def test_tied_slots_have_one_letter_and_a_legend() -> None:
    text = bundle(Workbench(tied_net()))["text/plain"]
    assert "A: one tensor at 2.0.weight, 3.0.weight" in text
    assert "one module at 2, 3" in text
    lines = [line for line in text.splitlines() if line.startswith(("2.0.weight", "3.0.weight"))]
    assert len(lines) == 2
    assert all(line.endswith("  A") for line in lines)
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    net[1].weight.data = net[0].weight.data.t()
    assert "A: shared memory at 0.weight, 1.weight" in bundle(Workbench(net))["text/plain"]


def test_a_long_model_is_cut_and_says_so() -> None:
    text = bundle(Workbench(nn.Sequential(*(nn.Linear(2, 2) for _ in range(100)))))["text/plain"]
    assert text.endswith("… and 160 more")
    assert len(text.splitlines()) == 1 + 1 + 40 + 1


def test_names_are_escaped_shortened_and_kept_on_one_line() -> None:
    net = nn.Module()
    wild = ["<script>alert(1)</script>", "a\nb", "\u202eevil", "x" * 10_000, "\"'><img src=x>", "é"]
    for name in wild:
        net.add_module(name, nn.Linear(2, 2, bias=False))
    made = bundle(Workbench(net), [(name, "weight") for name in wild[:4]])
    page = Page(made["text/html"])
    assert {tag for tag, _ in page.tags} <= TAGS
    assert "<script>alert(1)</script>.weight" in page.text
    assert r"a\nb.weight" in page.text
    assert r"\u202eevil.weight" in page.text
    for text in (made["text/plain"], page.text):
        assert max(map(len, text.splitlines())) < 200
        assert "xxx…xxx" in text


def test_what_a_sanitizer_drops_is_not_used() -> None:
    for tag, attributes in Page(bundle(Workbench(chapter_net()))["text/html"]).tags:
        assert tag in TAGS
        assert attributes.keys() <= {
            "style", "align", "valign", "cellpadding", "src", "width", "height", "alt", "open",
        }  # fmt: skip
        for rule in filter(None, attributes.get("style", "").split(";")):
            assert rule.partition(":")[0] in {"border", "text-align", "vertical-align", "max-width"}


class Gpt(nn.Module):
    def __init__(self, layers: int = 12, width: int = 768, words: int = 50257) -> None:
        super().__init__()
        self.wte = nn.Embedding(words, width)
        self.wpe = nn.Embedding(1024, width)
        self.h = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 12, 4 * width) for _ in range(layers)
        )
        self.lm_head = nn.Linear(width, words, bias=False)
        self.lm_head.weight = self.wte.weight


def test_it_stays_small_for_a_large_model() -> None:
    bench = Workbench(Gpt(layers=2))
    largest = ["wte.weight", "wpe.weight", "h.0.linear1.weight", "h.1.linear2.weight"]
    for slots in (None, largest[:1], largest):
        made = bundle(bench, slots)
        assert made.keys() == KINDS
        assert size(made) <= BYTES
        assert len(Page(made["text/html"]).images) == len(slots or largest[:2])
    assert "≈" in made["text/plain"]  # a sample, and it says so


def test_it_stays_small_for_the_longest_names() -> None:
    net = nn.Module()
    for at in range(60):
        net.add_module("&<>'\"" * 2000 + str(at), nn.Conv2d(9, 9, 3))
    made = bundle(Workbench(net))
    assert made.keys() == KINDS
    assert size(made) <= BYTES


class Loud(nn.Module):
    """Runs something wherever a careless reader looks."""

    ran = 0

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        Loud.ran += 1
        raise RuntimeError("a parametrization ran")

    def right_inverse(self, w: torch.Tensor) -> torch.Tensor:
        return w


class Hostile(nn.Module):
    def __repr__(self) -> str:
        raise RuntimeError("repr ran")

    def named_parameters(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("named_parameters ran")

    def state_dict(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("state_dict ran")


def odd_models() -> dict[str, nn.Module]:
    parametrized = nn.Linear(3, 3)
    parametrize.register_parametrization(parametrized, "weight", Loud(), unsafe=True)
    freed = nn.Linear(3, 3)
    freed.weight.untyped_storage().resize_(0)
    itself = nn.Sequential(nn.Linear(2, 2))
    itself.add_module("again", itself)
    hostile = Hostile()
    hostile.inner = nn.Linear(2, 2)
    states = nn.Module()
    for name, tensor in {
        "empty": torch.zeros(0, 3), "number": torch.tensor(3.0), "flags": torch.ones(3, 3).bool(),
        "complex": torch.ones(2, 2, dtype=torch.complex64), "meta": torch.ones(3, 3, device="meta"),
        "sparse": torch.eye(3).to_sparse(), "short": torch.ones(3, 3, dtype=torch.bfloat16),
        "all_nan": torch.full((3, 3), torch.nan), "huge": torch.full((3, 3), 1e38),
        "int": torch.full((2, 2), 2**62), "expanded": torch.ones(1, 1).expand(1000, 1000),
    }.items():  # fmt: skip
        states.register_buffer(name, tensor)
    return {
        "parametrized": parametrized, "freed": freed, "itself": itself, "hostile": hostile,
        "states": states, "nothing": nn.ReLU(), "lazy": nn.LazyLinear(3),
        "unborn": nn.Module.__new__(nn.Linear),
    }  # fmt: skip


@pytest.mark.parametrize("name", odd_models())
def test_an_odd_model_is_told_of_and_runs_no_code(name: str) -> None:
    net = odd_models()[name]
    bench = Workbench(net)
    Loud.ran = 0
    every = [node.path for node in bench.slots()]
    before = torch.random.get_rng_state()
    for slots in (None, every[:4], every[4:8], every[8:]):
        made = bundle(bench, slots)
        assert made.keys() == KINDS
        assert size(made) <= BYTES
        Page(made["text/html"])
    assert Loud.ran == 0
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("model", "slot", "said"),
    [
        ("freed", "weight", "unreadable"),
        ("lazy", "weight", "uninitialized"),
        ("states", "meta", "meta"),
        ("states", "empty", "–"),
        ("states", "number", "3"),
        ("parametrized", "weight", "computed"),
    ],
)
def test_a_slot_without_values_says_why(model: str, slot: str, said: str) -> None:
    text = bundle(Workbench(odd_models()[model]))["text/plain"]
    (line,) = [line for line in text.splitlines() if line.startswith(f"{slot} ")]
    assert line.endswith(f" {said}")


def test_a_broken_line_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(sheet, "stats", broken)
    monkeypatch.setattr(sheet, "raster_with_stats", broken)
    made = bundle(Workbench(chapter_net()))
    assert made.keys() == KINDS
    assert made["text/plain"].count("unreadable: MemoryError") == 2
    assert "MemoryError" in Page(made["text/html"]).text


def test_a_model_that_cannot_be_read_gives_nothing_and_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Workbench(chapter_net())

    def broken() -> Any:
        raise RuntimeError("no tree")

    monkeypatch.setattr(bench, "read", broken)
    assert bundle(bench) == {}
    assert "no static picture" in caplog.text


def test_the_model_is_left_as_it_was() -> None:
    net = chapter_net()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    versions = [parameter._version for parameter in net.parameters()]
    bundle(Workbench(net))
    assert [parameter._version for parameter in net.parameters()] == versions
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
