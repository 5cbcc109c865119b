"""A tensor that lies in a file which a write changes says so, before an edit and after it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edit.kit import Bench, Holder
from paramwidget import Workbench
from paramwidget.compat import MemoryMap

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc/self/maps")


def by_torch(file: Path) -> torch.Tensor:
    return torch.from_file(str(file), shared=True, size=12).reshape(3, 4)


def by_numpy(file: Path) -> torch.Tensor:
    return torch.from_numpy(np.memmap(file, np.float32, "r+", shape=(3, 4)))


def by_storage(file: Path) -> torch.Tensor:
    storage = torch.UntypedStorage.from_file(str(file), shared=True, nbytes=48)
    return torch.empty(0).set_(storage, 0, (3, 4))


def turned(file: Path) -> torch.Tensor:
    return by_torch(file).t()


def private(file: Path) -> torch.Tensor:
    return torch.from_file(str(file), shared=False, size=12).reshape(3, 4)


def copy_on_write(file: Path) -> torch.Tensor:
    return torch.from_numpy(np.memmap(file, np.float32, "c", shape=(3, 4)))


def shared_memory(_: Path) -> torch.Tensor:
    return torch.zeros(3, 4).share_memory_()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights of café.bin"
    path.write_bytes(np.zeros(12, np.float32).tobytes())
    return path


mapped = pytest.mark.parametrize("make", [by_torch, by_numpy, by_storage, turned])


@mapped
def test_the_row_and_the_selection_name_the_file(make: Any, file: Path) -> None:
    net = nn.Sequential(Holder(make(file)), nn.Linear(2, 2))
    bench = Workbench(net)
    node = bench.read().node("0.t")
    said = f"mapped from {file}: an edit writes to the file"
    assert node.note == said
    assert node.file == str(file)
    assert bench.select("").warnings == [f"0.t is {said}"]
    assert "0.t" in bench.select("").names
    assert bench.read().node("1.weight").note is None
    assert said in dict(bench.read().rows.notes()).values()


@mapped
def test_every_edit_of_it_says_that_the_file_was_written(make: Any, file: Path) -> None:
    bench = Bench.of(nn.Sequential(Holder(make(file)), nn.Linear(2, 2)))

    def ones(module: nn.Module) -> None:
        for parameter in module.parameters(recurse=False):
            nn.init.ones_(parameter)

    for edit in (
        bench.initialize("", "zeros_"),
        bench.initialize("0.t", "normal_", seed=1),
        bench.assign("0.t", (0, 0), 5),
        bench.compute("0.t", "w * 2"),
        bench.apply(ones),
    ):
        assert [str(file) in warning for warning in edit.warnings].count(True) == 1, edit.title
    assert np.fromfile(file, np.float32).tolist() == [1] * 12
    assert not any(str(file) in w for w in bench.initialize("1", "zeros_").warnings)


@pytest.mark.parametrize("make", [private, copy_on_write, shared_memory])
def test_memory_of_the_process_alone_or_of_several_is_not_a_file(make: Any, file: Path) -> None:
    bench = Bench.of(Holder(make(file)))
    assert bench.initialize("t", "ones_").warnings == []
    assert Workbench(bench.net).read().node("t").note is None
    assert np.fromfile(file, np.float32).tolist() == [0] * 12


def test_a_deleted_file_is_not_mentioned(file: Path) -> None:
    net = Holder(by_torch(file))
    file.unlink()
    assert MemoryMap.now().files == [one for one in MemoryMap.now().files if one[2] != str(file)]
    assert Workbench(net).read().node("t").note is None
