"""Symbolic tracing of folded torch modules into an OpenVINO graph.

Owns the translation: a `Symbol` takes the place of the tensor in the modules' own `forward` and
records the operations on it. Changes no state of torch, so it may run beside other threads. Any
other operation than those of our generators raises an error that names it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Self, cast

import numpy as np
import openvino as ov
import torch
import torch.nn.functional as F
from openvino import opset13 as ops
from torch import Tensor, nn

CHANNEL_AXIS = np.array([1], np.int64)  # of NCHW


class NotTranslatedError(ValueError):
    """A network has an operation without translation; the message names it."""


class Symbol:
    """A node of the graph, passed to modules in place of an fp32 tensor.

    It is not a tensor: torch dispatches its functions to `__torch_function__`, and the methods
    below imitate those of a tensor.
    """

    dtype, requires_grad = torch.float32, False

    def __init__(self, node: ov.Node) -> None:
        self.node = node

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., object],
        _types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Symbol:
        """Translate a torch function; torch calls this if an argument is a symbol."""
        if (rule := RULES.get(function)) is None:
            raise NotTranslatedError(f"{getattr(function, '__name__', function)} is not known")
        return cls(rule(args[0].node, *args[1:], **(kwargs or {})))

    def __getattr__(self, name: str) -> object:
        """Refuse an attribute of tensors that symbols do not have."""
        if name.startswith("__"):  # looked up by Python, not by a network
            raise AttributeError(name)
        raise NotTranslatedError(f"Tensor.{name} is not known")

    def __add__(self, other: Symbol | float) -> Symbol:
        return Symbol(ops.add(self.node, _operand(other)))

    def __mul__(self, other: Symbol | float) -> Symbol:
        normalised = _pixel_norm(self.node, other.node) if isinstance(other, Symbol) else None
        return Symbol(normalised or ops.multiply(self.node, _operand(other)))

    __radd__ = __add__
    __rmul__ = __mul__

    def float(self) -> Self:
        """Return itself: it is fp32 already; a lower precision is chosen for the whole graph."""
        return self

    def to(self, dtype: torch.dtype) -> Self:
        """Return itself for float32; other types are refused."""
        if dtype is not torch.float32:
            raise NotTranslatedError(f"Tensor.to({dtype}) is not known")
        return self

    def square(self) -> Symbol:
        """Square each element."""
        return Symbol(ops.multiply(self.node, self.node))

    def mean(self, dim: int, *, keepdim: bool = False) -> Symbol:
        """Take the mean over one axis."""
        return Symbol(ops.reduce_mean(self.node, np.array([dim], np.int64), keepdim))

    def reshape(self, *shape: int) -> Symbol:
        """Change the shape; one length may be -1."""
        return Symbol(ops.reshape(self.node, np.array(shape, np.int64), special_zero=False))


def _operand(value: Symbol | float) -> ov.Node:
    return value.node if isinstance(value, Symbol) else _constant(value)


def _constant(value: Tensor | float) -> ov.Node:
    if not isinstance(value, Tensor):
        return ops.constant(np.float32(value))
    return ops.constant(np.ascontiguousarray(value.detach().cpu().float().numpy()))


# ----------------------------------------------------------------------------------------
# One rule for each torch function that modules call. A rule takes the node of the first argument,
# then the other arguments as torch has them.


def _linear(x: ov.Node, weight: Tensor, bias: Tensor | None = None) -> ov.Node:
    product = ops.matmul(x, _constant(weight), transpose_a=False, transpose_b=True)
    return product if bias is None else ops.add(product, _constant(bias))


def _convolution(
    x: ov.Node,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[int] = (1, 1),
    padding: Sequence[int] = (0, 0),
    dilation: Sequence[int] = (1, 1),
    groups: int = 1,
) -> ov.Node:
    named = isinstance(padding, str)
    _require(groups == 1 and not named, "a convolution in groups or with named padding")
    pads = list(padding)
    y = ops.convolution(x, _constant(weight), list(stride), pads, pads, list(dilation))
    return _biased(y, bias)


def _transposed_convolution(  # noqa: PLR0913 - as torch has it
    x: ov.Node,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[int] = (1, 1),
    padding: Sequence[int] = (0, 0),
    output_padding: Sequence[int] = (0, 0),
    groups: int = 1,
    dilation: Sequence[int] = (1, 1),
) -> ov.Node:
    _require(groups == 1, "a convolution in groups")
    y = ops.convolution_backprop_data(
        x,
        _constant(weight),
        list(stride),
        pads_begin=list(padding),
        pads_end=list(padding),
        dilations=list(dilation),
        output_padding=list(output_padding),
    )
    return _biased(y, bias)


def _biased(x: ov.Node, bias: Tensor | None) -> ov.Node:
    return x if bias is None else ops.add(x, _constant(bias.reshape(1, -1, 1, 1)))


def _leaky_relu(x: ov.Node, negative_slope: float = 0.01, inplace: bool = False) -> ov.Node:  # noqa: ARG001 - as torch has it
    return ops.prelu(x, ops.constant(np.array([negative_slope], np.float32)))


def _relu(x: ov.Node, inplace: bool = False) -> ov.Node:  # noqa: ARG001 - as torch has it
    return ops.relu(x)


def _silu(x: ov.Node, inplace: bool = False) -> ov.Node:  # noqa: ARG001 - as torch has it
    return ops.swish(x)


def _rsqrt(x: ov.Node) -> ov.Node:
    return ops.power(x, _constant(-0.5))


RULES: dict[object, Callable[..., ov.Node]] = {
    F.linear: _linear,
    F.conv2d: _convolution,
    F.conv_transpose2d: _transposed_convolution,
    F.leaky_relu: _leaky_relu,
    F.relu: _relu,
    F.silu: _silu,
    torch.tanh: ops.tanh,
    torch.rsqrt: _rsqrt,
}


def _pixel_norm(x: ov.Node, scale: ov.Node) -> ov.Node | None:
    """Return `x * rsqrt(mean(x * x) + e)` over the channels as one operation instead of five.

    Returns None if `scale` is not that expression of `x`. Each of the five operations reads all
    features, which at high resolutions takes a sixth of the time.
    """
    chain: list[ov.Node] = []
    node = scale
    for kind in ("Power", "Add", "ReduceMean", "Multiply"):
        if node.get_type_name() != kind:
            return None
        chain.append(node)
        node = node.input_value(0).get_node()
    _, shifted, mean, square = chain
    axes, epsilon = (n.input_value(1).get_node() for n in (mean, shifted))
    channels = x.output(0).get_partial_shape()[1]
    if not (node == x == square.input_value(1).get_node() and channels.is_static):
        return None
    if not np.array_equal(_values(axes), CHANNEL_AXIS):
        return None
    count = channels.get_length()
    unit = ops.normalize_l2(x, CHANNEL_AXIS, count * float(_values(epsilon)), "add")
    return ops.multiply(unit, _constant(math.sqrt(count)))


def _values(node: ov.Node) -> np.ndarray[Any, Any]:
    return cast("Any", node).data


def _require(fact: bool, what: str) -> None:
    if not fact:
        raise NotTranslatedError(f"{what} is not known")


def graph_of(modules: Sequence[nn.Module], shape: Sequence[int]) -> ov.Model:
    """Trace the composition of `modules`, in order, into a graph.

    Args:
        modules: folded modules in fp32.
        shape: shape of one input, without the batch axis, which may have any length.

    Raises:
        NotTranslatedError: a module has an operation without translation.
    """
    start = ops.parameter([-1, *shape], np.float32)
    x: Any = Symbol(start)
    try:
        for module in modules:
            x = module(x)
    except NotTranslatedError:
        raise
    except Exception as error:  # a module may use any feature of a tensor
        raise NotTranslatedError(f"{error!r}") from error
    _require(isinstance(x, Symbol), f"a result of type {type(x).__name__}")
    make: Any = ov.Model  # by its type stubs it cannot be constructed
    return make([x.node], [start])


def shape_after(model: ov.Model) -> tuple[int, ...]:
    """Return the shape of one result, without the batch axis.

    Raises:
        NotTranslatedError: the shape is not fixed.
    """
    shape = model.output(0).get_partial_shape()
    lengths = [shape[axis] for axis in range(1, len(shape))]
    _require(all(length.is_static for length in lengths), "a shape that varies")
    return tuple(length.get_length() for length in lengths)
