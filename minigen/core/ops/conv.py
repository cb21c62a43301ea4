"""Convolution, channels last: images (N, H, W, C), weights (KH, KW, C/groups, O).

Three ops, each the derivative of the others, because y = x ∗ w is linear in x and in w: the convolution (also fused
with a bias), its gradient by the image (the adjoint, which is also the transposed convolution) and by the weight.
"""

from ...errors import ShapeError
from ..autograd import Op
from .arguments import integers, pair
from .shape import pad, squeeze, transpose, unsqueeze


class Conv2d(Op):
    """y[n,i,j,o] = Σ_{a,b,c} x[n, i·s + a·d − p, j·s + b·d − p, c] w[a,b,c,o];  see the two below."""

    saves = (0, 1)

    def forward(self, x, weight):
        return self.kernels.conv2d(x, weight, **self.geometry)

    def backward(self, g):
        x, weight = self.saved
        return (
            lambda: Conv2dInputGrad.apply(g, weight, input_size=x.shape[1:3], geometry=self.geometry),
            lambda: Conv2dWeightGrad.apply(x, g, kernel_size=weight.shape[:2], geometry=self.geometry),
        )


class Conv2dBias(Conv2d):
    """x ∗ w + b in one pass: the sums start from the bias (O,)."""

    def forward(self, x, weight, bias):
        return self.kernels.conv2d(x, weight, **self.geometry, bias=bias)

    def backward(self, g):
        return *super().backward(g), lambda: g.sum((0, 1, 2))


class Conv2dInputGrad(Op):
    """The adjoint of x ↦ x ∗ w: ⟨x ∗ w, g⟩ = ⟨x, adjoint(g, w)⟩."""

    saves = (0, 1)

    def forward(self, g, weight):
        return self.kernels.conv2d_input_grad(g, weight, self.input_size, **self.geometry)

    def backward(self, h):
        g, weight = self.saved
        return (
            lambda: _cropped(Conv2d.apply(h, weight, geometry=self.geometry), g.shape),
            lambda: Conv2dWeightGrad.apply(h, g, kernel_size=weight.shape[:2], geometry=self.geometry),
        )


class Conv2dWeightGrad(Op):
    """The adjoint of w ↦ x ∗ w: ⟨x ∗ w, g⟩ = ⟨w, adjoint(x, g)⟩."""

    saves = (0, 1)

    def forward(self, x, g):
        return self.kernels.conv2d_weight_grad(x, g, self.kernel_size, **self.geometry)

    def backward(self, h):
        x, g = self.saved
        return (
            lambda: Conv2dInputGrad.apply(g, h, input_size=x.shape[1:3], geometry=self.geometry),
            lambda: _cropped(Conv2d.apply(x, h, geometry=self.geometry), g.shape),
        )


def _cropped(y, shape):
    """y without the rows and columns beyond ``shape``: an output_padding of a stride or more leaves room for them."""
    return y if y.shape == shape else y[:, : shape[1], : shape[2]]


def _geometry(stride, padding, dilation, groups):
    return {
        "stride": pair(stride, "stride", 1),
        "padding": pair(padding, "padding", 0),
        "dilation": pair(dilation, "dilation", 1),
        "groups": groups,
    }


