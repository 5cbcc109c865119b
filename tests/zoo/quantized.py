"""Small classes laid out as those of the libraries that quantize, and the layers that hold them.

Each is modelled on the source of its library: names, dtypes, attributes, and which of them have a
``dequantize``.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map


def codes(*shape: int, dtype: torch.dtype = torch.uint8) -> torch.Tensor:
    return torch.randint(0, 100, shape, dtype=dtype)


# --- bitsandbytes --------------------------------------------------------------------------------


class QuantState:
    """What bitsandbytes keeps beside the codes of a 4-bit weight."""

    def __init__(self, shape: tuple[int, ...], quant_type: str = "nf4") -> None:
        self.absmax = torch.rand(4)
        self.code = torch.linspace(-1, 1, 16)
        self.shape, self.dtype = torch.Size(shape), torch.float32
        self.blocksize, self.quant_type, self.nested = 64, quant_type, False


class Params4bit(nn.Parameter):
    """Four-bit codes, two to a byte; only ``bitsandbytes.functional`` can read them."""

    quant_state: Any

    def __new__(cls, data: torch.Tensor, quant_state: Any = None, quant_type: str = "nf4") -> Any:
        made = torch.Tensor._make_subclass(cls, data, False)
        made.quant_state, made.quant_type = quant_state, quant_type
        made.bnb_quantized = quant_state is not None
        return made


class Int8Params(nn.Parameter):
    """Rows of int8 that stand for themselves times ``SCB``, which moves on to the layer."""

    CB: Any
    SCB: Any

    def __new__(cls, data: torch.Tensor, SCB: Any = None, has_fp16_weights: bool = False) -> Any:
        made = torch.Tensor._make_subclass(cls, data, False)
        made.CB, made.SCB = (data, SCB) if SCB is not None else (None, None)
        made.has_fp16_weights = has_fp16_weights
        return made


class Linear4bit(nn.Linear):
    """A Linear whose weight is packed and whose bias is not."""

    def __init__(self, quant_type: str = "nf4", storage: torch.dtype = torch.uint8) -> None:
        super().__init__(16, 8)
        self.quant_state = QuantState((8, 16), quant_type)
        data = codes(64).view(storage)[:, None]
        self.weight = Params4bit(data, self.quant_state, quant_type)


class Linear8bitLt(nn.Linear):
    def __init__(self) -> None:
        super().__init__(16, 8)
        self.state = SimpleNamespace(CB=None, SCB=None, has_fp16_weights=False)
        self.weight = Int8Params(codes(8, 16, dtype=torch.int8), torch.rand(8))

    def hand_on(self) -> None:
        """What the first forward pass does."""
        self.state.CB, self.state.SCB = self.weight.CB, self.weight.SCB
        self.weight.CB = self.weight.SCB = None


# --- tensors with a dequantize -------------------------------------------------------------------


class Scaled(torch.Tensor):
    """Codes and a scale in other tensors, as torchao and optimum-quanto keep them."""

    qdata: torch.Tensor
    scale: torch.Tensor

    @staticmethod
    def __new__(cls, qdata: torch.Tensor, scale: torch.Tensor) -> Any:
        made = torch.Tensor._make_wrapper_subclass(cls, qdata.shape, dtype=scale.dtype)
        made.qdata, made.scale = qdata, scale
        return made

    def __tensor_flatten__(self) -> tuple[list[str], None]:
        return ["qdata", "scale"], None

    @classmethod
    def __torch_dispatch__(
        cls, function: Any, _types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function is torch.ops.aten.detach.default:
            return args[0]
        if function is torch.ops.aten.zero_.default:
            raise NotImplementedError("zero_")

        def dense(value: Any) -> Any:
            return value.dequantize() if isinstance(value, Scaled) else value

        return function(*tree_map(dense, args), **tree_map(dense, kwargs or {}))

    def dequantize(self, output_dtype: torch.dtype | None = None) -> torch.Tensor:
        return self.qdata.to(output_dtype or self.scale.dtype) * self.scale


class Inner(Scaled):
    """Hands on to a packed tensor inside, as torchao's ``LinearActivationQuantizedTensor``."""

    @staticmethod
    def __new__(cls, inner: Any) -> Any:
        made = torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)
        made.original_weight_tensor = inner
        return made

    def dequantize(self, output_dtype: torch.dtype | None = None) -> torch.Tensor:
        return self.original_weight_tensor.dequantize(output_dtype)


