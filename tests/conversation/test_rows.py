"""The tree as the browser gets it, beside the model itself."""

from __future__ import annotations

import pytest
from torch import nn

from conversation.talk import Talk


def chapter(places: int) -> nn.Sequential:
    shared = nn.Linear(8, 8)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    for _ in range(places):
        net.append(shared).append(nn.ReLU())
    return net


@pytest.mark.parametrize("places", [1, 2, 3, 12])
def test_a_shared_module_has_its_rows_and_a_proof_that_python_takes(places: int) -> None:
    net = chapter(places)
    (tree,) = Talk(net).of("tree")
    found = [
        ([tree["names"][row] for row in one["rows"]], one["proof"])
        for one in tree["shared_modules"]
    ]
    if places == 1:
        assert found == []
        return
    ((names, proof),) = found
    assert names == [str(2 + 2 * n) for n in range(places)]
    assert proof.startswith("net[2] is net[4]")
    assert len(proof) < 100
    assert eval(proof, {"net": net}) is True


def test_a_module_moved_to_a_second_place_is_told() -> None:
    net = nn.Sequential(nn.ReLU(), nn.ReLU())
    talk = Talk(net)
    talk.session.cell_began()
    net[1] = net[0]
    talk.session.cell_ended()
    assert [tree["shared_modules"] for tree in talk.of("tree")] == [
        [],
        [{"rows": [1, 2], "proof": "net[0] is net[1]"}],
    ]