def _padded(x, kernel_size, stride, padding, dilation):
    """x and a padding in numbers for "valid" (none) and "same" (as many pixels out as in; an odd one at the end)."""
    if padding == "valid":
        return x, 0
    if padding != "same":
        raise ShapeError(f"padding is {padding!r}; it must be numbers, 'same' or 'valid'")
    if max(pair(stride, "stride", 1)) > 1:
        raise ShapeError(f"padding='same' got stride {stride}; only a stride of 1 keeps the size")
    total = [d * (k - 1) for k, d in zip(kernel_size, pair(dilation, "dilation", 1), strict=True)]
    if any(n % 2 for n in total):
        x = pad(x, (0, 0, 0, total[1] % 2, 0, total[0] % 2))
    return x, tuple(n // 2 for n in total)


def _check_kernel(weight, name):
    if 0 in weight.shape[:2]:
        raise ShapeError(f"{name} got weight {tuple(weight.shape)}; its kernel size must be at least 1")


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate images with kernels.

    Args:
        x: (N, H, W, C).
        weight: (KH, KW, C/groups, O).
        bias: (O,) or None.
        stride, padding, dilation: an int, or a pair (height, width); padding is by zeros, or "valid" (none), or
            "same" (so that the size stays, stride 1).
        groups: channels are cut into so many groups, convolved apart.
    Returns:
        (N, OH, OW, O) with OH = ⌊(H + 2 p − d (KH − 1) − 1) / s⌋ + 1.
    Raises:
        ShapeError: channels do not fit, or the kernel is empty or larger than the padded image.
    """
    if x.ndim != 4 or weight.ndim != 4:
        raise ShapeError(
            f"conv2d got x {tuple(x.shape)} and weight {tuple(weight.shape)};"
            " it needs (N, H, W, C) and (KH, KW, C/groups, O)"
        )
    (groups,) = integers(groups, "groups")
    _check_kernel(weight, "conv2d")
    if isinstance(padding, str):
        x, padding = _padded(x, weight.shape[:2], stride, padding, dilation)
    geometry = _geometry(stride, padding, dilation, groups)
    if groups < 1 or x.shape[3] != weight.shape[2] * groups or weight.shape[3] % groups:
        raise ShapeError(
            f"conv2d got {x.shape[3]} channels, weight {tuple(weight.shape)} and groups={groups}; channels must be"
            " weight.shape[2]·groups, and weight.shape[3] divisible by groups"
        )
    for axis in (0, 1):
        reach = geometry["dilation"][axis] * (weight.shape[axis] - 1) + 1
        padded = x.shape[1 + axis] + 2 * geometry["padding"][axis]
        if padded < reach:
            raise ShapeError(
                f"conv2d's kernel reaches over {reach} pixels of axis {1 + axis}, the padded image has {padded}"
            )
    if bias is None:
        return Conv2d.apply(x, weight, geometry=geometry)
    if bias.shape != weight.shape[3:]:
        raise ShapeError(f"conv2d got weight {tuple(weight.shape)} and bias {tuple(bias.shape)}; it needs a bias (O,)")
    return Conv2dBias.apply(x, weight, bias, geometry=geometry)


def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate sequences: x (N, L, C), weight (K, C/groups, O), bias (O,), to (N, OL, O); see `conv2d`."""
    if x.ndim != 3 or weight.ndim != 3:
        raise ShapeError(
            f"conv1d got x {tuple(x.shape)} and weight {tuple(weight.shape)}; it needs (N, L, C) and (K, C/groups, O)"
        )
    if not isinstance(padding, str):
        padding = (0, *integers(padding, "padding"))
    stride, dilation = (1, *integers(stride, "stride")), (1, *integers(dilation, "dilation"))
    return squeeze(conv2d(unsqueeze(x, 1), unsqueeze(weight, 0), bias, stride, padding, dilation, groups), 1)


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of conv2d as a layer: each pixel of x spreads a kernel over the output.

    Args:
        x: (N, H, W, C).
        weight: (KH, KW, C, O/groups), not flipped.
        bias: (O,) or None.
        output_padding: rows and columns added at the end, to choose among the sizes that conv2d maps to H.
    Returns:
        (N, OH, OW, O) with OH = (H − 1) s − 2 p + d (KH − 1) + output_padding + 1.
    Raises:
        ShapeError: channels do not fit, or an output size is not positive.
    """
    (groups,) = integers(groups, "groups")
    if x.ndim != 4 or weight.ndim != 4 or x.shape[3] != weight.shape[2] or groups < 1 or x.shape[3] % groups:
        raise ShapeError(
            f"conv_transpose2d got x {tuple(x.shape)}, weight {tuple(weight.shape)} and groups={groups}; it needs"
            " (N, H, W, C) and (KH, KW, C, O/groups), C divisible by groups"
        )
    _check_kernel(weight, "conv_transpose2d")
    geometry = _geometry(stride, padding, dilation, groups)
    extra = pair(output_padding, "output_padding", 0)
    for axis in (0, 1):
        if extra[axis] >= max(geometry["stride"][axis], geometry["dilation"][axis]):
            raise ShapeError(
                f"output_padding {extra} must be smaller than stride or dilation; conv2d could not produce that size"
            )
    size = tuple(
        (x.shape[1 + i] - 1) * geometry["stride"][i]
        - 2 * geometry["padding"][i]
        + geometry["dilation"][i] * (weight.shape[i] - 1)
        + extra[i]
        + 1
        for i in (0, 1)
    )
    if min(size) < 1:
        raise ShapeError(
            f"conv_transpose2d of {tuple(x.shape)} with weight {tuple(weight.shape)} gives {size} pixels: none are left"
        )
    y = Conv2dInputGrad.apply(x, transpose(weight, -1, -2), input_size=size, geometry=geometry)
    return y if bias is None else y + bias
