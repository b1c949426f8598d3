"""The table of ONNX's operators that have a declaration of ours: each as one short function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import pi, prod, sqrt
from typing import Any

import numpy as np

from cutaway.errors import ShapeError
from cutaway.layers import (
    Add,
    Concat,
    Conv,
    Dense,
    GlobalMean,
    HardSigmoid,
    Layer,
    Leaky,
    LogSoftmax,
    Lrn,
    MaxPool,
    MeanPool,
    Multiply,
    Norm,
    PRelu,
    Relu,
    Relu6,
    Shape,
    Sigmoid,
    Softmax,
    SumPool,
)
from cutaway.layers.layer import Array
from cutaway.layers.lrn import ALPHA, BETA, BIAS
from cutaway.layers.norm import EPSILON
from cutaway.layers.pooling import Pooling
from cutaway.layers.window import Window
from cutaway.net.onnx.building import Mixed, Undeclared, Value
from cutaway.net.onnx.call import Call, Padded, tidy
from cutaway.net.onnx.layouts import PICTURES, Layout

Sides = tuple[int, int, int, int]
Convert = Callable[[Call], Value]

FLOATS = (1, 10, 11, 16)
"""What ONNX calls float32, float16, float64, bfloat16."""
NOT_NEGATIVE = (Relu, Relu6, Sigmoid, Softmax)
"""After these, a border of zeros never wins a max pooling that a cell of the picture would not have won."""


# ---- windows


def conv(call: Call) -> Value:
    """Conv: the kernel [out, in, kh, kw] becomes [kh, kw, in, out]."""
    x, kernel = call.live(), call.constant(1, "kernels")
    bias = call.optional(2, "a bias")
    spatial = kernel.ndim - 2
    if spatial == 1:
        kernel = kernel[:, :, None]
    if spatial not in (1, 2):
        raise Undeclared(f"has windows of {spatial} sides")
    if len(call.building.shape(x)) == 1:
        return _conv_of_points(call, x, kernel, bias)
    x, padding = _padding(call, x, kernel.shape[2:], spatial, zeros=True)
    order = call.building.maps(x, spatial)
    stride, dilation = _pair(call.setting("strides"), spatial), _pair(call.setting("dilations"), spatial)
    groups = call.setting("group", 1)
    kernel = kernel.transpose(2, 3, 1, 0)
    if not np.array_equal(order, np.arange(len(order))):
        if groups > 1:
            raise Undeclared("has groups of channels that were put into another order")
        kernel = kernel[:, :, np.argsort(order)]
    layer = Conv(kernel.shape[3], kernel.shape[:2], stride, padding, dilation, groups, bias is not None)
    weights = {"kernel": kernel} | ({} if bias is None else {"bias": bias})
    if kernel.shape[2] * groups != call.building.shape(x)[2]:
        raise ShapeError(f"kernels for {kernel.shape[2] * groups} channels do not fit {call.building.described(x)}")
    return _mapped(call, layer, x, spatial, weights)


def _conv_of_points(call: Call, x: Value, kernel: Array, bias: Array | None) -> Value:
    """Over maps of one cell [N, C, 1, 1], which are a list here, it is a dense layer of the kernel's cell there."""
    if len(x.layout.axes) != 4 or x.layout.axes[0] != (PICTURES,) or call.setting("group", 1) != 1:
        raise Undeclared(f"takes maps, and not {call.building.described(x)}")
    order = call.building.order(x, 1)
    window = Conv(1, kernel.shape[2:], (1, 1), _sides(call.attributes, kernel.shape[2:], 2, (1, 1)))
    if window.shape((1, 1, kernel.shape[1]))[:2] != (1, 1):
        raise Undeclared("makes maps out of maps of one cell")
    above, left = (0, 0) if isinstance(window.padding, str) else window.padding[:2]
    weight = kernel[:, :, above, left].T[np.argsort(order)]
    layout = Layout(kernel.shape[:1], ((0,), (1,), (), ()))
    weights = {"weight": weight} | ({} if bias is None else {"bias": bias})
    return call.put(Dense(len(kernel), bias is not None), x, layout=layout, weights=weights)


