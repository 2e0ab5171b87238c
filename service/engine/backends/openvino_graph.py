"""Symbolic tracing of folded torch modules into an OpenVINO graph.

Owns the tracing: a `Symbol` takes the place of the tensor in the modules' own `forward` and records
the operations on it, each by its rule (`openvino_rules`). Changes no state of torch, so it may run
beside other threads. Any other operation than those of our generators raises an error that names
it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self, cast

import numpy as np
import openvino as ov
import torch
from openvino import opset13 as ops
from torch import nn

from service.engine.backends.openvino_pixel_norm import pixel_norm_of
from service.engine.backends.openvino_rules import (
    RULES,
    NotTranslatedError,
    constant_of,
    require,
)


class Symbol:
    """A node of the graph, passed to modules in place of an fp32 tensor.

    It is not a tensor: torch dispatches its functions to `__torch_function__`, and the methods
    below imitate those of a tensor.
    """

    dtype, requires_grad, device = torch.float32, False, torch.device("cpu")

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
        return cls(rule(*map(_node_of, args), **(kwargs or {})))

    def __getattr__(self, name: str) -> object:
        """Refuse an attribute of tensors that symbols do not have."""
        if name.startswith("__"):  # looked up by Python, not by a network
            raise AttributeError(name)
        raise NotTranslatedError(f"Tensor.{name} is not known")

    def __add__(self, other: Symbol | float) -> Symbol:
        return Symbol(ops.add(self.node, _operand(other)))

    def __mul__(self, other: Symbol | float) -> Symbol:
        normalised = pixel_norm_of(self.node, other.node) if isinstance(other, Symbol) else None
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

    def transpose(self, first: int, second: int) -> Symbol:
        """Exchange two of three axes."""
        order = [0, 1, 2]
        order[first], order[second] = order[second], order[first]
        return Symbol(ops.transpose(self.node, np.array(order, np.int64)))

    def reshape(self, *shape: int) -> Symbol:
        """Change the shape; one length may be -1."""
        return Symbol(ops.reshape(self.node, np.array(shape, np.int64), special_zero=False))


def _node_of(value: Any) -> Any:  # noqa: ANN401 - an argument of any torch function
    """Replace a symbol by its node, also in a list."""
    if isinstance(value, list):
        return [_node_of(each) for each in cast("list[Any]", value)]
    return value.node if isinstance(value, Symbol) else value


def _operand(value: Symbol | float) -> ov.Node:
    return value.node if isinstance(value, Symbol) else constant_of(value)


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
    require(isinstance(x, Symbol), f"a result of type {type(x).__name__}")
    make: Any = ov.Model  # by its type stubs it cannot be constructed
    return make([x.node], [start])


def shape_after(model: ov.Model) -> tuple[int, ...]:
    """Return the shape of one result, without the batch axis.

    Raises:
        NotTranslatedError: the shape is not fixed.
    """
    shape = model.output(0).get_partial_shape()
    lengths = [shape[axis] for axis in range(1, len(shape))]
    require(all(length.is_static for length in lengths), "a shape that varies")
    return tuple(length.get_length() for length in lengths)
