"""JAX's side, through jit, images channels last as in the twins."""

import jax
import jax.numpy as jnp
import numpy as np

from ..twins.layers_jax import LAYOUT
from .shapes import Convolution


def prepare(shape, operands):
    """As `calls_minigen.prepare`; a call waits for its result."""
    function, operands = _convolution(shape, operands) if isinstance(shape, Convolution) else _product(shape, operands)
    compiled = jax.jit(function)
    return {"JAX": lambda: compiled(*operands).block_until_ready()}


def _product(shape, operands):
    turned = [letter == "T" for letter in shape.layout]
    stored = [jnp.array(x.swapaxes(-1, -2) if t else x) for x, t in zip(operands, turned, strict=True)]

    def product(a, b):
        return (a.mT if turned[0] else a) @ (b.mT if turned[1] else b)

    return product, stored


def _convolution(shape, operands):
    def convolve(x, w):
        return jax.lax.conv_general_dilated(
            x, w, [shape.stride] * 2, [[shape.padding] * 2] * 2, dimension_numbers=LAYOUT
        )

    def input_grad(g, w):
        return jax.linear_transpose(lambda x: convolve(x, w), jax.ShapeDtypeStruct(shape.image, g.dtype))(g)[0]

    def weight_grad(x, g):
        return jax.linear_transpose(lambda w: convolve(x, w), jax.ShapeDtypeStruct(shape.weight, g.dtype))(g)[0]

    parts = {"forward": convolve, "input grad": input_grad, "weight grad": weight_grad}
    return parts[shape.part], [jnp.array(x) for x in operands]


def to_numpy(shape, result):
    """As it is: channels last."""
    return np.asarray(result)
