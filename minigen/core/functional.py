"""The public list of ops, by torch's names: ``from minigen import functional as F``."""

from .ops.activation import (
    elu,
    gelu,
    hardtanh,
    leaky_relu,
    logsigmoid,
    mish,
    relu,
    selu,
    silu,
    softplus,
)  # fmt: skip
from .ops.arithmetic import (
    abs,
    add,
    clamp,
    div,
    lerp,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    sign,
    sub,
    where,
)  # fmt: skip
from .ops.attention import scaled_dot_product_attention
from .ops.conv import conv1d, conv2d, conv_transpose2d
from .ops.copies import clone
from .ops.coupling import affine_coupling
from .ops.dense import linear_relu, linear_tanh
from .ops.einsum import einsum
from .ops.elementwise import (
    erf,
    exp,
    exp2,
    expm1,
    log,
    log1p,
    log2,
    logaddexp,
    logit,
    reciprocal,
    rsqrt,
    sigmoid,
    sqrt,
    square,
)  # fmt: skip
from .ops.factorisations import cholesky, inv, slogdet, solve, solve_triangular
from .ops.gaussian import gaussian_bottleneck, standard_normal_log_prob
from .ops.index import embedding, gather, getitem, index_select, scatter_add, take_along_dim
from .ops.linalg import linear, matmul, outer
from .ops.logic import eq, ge, gt, isfinite, isnan, le, logical_and, logical_not, logical_or, lt, ne
from .ops.loss import (
    bernoulli_log_prob,
    binary_cross_entropy_with_logits,
    cross_entropy,
    gaussian_nll_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)  # fmt: skip
from .ops.mlp import relu_mlp, tanh_mlp
from .ops.moments import std, var
from .ops.noise import dropout
from .ops.norm import (
    batch_norm,
    batch_norm_leaky_relu,
    batch_norm_train,
    group_norm,
    group_norm_silu,
    instance_norm,
    layer_norm,
    rms_norm,
)  # fmt: skip
from .ops.pool import avg_pool2d, max_pool2d
from .ops.reduce import (
    amax,
    amin,
    argmax,
    argmin,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    prod,
    softmax,
    sum,
    sum_to_size,
)  # fmt: skip
from .ops.repeat import repeat_interleave, roll, tile
from .ops.resample import interpolate, pixel_shuffle, pixel_unshuffle
from .ops.scan import cumprod, cumsum
from .ops.shape import (
    cat,
    chunk,
    expand,
    flatten,
    flip,
    movedim,
    narrow,
    pad,
    permute,
    reshape,
    split,
    squeeze,
    stack,
    transpose,
    unsqueeze,
)  # fmt: skip
from .ops.sort import searchsorted, sort, topk
from .ops.spline import rational_quadratic_spline
from .ops.triangle import diagonal, tril, triu
from .ops.trigonometry import atan, cos, cosh, sin, sinh, tan, tanh
from .ops.vector_norm import norm

__all__ = [
    "abs", "add", "affine_coupling", "amax", "amin", "argmax", "argmin", "atan", "avg_pool2d", "batch_norm",
    "batch_norm_leaky_relu", "batch_norm_train", "bernoulli_log_prob", "binary_cross_entropy_with_logits", "cat",
    "cholesky", "chunk", "clamp", "clone", "conv1d", "conv2d", "conv_transpose2d", "cos", "cosh", "cross_entropy",
    "cumprod", "cumsum", "diagonal", "div", "dropout", "einsum", "elu", "embedding", "eq", "erf", "exp", "exp2",
    "expand", "expm1", "flatten", "flip", "gather", "gaussian_bottleneck", "gaussian_nll_loss", "ge", "gelu", "getitem",
    "group_norm", "group_norm_silu", "gt", "hardtanh", "huber_loss", "index_select", "instance_norm", "interpolate",
    "inv", "isfinite", "isnan", "kl_div", "l1_loss", "layer_norm", "le", "leaky_relu", "lerp", "linear", "linear_relu",
    "linear_tanh", "log", "log1p", "log2", "log_softmax", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logit", "logsigmoid", "logsumexp", "lt", "matmul", "max", "max_pool2d", "maximum", "mean", "min", "minimum",
    "mish", "movedim", "mse_loss", "mul", "narrow", "ne", "neg", "nll_loss", "norm", "outer", "pad", "permute",
    "pixel_shuffle", "pixel_unshuffle", "pow", "prod", "rational_quadratic_spline", "reciprocal", "relu", "relu_mlp",
    "repeat_interleave", "reshape", "rms_norm", "roll", "rsqrt", "scaled_dot_product_attention", "scatter_add",
    "searchsorted", "selu", "sigmoid", "sign", "silu", "sin", "sinh", "slogdet", "smooth_l1_loss", "softmax",
    "softplus", "solve", "solve_triangular", "sort", "split", "sqrt", "square", "squeeze", "stack",
    "standard_normal_log_prob", "std", "sub", "sum", "sum_to_size", "take_along_dim", "tan", "tanh", "tanh_mlp", "tile",
    "topk", "transpose", "tril", "triu", "unsqueeze", "var", "where",
]  # fmt: skip