def max_pool(call: Call) -> Value:
    """MaxPool."""
    size, spatial = _window(call)
    x, padding = _padding(call, call.live(), size, spatial, zeros=False)
    return _pooled(call, MaxPool, x, size, padding, spatial)


def average_pool(call: Call) -> Value:
    """AveragePool: with the border counted, it is a sum divided by the window's size."""
    size, spatial = _window(call)
    x, padding = _padding(call, call.live(), size, spatial, zeros=False)
    bordered = padding == "same" or not isinstance(padding, str)
    if not call.setting("count_include_pad", 0) or not bordered:
        return _pooled(call, MeanPool, x, size, padding, spatial)
    if call.setting("ceil_mode", 0) and _reaches_over(call, x, size, padding, spatial):
        raise Undeclared("counts a border that windows at the edge reach over")
    return call.affine(_pooled(call, SumPool, x, size, padding, spatial), 1 / prod(size), 0)


def _reaches_over(call: Call, x: Value, size: tuple[int, int], padding: str | Sides, spatial: int) -> bool:
    """Whether a window that is cut short ends behind the border."""
    window = Window(size, _pair(call.setting("strides"), spatial), padding, edge="partial")
    after = (0, 0) if isinstance(padding, str) else padding[2:]
    axes = window.axes(call.building.shape(x), call.operator)
    return any(axis.after > own for axis, own in zip(axes, after, strict=True))


def _pooled(
    call: Call, kind: type[Pooling], x: Value, size: tuple[int, int], padding: str | Sides, spatial: int
) -> Value:
    call.building.maps(x, spatial)
    if any(one > 1 for one in call.setting("dilations") or ()):
        raise Undeclared("has windows with gaps")
    stride = _pair(call.setting("strides"), spatial)
    layer = kind(size, stride, padding, "partial" if call.setting("ceil_mode", 0) else "floor")
    try:
        layer.shape(call.building.shape(x))
    except ShapeError as error:
        raise Undeclared(f"has windows that are not declared ({error})") from None
    return _mapped(call, layer, x, spatial, {})


def _mapped(call: Call, layer: Layer, x: Value, spatial: int, weights: dict[str, Array]) -> Value:
    """A layer over maps; pooling leaves the order of channels, a convolution makes its own."""
    y = call.put(layer, x, weights=weights)
    shape = call.building.shape(y)
    if isinstance(layer, Conv):
        return Value(y.name, _maps_layout(shape, (3,), spatial))
    channels = call.building.channels(x)
    sizes = (*shape[:2], *(x.layout.size(axis, 1) for axis in channels))
    group = [channels.index(axis) + 3 for axis in x.layout.axes[1] if axis in channels]
    return Value(y.name, _maps_layout(sizes, tuple(group), spatial))


def _maps_layout(sizes: Shape, channels: tuple[int, ...], spatial: int) -> Layout:
    return Layout(sizes, ((0,), channels, (1,), (2,)) if spatial == 2 else ((0,), channels, (2,)))


def _window(call: Call) -> tuple[tuple[int, int], int]:
    size = tuple(call.setting("kernel_shape", ()))
    if len(size) not in (1, 2):
        raise Undeclared(f"has windows of {len(size)} sides")
    return _pair(size, len(size)), len(size)


def _pair(sides: Sequence[int] | None, spatial: int) -> tuple[int, int]:
    """Rows and columns; one side is the columns of a single row."""
    sides = sides or [1] * spatial
    return (1, sides[0]) if spatial == 1 else (sides[0], sides[1])