class NF4(Scaled):
    """As torchao's NF4Tensor: its ``dequantize`` is a static method of codes and a tensor."""

    @staticmethod
    def dequantize(value: torch.Tensor, nf4: Any) -> torch.Tensor:
        return value * nf4.scale


class Halves(nn.Parameter):
    """Two four-bit codes to a byte of its own memory, and a ``dequantize`` that unpacks them."""

    scale: float
    calls: int

    def __new__(cls, data: torch.Tensor) -> Any:
        made = torch.Tensor._make_subclass(cls, data, False)
        made.scale, made.calls = 0.5, 0
        return made

    def dequantize(self) -> torch.Tensor:
        self.calls += 1
        raw = self.as_subclass(torch.Tensor)
        low, high = raw & 15, raw >> 4
        return torch.stack((low, high), dim=-1).flatten(-2).float() * self.scale


class Failing(Halves):
    def dequantize(self) -> torch.Tensor:
        self.calls += 1
        raise RuntimeError("this kernel needs a GPU.")


class Itself(Halves):
    def dequantize(self) -> torch.Tensor:
        return self


class ItsBytes(Halves):
    def dequantize(self) -> torch.Tensor:
        return self.as_subclass(torch.Tensor)


class NoTensor(Halves):
    def dequantize(self) -> Any:
        return [1.0, 2.0]


class Slow(Halves):
    def dequantize(self) -> torch.Tensor:
        time.sleep(1.1)
        return super().dequantize()


def layer(weight: Any, bias: bool = True) -> nn.Linear:
    """A Linear that somebody has given a packed weight."""
    made = nn.Linear(16, 8, bias=bias)
    made.weight = weight if isinstance(weight, nn.Parameter) else nn.Parameter(weight, False)
    return made


def scaled(*shape: int) -> Any:
    return Scaled(codes(*(shape or (8, 16)), dtype=torch.int8), torch.tensor(0.25))


# --- layers that register codes beside their scales ----------------------------------------------


class QuantLinear(nn.Module):
    """As AutoGPTQ and AWQ register them."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("qweight", codes(2, 8, dtype=torch.int32))
        self.register_buffer("qzeros", codes(1, 1, dtype=torch.int32))
        self.register_buffer("scales", torch.rand(1, 8))
        self.register_buffer("g_idx", torch.arange(16, dtype=torch.int32))
        self.bias = nn.Parameter(torch.zeros(8))


class CompressedLinear(nn.Module):
    """As compressed-tensors registers them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight_packed = nn.Parameter(codes(8, 2, dtype=torch.int32), requires_grad=False)
        self.weight_scale = nn.Parameter(torch.rand(8, 1))
        self.weight_shape = nn.Parameter(torch.tensor([8, 16]), requires_grad=False)


class HQQLinear(nn.Module):
    """As HQQ holds them: the codes a parameter, the rest in a dict, the way back in the layer."""

    def __init__(self) -> None:
        super().__init__()
        self.W_q = nn.Parameter(codes(64, 1), requires_grad=False)
        self.meta = {"nbits": 4, "scale": torch.rand(8, 1), "zero": torch.rand(8, 1)}

    def dequantize(self) -> torch.Tensor:
        return torch.zeros(8, 16)


class BitLinear(nn.Module):
    """As transformers registers BitNet's two-bit weights."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", codes(2, 16))
        self.register_buffer("weight_scale", torch.ones(1))


def with_quant_state_on_the_weight() -> nn.Linear:
    made = layer(nn.Parameter(codes(64, 1), requires_grad=False))
    made.weight.quant_state = QuantState((8, 16))
    return made


def with_quant_state_on_the_layer() -> nn.Linear:
    """As a 4-bit layer is after FSDP has put its codes into float storage and lost the class."""
    made = layer(nn.Parameter(codes(64).view(torch.float32)[:, None], requires_grad=False))
    made.quant_state = QuantState((8, 16))
    return made
