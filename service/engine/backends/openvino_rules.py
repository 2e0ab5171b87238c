"""Translation of single torch functions into OpenVINO operations.

Owns one rule for each function that modules of our generators call. A rule takes the node of the
first argument, then the other arguments as torch has them. Knows no module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import openvino as ov
import torch
import torch.nn.functional as F
from openvino import opset1
from openvino import opset13 as ops
from torch import Tensor


class NotTranslatedError(ValueError):
    """A network has an operation without translation; the message names it."""


def require(fact: bool, what: str) -> None:
    """Refuse `what`, which has no translation, unless the fact holds.

    Raises:
        NotTranslatedError: it does not hold.
    """
    if not fact:
        raise NotTranslatedError(f"{what} is not known")


def constant_of(value: Tensor | float) -> ov.Node:
    """Return a constant in fp32."""
    if not isinstance(value, Tensor):
        return ops.constant(np.float32(value))
    return ops.constant(np.ascontiguousarray(value.detach().cpu().float().numpy()))


def _linear(x: ov.Node, weight: Tensor, bias: Tensor | None = None) -> ov.Node:
    product = ops.matmul(x, constant_of(weight), transpose_a=False, transpose_b=True)
    return product if bias is None else ops.add(product, constant_of(bias))


def _convolution(
    x: ov.Node,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = (1, 1),
    padding: int | Sequence[int] = (0, 0),
    dilation: int | Sequence[int] = (1, 1),
    groups: int = 1,
) -> ov.Node:
    named = isinstance(padding, str)
    depthwise = groups == weight.shape[0] and weight.shape[1] == 1
    require(groups == 1 or depthwise, "a convolution in groups")
    require(not named, "a convolution with named padding")
    strides, pads, dilations = _pair(stride), _pair(padding), _pair(dilation)
    if groups == 1:
        y = ops.convolution(x, constant_of(weight), strides, pads, pads, dilations)
    else:  # one kernel for each map: [maps, 1, 1, k, k]
        y = ops.group_convolution(x, constant_of(weight[:, None]), strides, pads, pads, dilations)
    return _biased(y, bias)


def _transposed_convolution(  # noqa: PLR0913 - as torch has it
    x: ov.Node,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = (1, 1),
    padding: int | Sequence[int] = (0, 0),
    output_padding: int | Sequence[int] = (0, 0),
    groups: int = 1,
    dilation: int | Sequence[int] = (1, 1),
) -> ov.Node:
    require(groups == 1, "a convolution in groups")
    y = ops.convolution_backprop_data(
        x,
        constant_of(weight),
        _pair(stride),
        pads_begin=_pair(padding),
        pads_end=_pair(padding),
        dilations=_pair(dilation),
        output_padding=_pair(output_padding),
    )
    return _biased(y, bias)


def _pair(value: int | Sequence[int]) -> list[int]:
    """Return height and width of a setting of a convolution."""
    return [value, value] if isinstance(value, int) else list(value)


def _biased(x: ov.Node, bias: Tensor | None) -> ov.Node:
    return x if bias is None else ops.add(x, constant_of(bias.reshape(1, -1, 1, 1)))


def _leaky_relu(x: ov.Node, negative_slope: float = 0.01, inplace: bool = False) -> ov.Node:  # noqa: ARG001 - as torch has it
    return ops.prelu(x, ops.constant(np.array([negative_slope], np.float32)))


def _relu(x: ov.Node, inplace: bool = False) -> ov.Node:  # noqa: ARG001 - as torch has it
    return ops.relu(x)


def _silu(x: ov.Node, inplace: bool = False) -> ov.Node:  # noqa: ARG001 - as torch has it
    return ops.swish(x)


def _rsqrt(x: ov.Node) -> ov.Node:
    return ops.power(x, constant_of(-0.5))


def _padding(
    x: ov.Node, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> ov.Node:
    """Circular or reflected padding of height and width, the same on all sides."""
    known = mode in ("circular", "reflect") and len(pad) == 4 and len(set(pad)) == 1
    require(known and value is None, "padding of this kind")
    pixels = pad[0]
    if mode == "reflect":
        both = ops.constant(np.array([0, 0, pixels, pixels], np.int64))
        return ops.pad(x, both, both, "reflect")
    for axis in (2, 3):
        length = x.output(0).get_partial_shape()[axis].get_length()
        before, after = _slice(x, axis, length - pixels, length), _slice(x, axis, 0, pixels)
        x = ops.concat([before, x, after], axis)
    return x


def _box_filter(
    x: ov.Node,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,  # noqa: ARG001 - as torch has it; there is no padding
    divisor_override: int | None = None,
) -> ov.Node:
    """Average pooling of whole blocks."""
    square = isinstance(kernel_size, int) and stride in (None, kernel_size)
    known = square and padding == 0 and not ceil_mode and divisor_override is None
    require(known, "average pooling of this kind")
    size = [kernel_size] * 2
    return ops.avg_pool(x, size, [0, 0], [0, 0], size, exclude_pad=True)


def _max_pool(
    x: ov.Node, kernel_size: int, stride: int | None = None, dilation: int = 1, **others: object
) -> ov.Node:
    """Maximum of whole square blocks."""
    known = stride in (None, kernel_size) and dilation == 1 and not any(others.values())
    require(known, "maximum pooling of this kind")
    size = [kernel_size] * 2
    return opset1.max_pool(x, size, [0, 0], [0, 0], size)  # later ones have a second result


def _product(x: ov.Node, other: ov.Node) -> ov.Node:
    return ops.matmul(x, other, transpose_a=False, transpose_b=False)


def _softmax(x: ov.Node, dim: int) -> ov.Node:
    return ops.softmax(x, dim)


def _instance_norm(  # noqa: PLR0913 - as torch has it
    x: ov.Node,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,  # noqa: ARG001 - as torch has it
    eps: float = 1e-5,
) -> ov.Node:
    """Instance normalisation by the statistics of the picture.

    Not as MVN, which gives a picture other last bits in a batch than alone; nor with a quotient and
    a root, which OpenVINO would fuse into MVN.
    """
    own = running_mean is None and running_var is None and use_input_stats
    require(own, "instance normalisation by running statistics")
    axes = np.array([2, 3], np.int64)
    centred = ops.subtract(x, ops.reduce_mean(x, axes, keep_dims=True))
    variance = ops.reduce_mean(ops.multiply(centred, centred), axes, keep_dims=True)
    y = ops.multiply(centred, _rsqrt(ops.add(variance, constant_of(eps))))
    y = y if weight is None else ops.multiply(y, constant_of(weight.reshape(1, -1, 1, 1)))
    return _biased(y, bias)


def _concatenation(parts: Sequence[ov.Node], dim: int = 0) -> ov.Node:
    return ops.concat([*parts], dim)


def _narrow(x: ov.Node, dim: int, start: int, length: int) -> ov.Node:
    return _slice(x, dim, start, start + length)


def _slice(x: ov.Node, axis: int, start: int, stop: int) -> ov.Node:
    first, last, step, axes = (ops.constant(np.array([n])) for n in (start, stop, 1, axis))
    return ops.slice(x, first, last, step, axes)


RULES: dict[object, Callable[..., ov.Node]] = {
    F.linear: _linear,
    F.conv2d: _convolution,
    F.conv_transpose2d: _transposed_convolution,
    F.leaky_relu: _leaky_relu,
    F.relu: _relu,
    F.silu: _silu,
    F.pad: _padding,
    F.avg_pool2d: _box_filter,
    F.instance_norm: _instance_norm,
    F.max_pool2d: _max_pool,
    torch.matmul: _product,
    torch.softmax: _softmax,
    torch.narrow: _narrow,
    torch.cat: _concatenation,
    torch.tanh: ops.tanh,
    torch.rsqrt: _rsqrt,
}
