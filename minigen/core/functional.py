"""The public list of ops, by torch's names: ``from minigen import functional as F``."""

from .ops.activation import elu, gelu, leaky_relu, logsigmoid, relu, sigmoid, silu, softplus
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
from .ops.elementwise import cos, erf, exp, expm1, log, log1p, logaddexp, reciprocal, rsqrt, sin, sqrt, square, tanh
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
from .ops.noise import dropout
from .ops.norm import batch_norm, batch_norm_train, group_norm, instance_norm, layer_norm, rms_norm
from .ops.pool import avg_pool2d, interpolate, max_pool2d
from .ops.reduce import (
    amax,
    amin,
    argmax,
    argmin,
    cumsum,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    softmax,
    std,
    sum,
    sum_to_size,
    var,
)  # fmt: skip
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

__all__ = [
    "abs", "add", "amax", "amin", "argmax", "argmin", "avg_pool2d", "batch_norm", "batch_norm_train",
    "bernoulli_log_prob", "binary_cross_entropy_with_logits", "cat", "chunk", "clamp", "clone", "conv1d", "conv2d",
    "conv_transpose2d", "cos", "cross_entropy", "cumsum", "div", "dropout", "elu", "embedding", "eq", "erf", "exp",
    "expand", "expm1", "flatten", "flip", "gather", "gaussian_nll_loss", "ge", "gelu", "getitem", "group_norm", "gt",
    "huber_loss", "index_select", "instance_norm", "interpolate", "isfinite", "isnan", "kl_div", "l1_loss",
    "layer_norm", "le", "leaky_relu", "lerp", "linear", "log", "log1p", "log_softmax", "logaddexp", "logical_and",
    "logical_not", "logical_or", "logsigmoid", "logsumexp", "lt", "matmul", "max", "max_pool2d", "maximum", "mean",
    "min", "minimum", "movedim", "mse_loss", "mul", "narrow", "ne", "neg", "nll_loss", "norm", "outer", "pad",
    "permute", "pow", "prod", "reciprocal", "relu", "reshape", "rms_norm", "rsqrt", "scaled_dot_product_attention",
    "scatter_add", "sigmoid", "sign", "silu", "sin", "smooth_l1_loss", "softmax", "softplus", "split", "sqrt",
    "square", "squeeze", "stack", "std", "sub", "sum", "sum_to_size", "take_along_dim", "tanh", "transpose",
    "unsqueeze", "var", "where",
]  # fmt: skip