def _padding(call: Call, x: Value, size: tuple[int, ...], spatial: int, *, zeros: bool) -> tuple[Value, str | Sides]:
    """The border of a window, with that of a Pad before it where it may be put together."""
    inner = x.within if isinstance(x, Padded) else x
    shape = call.building.shape(inner)
    if not isinstance(x, Padded):
        call.building.maps(x, spatial)
        return x, _sides(call.attributes, size, spatial, shape[:2])
    own = _sides(call.attributes, size, spatial, shape[:2])
    allowed = zeros or (call.operator == "MaxPool" and isinstance(call.building.layer(inner), NOT_NEGATIVE))
    if not allowed or call.setting("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise Undeclared("has a border that its window does not bring itself")
    both = np.add(x.sides, (0, 0, 0, 0) if isinstance(own, str) else own)
    return inner, tuple(map(int, both))  # type: ignore[return-value]


def _sides(attributes: Mapping[str, Any], size: Sequence[int], spatial: int, shape: Sequence[int]) -> str | Sides:
    """A window's border in our words: `valid`, `same`, or above, left, below, right."""
    how = attributes.get("auto_pad", b"NOTSET").decode()
    if how == "VALID":
        return "valid"
    if how == "SAME_UPPER":
        return "same"
    if how == "SAME_LOWER":
        return _same_lower(attributes, size, spatial, shape)
    pads = list(attributes.get("pads") or [0] * 2 * spatial)
    if min(pads) < 0:
        raise Undeclared("cuts its border off")
    above, left, below, right = pads if spatial == 2 else (0, pads[0], 0, pads[1])
    return (above, left, below, right) if any(pads) else "valid"


def _same_lower(attributes: Mapping[str, Any], size: Sequence[int], spatial: int, shape: Sequence[int]) -> Sides:
    """As `same`, with the odd cell above and to the left."""
    stride = _pair(attributes.get("strides"), spatial)
    dilation = _pair(attributes.get("dilations"), spatial)
    spans = [(one - 1) * gap + 1 for one, gap in zip(size, dilation, strict=True)]
    totals = [
        max((-(-length // step) - 1) * step + span - length, 0)
        for length, step, span in zip(shape, stride, spans, strict=True)
    ]
    return totals[0] - totals[0] // 2, totals[1] - totals[1] // 2, totals[0] // 2, totals[1] // 2


def pad(call: Call) -> Value:
    """Pad with zeros around maps: the next convolution brings it itself."""
    x = call.live()
    mode = call.setting("mode", b"constant").decode()
    pads, value = call.setting("pads"), call.setting("value", 0.0)
    if pads is None:
        pads, given = call.constant(1, "a border").tolist(), call.optional(2, "a value")
        value = 0.0 if given is None else given.item()
    rank = len(x.layout.axes)
    axes = call.optional(3, "axes")
    every = np.zeros((2, rank), int)
    every[:, range(rank) if axes is None else axes] = np.reshape(pads, (2, -1))
    if not every.any():
        return x
    shape = call.building.shape(x)
    rows, columns, *_ = x.layout.split(shape) if len(shape) == 3 else ((), ())
    sides = [x.layout.axes.index(group) for group in (rows, columns) if group in x.layout.axes and group]
    others = [axis for axis in range(rank) if axis not in sides]
    if mode != "constant" or value or every.min() < 0 or every[:, others].any() or len(sides) < 2:
        raise Undeclared("adds another border than zeros around maps")
    (above, left), (below, right) = every[:, sides].tolist()
    return Padded(x.name, x.layout, x, (above, left, below, right))


# ---- over whole maps


def global_mean(call: Call) -> Value:
    """GlobalAveragePool."""
    call.building.maps(call.live())
    return reduced(call, "ReduceMean", [2, 3], keep=True)


def global_max(call: Call) -> Value:
    """GlobalMaxPool: a window as large as the maps."""
    call.building.maps(call.live())
    return reduced(call, "ReduceMax", [2, 3], keep=True)


def reduce(call: Call) -> Value:
    """ReduceMean, ReduceMax, ReduceSum over all rows and columns."""
    rank = len(call.live().layout.axes)
    given = call.optional(1, "axes")
    axes = call.setting("axes") if given is None else given.tolist()
    if not axes and call.setting("noop_with_empty_axes", 0):
        return call.live()
    return reduced(call, call.operator, [axis % rank for axis in axes or range(rank)], keep=call.setting("keepdims", 1))


def reduced(call: Call, operator: str, axes: Sequence[int], *, keep: bool) -> Value:
    """The mean, largest or sum of each channel."""
    x = call.live()
    shape = call.building.shape(x)
    gone = x.layout.long(*axes)
    if PICTURES in gone:
        raise Mixed
    kept = [() if axis in axes else group for axis, group in enumerate(x.layout.axes) if keep or axis not in axes]
    if not gone:
        return Value(x.name, Layout(x.layout.sizes, tuple(kept)))
    if len(shape) != 3 or sorted(gone) != sorted(
        axis for group in x.layout.split(shape)[:2] for axis in group if x.layout.size(axis, 1) > 1
    ):
        raise Undeclared("works over other axes than all rows and columns")
    channels = call.building.channels(x)
    sizes = tuple(x.layout.size(axis, 1) for axis in channels)
    first = 1 if operator == "ReduceMean" else 3
    number = {PICTURES: PICTURES} | {axis: place for place, axis in enumerate(channels, first)}
    groups = tuple(tuple(number[axis] for axis in group if axis in number) for group in kept)
    if operator == "ReduceMean":
        return call.put(GlobalMean(), x, layout=Layout(sizes, groups))
    kind = MaxPool if operator == "ReduceMax" else SumPool
    return call.put(kind(shape[:2], shape[:2]), x, layout=Layout((1, 1, *sizes), groups))


# ---- dense


def gemm(call: Call) -> Value:
    """Gemm: alpha A B + beta C, of which A is a list of features."""
    if call.setting("transA", 0):
        raise Mixed
    weight, bias = call.constant(1, "weights"), call.optional(2, "a bias")
    weight = call.setting("alpha", 1.0) * (weight.T if call.setting("transB", 0) else weight)
    units = weight.shape[1]
    if bias is None:
        return _dense(call, call.live(), weight, None)
    bias = bias.reshape(-1, bias.shape[-1] if bias.ndim else 1)
    if len(bias) > 1 and (bias != bias[0]).any():
        raise Mixed
    return _dense(call, call.live(), weight, call.setting("beta", 1.0) * np.broadcast_to(bias[0], units))


def _dense(call: Call, x: Value, weight: Array, bias: Array | None) -> Value:
    x, order = call.building.features(x)
    if len(order) != len(weight):
        raise ShapeError(f"weights for {len(weight)} features do not fit {call.building.described(x)}")
    units = weight.shape[1]
    weights = {"weight": weight[np.argsort(order)]} | ({} if bias is None else {"bias": bias})
    return call.put(Dense(units, bias is not None), x, layout=Layout.plain((units,)), weights=weights)


def matmul(call: Call) -> Value:
    """MatMul by a constant: dense over a list, a convolution of 1x1 along the channels of maps."""
    x, weight = call.live(0), call.constant(1, "weights")
    if weight.ndim == 1:
        y = matmul(replace(call, inputs=[x, weight[:, None]]))
        return Value(y.name, Layout(y.layout.sizes, y.layout.axes[:-1]))
    if weight.ndim != 2:
        raise Undeclared(f"has weights of {weight.ndim} axes")
    if len(x.layout.axes) == 2:
        return _dense(call, x, weight, None)
    order, units = call.building.order(x, len(x.layout.axes) - 1), weight.shape[1]
    rest = x.layout.axes[:-1]
    if len(call.building.shape(x)) == 1:
        if rest[:1] != ((PICTURES,),):
            raise Mixed
        layout = Layout((units,), (*rest, (1,)))
        return call.put(Dense(units, False), x, layout=layout, weights={"weight": weight[np.argsort(order)]})
    before = x.layout.sizes[: -len(call.building.channels(x))]
    layout = Layout((*before, units), (*rest, (len(before) + 1,)))
    kernel = weight[np.argsort(order)][None, None]
    return call.put(Conv(units, (1, 1), biased=False), x, layout=layout, weights={"kernel": kernel})


# ---- norms


def batch_norm(call: Call) -> Value:
    """BatchNormalization; another epsilon than ours goes into the variance."""
    if call.setting("training_mode", 0):
        raise Undeclared("is set to training")
    x = call.live()
    tall = (-1, *(1,) * (len(x.layout.axes) - 2))
    parts = [
        call.constant(place, name).reshape(tall)
        for place, name in enumerate(("gains", "biases", "means", "variances"), 1)
    ]
    x, known = call.by_channel(x, *parts)
    gain, bias, mean, variance = (np.broadcast_to(part, call.building.shape(x)[-1]) for part in known)
    variance = variance + (call.setting("epsilon", 1e-5) - EPSILON)
    return call.put(Norm(), x, weights={"gain": gain, "bias": bias, "mean": mean, "variance": variance})


def lrn(call: Call) -> Value:
    """LRN. Another alpha or bias than ours is said by what is multiplied before and after.

    x / (b + a S)^0.75 is b^-0.75 / k times (k x) / (1 + A k^2 S)^0.75, with k^2 = a / (b A).
    """
    order = call.building.maps(call.live())
    alpha, beta, bias = call.setting("alpha", ALPHA), call.setting("beta", BETA), call.setting("bias", BIAS)
    if not np.isclose(beta, BETA, rtol=1e-6) or alpha <= 0 or bias <= 0:
        raise Undeclared(f"has beta {tidy(beta)}, and declared is {BETA}")
    if not np.array_equal(order, np.arange(len(order))):
        raise Undeclared("has channels that were put into another order")
    k = tidy(sqrt(tidy(alpha) / (tidy(bias) * ALPHA)))
    y = call.put(Lrn(call.setting("size")), call.affine(call.live(), k, 0))
    return call.affine(y, tidy(bias) ** -BETA / k, 0)


# ---- cell by cell


def leaky(call: Call) -> Value:
    """LeakyRelu."""
    return call.put(Leaky(tidy(call.setting("alpha", 0.01))), call.live())


def prelu(call: Call) -> Value:
    """PRelu: one leak a channel."""
    x, (leak,) = call.by_channel(call.live(), call.constant(1, "leaks"))
    return call.put(PRelu(), x, weights={"leak": np.broadcast_to(leak, call.building.shape(x)[-1])})


def curve(call: Call) -> Value:
    """Any other function of a cell: those that are declared were recognised by their values before."""
    raise Undeclared("is not one of the functions that are declared")


def clip(call: Call) -> Value:
    """Clip between any two numbers: `relu` or `relu6`, moved and stretched."""
    low, high = (_limit(call, place, name) for place, name in ((1, "min"), (2, "max")))
    x = call.live()
    if high is None:
        return x if low is None else call.affine(call.put(Relu(), call.affine(x, 1, -low)), 1, low)
    if low is None:
        return call.affine(call.put(Relu(), call.affine(x, -1, high)), -1, high)
    if low >= high:
        raise Undeclared(f"has the lower limit {tidy(low)} and the upper {tidy(high)}")
    stretch = 6 / (high - low)
    return call.affine(call.put(Relu6(), call.affine(x, stretch, -low * stretch)), 1 / stretch, low)


def _limit(call: Call, place: int, name: str) -> float | None:
    """A limit; None where there is none, or none that a float32 reaches."""
    given = call.optional(place, "a limit")
    limit = call.setting(name) if given is None else given.item()
    return None if limit is None or abs(limit) > np.finfo(np.float32).max / 2 else float(limit)


def hard_sigmoid(call: Call) -> Value:
    """HardSigmoid, alpha x + beta between 0 and 1: ours is x / 6 + 1/2."""
    alpha, beta = tidy(call.setting("alpha", 0.2)), tidy(call.setting("beta", 0.5))
    return call.put(HardSigmoid(), call.affine(call.live(), 6 * alpha, 6 * beta - 3))


def gelu(call: Call) -> Value:
    """Gelu by tanh: x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3)."""
    x, scale = call.live(), 2 * sqrt(2 / pi)
    u = call.put(Multiply(), x, call.affine(call.put(Multiply(), x, x), 0.044715 * scale, scale))
    return call.put(Multiply(), x, call.put(Sigmoid(), u))


def swish(call: Call) -> Value:
    """Swish: x sigmoid(alpha x)."""
    x = call.live()
    return call.put(Multiply(), x, call.put(Sigmoid(), call.affine(x, tidy(call.setting("alpha", 1.0)), 0)))


def add(call: Call) -> Value:
    """Add, Sum: a constant, or other maps of the same shape."""
    for place, other in ((0, 1), (1, 0)):
        constant = call.given(other)
        if len(call.inputs) == 2 and isinstance(constant, np.ndarray):
            x, (shift,) = call.by_channel(call.live(place), constant)
            return call.affine(x, 1, shift)
    return _sum(call)


def _sum(call: Call) -> Value:
    if len(call.lives) < len(call.inputs):
        raise Undeclared("adds a constant to several")
    if len(call.inputs) == 1:
        return call.live()
    return call.put(Add(), *_aligned(call))


def mean(call: Call) -> Value:
    """Mean of several."""
    return call.affine(_sum(call), 1 / len(call.inputs), 0)


def sub(call: Call) -> Value:
    """Sub of a constant, from one, or of other maps, which are then added with the other sign."""
    if isinstance(call.given(0), np.ndarray):
        x, (shift,) = call.by_channel(call.live(1), call.constant(0, "numbers"))
        return call.affine(x, -1, shift)
    if isinstance(call.given(1), np.ndarray):
        x, (shift,) = call.by_channel(call.live(), call.constant(1, "numbers"))
        return call.affine(x, 1, -shift)
    a, b = _aligned(call)
    return call.put(Add(), a, call.affine(b, -1, 0))


def negative(call: Call) -> Value:
    """Neg."""
    return call.affine(call.live(), -1, 0)


def div(call: Call) -> Value:
    """Div by a constant."""
    x, (divisor,) = call.by_channel(call.live(), call.constant(1, "divisors"))
    if not divisor.all():
        raise Undeclared("divides by 0")
    return call.affine(x, 1 / divisor, 0)


def mul(call: Call) -> Value:
    """Mul by a constant, by maps of the same shape, or by one number a channel."""
    for place, other in ((0, 1), (1, 0)):
        constant = call.given(other)
        if isinstance(constant, np.ndarray):
            x, (gain,) = call.by_channel(call.live(place), constant)
            return call.affine(x, gain, 0)
    building = call.building
    a, b = call.live(0), call.live(1)
    if building.same(a, b):
        return call.put(Multiply(), a, b)
    x, gate = (a, b) if prod(building.shape(a)) > prod(building.shape(b)) else (b, a)
    gate = _gate(call, x, gate)
    return call.put(Multiply(), x, gate)


def _gate(call: Call, x: Value, gate: Value) -> Value:
    """A list of one number for each of our channels of x. Raises Undeclared where it is not that."""
    shape, own = call.building.shape(x), call.building.shape(gate)
    if len(shape) != 3 or prod(own) != shape[2] or len(gate.layout.axes) > len(x.layout.axes):
        raise Undeclared(f"multiplies {call.building.described(x)} by {call.building.described(gate)}")
    try:
        spread = np.broadcast_to(gate.layout.places(own), x.layout.shape(1))
    except ValueError:
        raise Undeclared(f"multiplies {call.building.described(x)} by {call.building.described(gate)}") from None
    if (x.layout.ours(spread, 1, shape) != np.arange(shape[2])).any() or gate.layout.axes[0] != (PICTURES,):
        raise Undeclared("multiplies by what is not one number for each channel")
    return call.building.flattened(gate)


def _aligned(call: Call) -> list[Value]:
    """Values of one shape and one order."""
    one, *others = call.lives
    flat = any(len(call.building.shape(value)) == 1 for value in call.lives)
    values = [call.building.flattened(value) if flat else value for value in (one, *others)]
    if not all(call.building.same(values[0], other) for other in values[1:]):
        shapes = " and ".join(call.building.described(value) for value in call.lives)
        raise Undeclared(f"joins {shapes}, of which one is spread over the other")
    return values


def concat(call: Call) -> Value:
    """Concat of channels."""
    if len(call.lives) < len(call.inputs):
        raise Undeclared("joins constants to what depends on the picture")
    building, values = call.building, call.lives
    axis = call.setting("axis") % len(values[0].layout.axes)
    if axis == 0 and values[0].layout.axes[0] == (PICTURES,):
        raise Mixed
    for value in values:
        order = building.order(value, axis)
        if not np.array_equal(order, np.arange(len(order))):
            raise Undeclared("joins lists that are in another order here")
    plain = [_one_channel_axis(building.shape(value), value.layout, axis) for value in values]
    if len({(layout.sizes[:-1], layout.axes) for layout in plain}) > 1:
        raise Undeclared("joins arrays that lie in different orders")
    channels = sum(building.shape(value)[-1] for value in values)
    layout = Layout((*plain[0].sizes[:-1], channels), plain[0].axes)
    return values[0] if len(values) == 1 else call.put(Concat(), *values, layout=layout)


def _one_channel_axis(shape: Shape, layout: Layout, axis: int) -> Layout:
    """The same layout with channels that are not split."""
    before = layout.sizes[: len(layout.sizes) - len(layout.split(shape)[-1])]
    groups = [group if place != axis else (len(before) + 1,) for place, group in enumerate(layout.axes)]
    return Layout((*before, shape[-1]), tuple(groups))


# ---- probabilities


def softmax(call: Call) -> Value:
    """Softmax and LogSoftmax over the channels, or over all of a list."""
    kind = Softmax if call.operator == "Softmax" else LogSoftmax
    x = call.live()
    rank, old = len(x.layout.axes), call.opset < 13
    axis = call.setting("axis", 1 if old else -1) % rank
    along = x.layout.long(*range(axis, rank) if old else [axis])
    if PICTURES in along:
        raise Mixed
    every = range(1, len(x.layout.sizes) + 1)
    if _last(call, x, along):
        return call.put(kind(), x)
    if sorted(along) == [one for one in every if x.layout.size(one, 1) > 1]:
        return call.put(kind(), call.building.flattened(x))
    raise Undeclared("works along an axis that is not the channels")


def exp(call: Call) -> Value:
    """Exp of what logsoftmax made is softmax."""
    node = call.building.nodes.get(call.live().name)
    if node is None or not isinstance(node.layer, LogSoftmax):
        raise Undeclared("is of something else than the logarithms of probabilities")
    return call.put(Softmax(), Value(node.inputs[0], call.live().layout))


def _last(call: Call, x: Value, along: Sequence[int]) -> bool:
    """Whether these are our channels."""
    return sorted(along) == [one for one in call.building.channels(x) if x.layout.size(one, 1) > 1]


# ---- order alone


def same(call: Call) -> Value:
    """Identity, and Dropout once training is over."""
    share, mode = call.optional(1, "a share"), call.optional(2, "a mode")
    if mode is not None and mode.any() and (share is None or share.any()):
        raise Undeclared("is set to training, and switches cells off by chance")
    return call.live()


def cast(call: Call) -> Value:
    """Cast to decimal numbers: here, every number keeps the digits it has."""
    if call.setting("to") not in FLOATS:
        raise Undeclared("makes numbers that are not decimal")
    return call.live()


def transpose(call: Call) -> Value:
    """Transpose."""
    x = call.live()
    order = call.setting("perm") or range(len(x.layout.axes))[::-1]
    return Value(x.name, x.layout.transposed(order))


def reshape(call: Call) -> Value:
    """Reshape: 0 is the size before, -1 what is left."""
    x = call.live()
    given = call.setting("shape")
    target = list(call.constant(1, "sizes").tolist() if given is None else given)
    shape = x.layout.shape(call.building.n)
    if not call.setting("allowzero", 0):
        target = [shape[place] if size == 0 else size for place, size in enumerate(target)]
    if -1 in target:
        known = prod(size for size in target if size != -1)
        target[target.index(-1)] = prod(shape) // known if known else 0
    return ordered(call, x, target)


def flatten(call: Call) -> Value:
    """Flatten."""
    x = call.live()
    shape = x.layout.shape(call.building.n)
    axis = call.setting("axis", 1)
    axis = axis + len(shape) if axis < 0 else axis
    return ordered(call, x, [prod(shape[:axis]), prod(shape[axis:])])


def squeeze(call: Call) -> Value:
    """Squeeze: axes of size 1 are left out."""
    x = call.live()
    groups = x.layout.axes
    axes = _axes(call)
    shape = x.layout.shape(call.building.n)
    gone = {axis % len(groups) for axis in axes} if axes else {axis for axis, size in enumerate(shape) if size == 1}
    if not axes and call.building.n == 1:
        gone -= {0}  # one picture now may be several later
    if any(shape[axis] != 1 for axis in gone):
        raise ShapeError(f"cannot leave out the axes {sorted(gone)} of {call.building.described(x)}")
    return Value(x.name, Layout(x.layout.sizes, tuple(g for axis, g in enumerate(groups) if axis not in gone)))


def unsqueeze(call: Call) -> Value:
    """Unsqueeze: axes of size 1 are put in."""
    x = call.live()
    axes = _axes(call)
    rank = len(x.layout.axes) + len(axes)
    new, groups = {axis % rank for axis in axes}, iter(x.layout.axes)
    return ordered(call, x, None, tuple(() if axis in new else next(groups) for axis in range(rank)))


def _axes(call: Call) -> list[int]:
    given = call.optional(1, "axes")
    return list(call.setting("axes") or []) if given is None else given.tolist()


def ordered(
    call: Call, x: Value, target: Sequence[int] | None, axes: tuple[tuple[int, ...], ...] | None = None
) -> Value:
    """The same numbers under other axes."""
    if target is not None:
        layout = x.layout.reshaped(target, call.building.n)
        if layout is None:
            raise Undeclared(f"makes {list(target)} of {call.building.described(x)}, which cuts across its axes")
        return Value(x.name, layout)
    assert axes is not None
    if axes[0] == () and not any(PICTURES in group for group in axes):  # the picture's axis comes back
        axes = ((PICTURES,), *axes[1:])
    return Value(x.name, Layout(x.layout.sizes, axes))


OPERATORS: dict[str, Convert] = {
    "Add": add,
    "AveragePool": average_pool,
    "BatchNormalization": batch_norm,
    "Cast": cast,
    "Clip": clip,
    "Concat": concat,
    "Conv": conv,
    "Div": div,
    "Dropout": same,
    "Exp": exp,
    "Flatten": flatten,
    "Gelu": gelu,
    "Gemm": gemm,
    "GlobalAveragePool": global_mean,
    "GlobalMaxPool": global_max,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": curve,
    "Identity": same,
    "LRN": lrn,
    "LeakyRelu": leaky,
    "LogSoftmax": softmax,
    "MatMul": matmul,
    "MaxPool": max_pool,
    "Mean": mean,
    "Mul": mul,
    "Neg": negative,
    "PRelu": prelu,
    "Pad": pad,
    "ReduceMax": reduce,
    "ReduceMean": reduce,
    "ReduceSum": reduce,
    "Relu": curve,
    "Reshape": reshape,
    "Sigmoid": curve,
    "Softmax": softmax,
    "Squeeze": squeeze,
    "Sub": sub,
    "Sum": add,
    "Swish": swish,
    "Tanh": curve,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
"""The operators of ONNX that are claimed: each becomes layers, or is said by the order of an array."""
