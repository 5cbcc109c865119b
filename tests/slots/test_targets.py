"""What a target means: names, modules, globs, narrowed by type and by name."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from paramwidget.slots.names import slot_at
from paramwidget.slots.targets import select
from paramwidget.slots.tree import UnknownName, read_tree
from zoo.case import Holder


def model() -> nn.Module:
    shared = nn.Linear(4, 4)
    net: Any = nn.Sequential()
    net.add_module("encoder", nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)))
    net.add_module("middle", nn.Sequential(shared, nn.ReLU(), shared))
    net.add_module("head", nn.Linear(4, 2, bias=False))
    net.head.weight.requires_grad_(False)
    net.scale = torch.ones(1)
    return net


def names(*arguments: Any, **narrow: Any) -> list[Any]:
    return select(read_tree(model()), *arguments, **narrow).names


ENCODER = ["encoder.0.weight", "encoder.0.bias", "encoder.1.weight", "encoder.1.bias"]
MIDDLE = ["middle.0.weight", "middle.0.bias", "middle.2.weight", "middle.2.bias"]


def test_a_module_means_all_parameters_below_it_frozen_ones_too() -> None:
    assert names("encoder") == ENCODER
    assert names("") == [*ENCODER, *MIDDLE, "head.weight"]
    assert names(("encoder", "1")) == ENCODER[2:]
    assert names(()) == names("")


def test_a_slot_means_itself() -> None:
    assert names("encoder.0.weight") == ["encoder.0.weight"]
    assert names(("head", "weight")) == ["head.weight"]


def test_buffers_and_constants_only_when_named() -> None:
    assert names("encoder.1.running_mean") == ["encoder.1.running_mean"]
    assert names("scale") == ["scale"]
    assert names("*running_mean") == []
    assert "scale" not in names("*")


def test_globs_cross_dots_and_match_slots_and_modules() -> None:
    assert names("*") == names("")
    assert names("*.weight") == [name for name in names("") if name.endswith(".weight")]
    assert names("middle.?") == MIDDLE
    assert names("*er") == ENCODER
    assert names("[em]*.0*bias") == ["encoder.0.bias", "middle.0.bias"]


def test_types_are_classes_with_their_subclasses_or_exact_names() -> None:
    linear = [*MIDDLE, "head.weight"]
    assert names("", types="Linear") == linear
    assert names("", types=nn.Linear) == linear
    assert names("", types=nn.Module) == names("")
    assert names("", types=[nn.Conv2d, "BatchNorm2d"]) == ENCODER
    assert names("", types=(nn.modules.batchnorm._BatchNorm,)) == ENCODER[2:]
    assert names("", types="Module") == []
    assert names("head.weight", types="Conv2d") == []


def test_parameters_are_names_or_globs_of_the_slot_itself() -> None:
    assert names("middle", parameters="weight") == MIDDLE[::2]
    assert names("middle", parameters=["w*", "bias"]) == MIDDLE
    assert names("", types=nn.Conv2d, parameters="b*") == ["encoder.0.bias"]
    assert names("", parameters="0.weight") == []


def test_tied_slots_are_all_named_and_each_knows_its_tensor() -> None:
    nodes = select(read_tree(model()), "middle").nodes
    first = [node.name for node in nodes if node.tensor_number == nodes[0].tensor_number]
    other = [node.name for node in nodes if node.tensor_number == nodes[1].tensor_number]
    assert first == ["middle.0.weight", "middle.2.weight"]
    assert other == ["middle.0.bias", "middle.2.bias"]


@pytest.mark.parametrize(
    ("target", "near"),
    [
        ("encoder.0.weigth", "encoder.0.weight"),
        ("haed", "head"),
        ("encodr.*", None),
        (("encoder", "9"), None),
        ("x" * 100_000, None),
    ],
)
def test_an_unknown_name_is_told_with_those_that_come_near(target: Any, near: str | None) -> None:
    with pytest.raises(UnknownName) as caught:
        names(target)
    text = str(caught.value)
    assert len(text) < 1000
    if near is not None:
        assert f"did you mean {near!r}" in text


def test_what_cannot_be_done_is_skipped_with_the_reason() -> None:
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.LazyLinear(2), nn.Linear(2, 2))
    net[2].to("meta")
    selection = select(read_tree(net), "")
    assert selection.names == ["0.weight"]
    assert set(selection.skipped) == {"1.weight", "1.bias", "2.weight", "2.bias"}
    assert "forward" in selection.skipped["1.weight"]
    assert "meta" in selection.skipped["2.weight"]
    assert "None" in select(read_tree(net), "0.bias").skipped["0.bias"]


def test_with_the_model_at_hand_it_says_what_cannot_be_written() -> None:
    net = Holder(
        wide=nn.Parameter(torch.ones(3, 1).expand(3, 4)),
        plain=nn.Parameter(torch.ones(3)),
    )
    assert select(read_tree(net), "").names == ["wide", "plain"]
    selection = select(read_tree(net), "", net=net)
    assert selection.names == ["plain"]
    assert "expanded" in selection.skipped["wide"]


def test_a_tensor_that_is_made_anew_is_skipped_where_a_write_would_be_lost() -> None:
    net: Any = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    parametrize.register_parametrization(net[0], "weight", OneWay())
    prune.identity(net[1], "weight")
    tree = read_tree(net)
    skipped = select(tree, "0.weight", net=net).skipped["0.weight"]
    assert "OneWay has no right_inverse" in skipped
    assert "Edit 0.parametrizations.weight.original" in skipped
    assert "edit weight_orig" in select(tree, "1.weight").skipped["1.weight"]


class OneWay(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


def test_a_name_that_looks_like_a_glob_is_a_name_first() -> None:
    net = Holder(**{"*": nn.Parameter(torch.ones(1)), "[a]": nn.Parameter(torch.ones(1))})
    net.a = nn.Parameter(torch.ones(1))
    assert select(read_tree(net), "*").names == ["*"]
    assert select(read_tree(net), "[a]").names == ["[a]"]


def test_odd_names_come_as_paths() -> None:
    net = nn.Module()
    net._modules["a.b"] = nn.Linear(1, 1, bias=False)
    tree = read_tree(net)
    assert select(tree, "").names == [("a.b", "weight")]
    assert select(tree, ("a.b",)).names == [("a.b", "weight")]
    assert select(tree, ("a.b", "weight")).names == [("a.b", "weight")]


def test_computed_tensors_are_named_where_one_asked_for_them() -> None:
    net: Any = nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2))
    tree = read_tree(net)
    assert select(tree, "").names == ["bias", "parametrizations.weight.original"]
    selection = select(tree, "", parameters="weight")
    assert selection.names == []
    assert "parametrizations.weight.original" in selection.skipped["weight"]


def test_a_subclass_that_a_class_name_passes_over_is_said_with_what_takes_it() -> None:
    net: Any = nn.Sequential(nn.MultiheadAttention(4, 2), nn.Linear(4, 4), nn.LazyLinear(3))
    selection = select(read_tree(net), "", types="Linear")
    assert selection.names == ["1.weight", "1.bias"]
    assert set(selection.skipped) == {
        "0.out_proj.weight", "0.out_proj.bias", "2.weight", "2.bias"}  # fmt: skip
    reason = selection.skipped["0.out_proj.weight"]
    assert "NonDynamicallyQuantizableLinear, a subclass of Linear" in reason
    assert "types=nn.Linear" in reason
    assert select(read_tree(net), "", types=nn.Linear).names[0] == "0.out_proj.weight"
    narrowed = select(read_tree(net), "", types="Linear", parameters="bias")
    assert set(narrowed.skipped) == {"0.out_proj.bias", "2.bias"}
    exactly = select(read_tree(net), "", types=["Linear", "NonDynamicallyQuantizableLinear"])
    assert set(exactly.skipped) == {"2.weight", "2.bias"}


def test_a_class_of_the_users_is_passed_over_by_the_name_of_its_base() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.ones(2))

    class Wide(Block):
        pass

    selection = select(read_tree(nn.Sequential(Block(), Wide())), "", types="Block")
    assert selection.names == ["0.w"]
    assert "Wide, a subclass of Block" in selection.skipped["1.w"]
    assert "the class itself" in selection.skipped["1.w"]


@pytest.mark.parametrize("parameters", ["weight", "w*", ["weight", "bias"]])
def test_a_parametrized_layer_is_not_passed_over_in_silence(parameters: Any) -> None:
    net = nn.Sequential(nn.Linear(3, 3), parametrizations.weight_norm(nn.Linear(3, 3)))
    selection = select(read_tree(net), "", types="Linear", parameters=parameters)
    assert "0.weight" in selection.names
    assert "ParametrizedLinear, a subclass of Linear" in selection.skipped["1.weight"]
    assert "1.weight" in select(read_tree(net), "1.weight", types="Linear").skipped


def test_what_matches_nothing_is_said() -> None:
    tree = read_tree(model())
    assert select(tree, "").unmatched == []
    assert select(tree, "", types=[nn.Linear, "Conv2d"], parameters=["w*", "bias"]).unmatched == []
    (one,) = select(tree, "", types=["Linear", "Conv3d"]).unmatched
    assert one == "types: no Conv3d here holds a parameter; there are Conv2d, BatchNorm2d, Linear"
    (one,) = select(tree, "encoder", types=nn.Linear).unmatched
    assert "no Linear here" in one
    (one,) = select(tree, "", types="nn.Linear\udfff").unmatched
    assert "no 'nn.Linear\\udfff' here" in one
    (one,) = select(tree, "middle", parameters=["weight", "wieght"]).unmatched
    assert one == "parameters: none here is called 'wieght'; there are weight, bias"
    first, second = select(tree, "*", types="Convolution", parameters="k?").unmatched
    assert "Convolution" in first
    assert "'k?'" in second


@pytest.mark.parametrize("types", [nn.Linear, "Linear", "ParametrizedLinear"])
def test_what_types_pass_over_in_a_parametrization_is_said(types: Any) -> None:
    net = nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 3)), nn.Linear(3, 3))
    originals = {f"0.parametrizations.weight.original{n}" for n in (0, 1)}
    selection = select(read_tree(net), "", types=types)
    assert {"0.weight", *originals} <= selection.skipped.keys()
    assert not originals.intersection(selection.names)
    for name in originals:
        assert "add 'ParametrizationList' to types" in selection.skipped[name]
    both = select(read_tree(net), "", types=[types, "ParametrizationList"])
    assert originals <= set(both.names)
    assert "0.weight" not in both.skipped
    by_name = select(read_tree(net), "", types=types, parameters="original*")
    assert by_name.skipped.keys() == originals
    assert select(read_tree(net), "0.weight", types=nn.Linear).names == ["0.weight"]
    assert select(read_tree(net), "").skipped == {}


def test_a_computed_tensor_that_a_glob_matches_without_its_originals_is_said() -> None:
    net = nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 3)), nn.Linear(3, 3))
    selection = select(read_tree(net), "[01].weight")
    assert selection.names == ["1.weight"]
    assert "It is computed from" in selection.skipped["0.weight"]


def test_parameters_in_a_list_of_a_module_that_is_meant_are_said() -> None:
    class Mixture(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gain = nn.Parameter(torch.ones(1))
            self.parts = nn.ParameterList([torch.ones(2)])

    selection = select(read_tree(nn.Sequential(Mixture(), nn.ParameterList([torch.ones(2)]))), "",
                       types=Mixture)  # fmt: skip
    assert selection.names == ["0.gain"]
    assert selection.skipped.keys() == {"0.parts.0"}
    assert "ParameterList in its Mixture" in selection.skipped["0.parts.0"]


def test_no_name_leads_to_one_of_two_entries_that_read_alike() -> None:
    net = nn.Module()
    net._modules[0] = nn.Linear(2, 2)  # type: ignore[index]
    net._modules["0"] = nn.Linear(2, 2)
    net._modules[1] = nn.Linear(2, 2)  # type: ignore[index]
    tree = read_tree(net)
    selection = select(tree, "")
    assert selection.names == ["1.weight", "1.bias"]
    assert selection.skipped.keys() == {"0.weight", "0.bias"}
    assert "more than one entry called '0'" in selection.skipped["0.weight"]
    assert tree.rows.states[1:7] == ["unreadable"] * 6
    assert slot_at(net, "0.weight") is None
    assert slot_at(net, ("0", "weight")) is None
    assert slot_at(net, "1.weight") == ("1", "weight")
