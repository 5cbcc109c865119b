"""The expected distribution of an initializer for a shape: fan, gain, bound and deviation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from paramwidget.edit.initializers.catalogue import Initializer


@dataclass(frozen=True)
class Expected:
    """What the values will be drawn from; None if there is no such number.

    ``distribution``: "uniform" on ±bound or [low, high], "normal", "truncated" normal, "point"
    where every element is the same, else "other".
    """

    distribution: str
    mean: float | None = None
    std: float | None = None
    low: float | None = None
    high: float | None = None
    fan_in: int | None = None
    fan_out: int | None = None
    gain: float | None = None

    @property
    def bound(self) -> float | None:
        """The largest absolute value of a uniform distribution around zero."""
        if self.distribution != "uniform" or self.low is None or self.high is None:
            return None
        return self.high if self.low == -self.high else None

    @property
    def text(self) -> str:
        """``fan_in 20, fan_out 256, bound 0.147, std 0.085``."""
        range_ = [] if self.bound is not None else [("low", self.low), ("high", self.high)]
        numbers = [
            ("fan_in", self.fan_in),
            ("fan_out", self.fan_out),
            ("gain", self.gain),
            ("bound", self.bound),
            *range_,
            ("mean", self.mean if self.mean else None),
            ("std", self.std),
        ]
        return ", ".join(f"{name} {value:.4g}" for name, value in numbers if value is not None)


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """fan_in and fan_out, from size(1) and size(0) as torch.nn.init computes them.

    A transposed convolution stores (in, out, ...), so its two are exchanged.
    """
    receptive = math.prod(shape[2:])
    return shape[1] * receptive, shape[0] * receptive


def expected_of(entry: Initializer, shape: Sequence[int], arguments: Mapping[str, Any]) -> Expected:
    """The expected distribution for this shape; formulas as documented in torch.nn.init.

    >>> from paramwidget.edit.initializers.catalogue import find
    >>> expected_of(find("xavier_uniform_"), (256, 20), {"gain": 1.0}).text
    'fan_in 20, fan_out 256, gain 1, bound 0.1474, std 0.08513'
    """
    name, given = entry.name, dict(arguments)
    if entry.source != "torch":
        return Expected("other")
    if name in ("ones_", "zeros_", "constant_"):
        value = given["val"] if name == "constant_" else float(name == "ones_")
        real = float(value) if isinstance(value, (int, float)) else None
        return Expected("point", mean=real, std=0.0)
    if name == "uniform_":
        return _uniform(given["a"], given["b"])
    if name == "normal_":
        return _normal(given["mean"], given["std"])
    if name == "trunc_normal_":
        return _truncated(given["mean"], given["std"], given["a"], given["b"])
    if name.startswith(("xavier_", "kaiming_")):
        return _by_fan(name, shape, given)
    return Expected("other")


def _uniform(low: float, high: float, **fan: Any) -> Expected:
    std = (high - low) / math.sqrt(12)
    return Expected("uniform", mean=(low + high) / 2, std=std, low=low, high=high, **fan)


def _normal(mean: float, std: float, **fan: Any) -> Expected:
    return Expected("normal", mean=mean, std=std, **fan)


def _by_fan(name: str, shape: Sequence[int], given: dict[str, Any]) -> Expected:
    fan_in, fan_out = fans(shape)
    if name.startswith("xavier_"):
        gain = given["gain"]
        std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    else:
        gain = torch.nn.init.calculate_gain(given["nonlinearity"], given["a"])
        std = gain / math.sqrt(fan_in if given["mode"] == "fan_in" else fan_out)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "gain": float(gain)}
    bound = math.sqrt(3.0) * std
    return _uniform(-bound, bound, **fan) if "uniform" in name else _normal(0.0, std, **fan)


def _truncated(mean: float, std: float, low: float, high: float) -> Expected:
    """Mean and deviation of a normal cut off at [low, high] (Johnson, Kotz & Balakrishnan 1994)."""
    a, b = (low - mean) / std, (high - mean) / std
    weight = _below(b) - _below(a)
    true_mean = true_std = None
    if weight > 1e-9:
        at_a, at_b = _density(a), _density(b)
        shift = (at_a - at_b) / weight
        variance = 1 + (a * at_a - b * at_b) / weight - shift**2
        true_mean, true_std = mean + std * shift, std * math.sqrt(max(variance, 0.0))
    return Expected("truncated", true_mean, true_std, low, high)


def _below(x: float) -> float:
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
