"""PyTorch's own OpInfo sample inputs as an oracle: each sample, converted, beside torch's run of the same op.

Needs torch and expecttest (extra ``oracle``). Nothing here goes through `minigen.testing.oracle`: the conversions and
the counterparts are two independent readings of torch.
"""

import warnings
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch's own, about parts of itself
    from torch.testing._internal.common_methods_invocations import op_db

from ..core.tensor import Tensor
from .conditioning import condition_number
from .conversions import CONVERSIONS, Refused
from .law import tensors
from .parity import Errors, Ours, Theirs, compare

OPINFOS = {f"{op.name}/{op.variant_test_name}".rstrip("/"): op for op in op_db}


@dataclass
class Tally:
    """What became of the samples of one op.

    Args:
        opinfos: names of the OpInfos.
        total, converted, passed: numbers of samples; ``total`` = converted + refused.
        worst: the largest `Errors` of the converted ones.
        refusals: reasons, with their numbers.
        failures: a line for each sample that differs by more than allowed, or raises.
        first_order: converted samples whose second derivative torch lacks.
        forward_only: converted samples without a derivative.
    """

    opinfos: list
    total: int = 0
    converted: int = 0
    passed: int = 0
    worst: Errors = field(default_factory=lambda: Errors(0.0, 0.0, 0.0))
    refusals: Counter = field(default_factory=Counter)
    failures: list = field(default_factory=list)
    first_order: int = 0
    forward_only: int = 0


def opinfo_tally(name, tolerances, seed=0, conversions=None):
    """Compare an op with torch on all samples of its OpInfos, in float64.

    Args:
        name: of the op in `minigen.functional`.
        tolerances: `Errors` that are allowed.
        seed: of torch's draws, and of the derivatives' directions.
        conversions: `Conversion`s to use; by default those of ``CONVERSIONS[name]``.
    Returns:
        A `Tally`; None for an op that no OpInfo is converted to.
    """
    conversions = CONVERSIONS.get(name) if conversions is None else conversions
    if not conversions:
        return None
    tally, rng = Tally([c.opinfo for c in conversions]), np.random.default_rng(seed)
    for conversion in conversions:
        for op, sample in _samples(conversion, seed):
            _add(tally, conversion, op, sample, tolerances, rng)
    return tally


def _samples(conversion, seed):
    op = OPINFOS[conversion.opinfo]
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        found = list(op.sample_inputs("cpu", torch.float64, requires_grad=op.supports_autograd))
    return [(op, sample) for sample in found if conversion.chosen(sample.kwargs)]


def _add(tally, conversion, op, sample, tolerances, rng):
    tally.total += 1
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # of torch, about shapes, and of NumPy, where a sample leaves the domain
            errors, order = _errors(conversion, op, sample, rng)
    except Refused as reason:
        tally.refusals[str(reason)] += 1
        return
    except Exception as error:
        tally.converted += 1
        tally.failures.append(f"{_described(conversion, sample)}: {type(error).__name__}: {error}")
        return
    tally.converted += 1
    tally.first_order += order == 1
    tally.forward_only += order == 0
    tally.worst = Errors(*map(max, tally.worst, errors))
    if all(error <= allowed for error, allowed in zip(errors, tolerances, strict=True)):
        tally.passed += 1
    else:
        tally.failures.append(f"{_described(conversion, sample)}: {errors}")


def _errors(conversion, op, sample, rng):
    """The `Errors` on one sample, and the order of derivative that was compared."""
    structure = [sample.input, list(sample.args), sample.kwargs]
    leaves = [x for x in _tensors(structure) if x.requires_grad]

    def ours(*xs):
        x, args, options = _replaced(structure, xs, _constant)
        return conversion.spell(x, *args, **options)

    def theirs(*xs):
        x, args, options = _replaced(structure, xs, torch.clone)
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):  # the others have no second derivative
            return op.op(x, *args, **options)

    order = 0 if not leaves else 2 if op.supports_gradgrad else 1
    errors = compare(
        Ours(ours, tensors([x.numpy(force=True) for x in leaves])),
        Theirs(theirs, [x.detach().clone() for x in leaves]),
        rng,
        order,
    )
    scale = condition_number(conversion.name, [x.numpy(force=True) for x in _tensors(structure)], sample.kwargs)
    return Errors(*(error / scale for error in errors)), order


def _tensors(structure):
    """torch's tensors within lists, tuples and dictionaries, in order."""
    if isinstance(structure, torch.Tensor):
        return [structure]
    if isinstance(structure, dict):
        structure = list(structure.values())
    return [x for part in structure for x in _tensors(part)] if isinstance(structure, list | tuple) else []


def _replaced(structure, leaves, constant):
    """The structure with its leaves, one after the other, exchanged for ``leaves``; other tensors by a function."""
    remaining = iter(leaves)

    def replace(part):
        if isinstance(part, torch.Tensor):
            return next(remaining) if part.requires_grad else constant(part)
        if isinstance(part, dict):
            return {key: replace(value) for key, value in part.items()}
        if isinstance(part, list | tuple):
            return (list if isinstance(part, list) else tuple)(map(replace, part))
        return part

    return replace(structure)


def _constant(x):
    """A tensor of numbers as a minigen tensor; of integers or booleans, as an array."""
    array = x.numpy(force=True)
    return Tensor(array) if x.is_floating_point() else array


def _described(conversion, sample):
    """OpInfo and shapes, for messages."""

    def text(part):
        if isinstance(part, torch.Tensor):
            return f"{str(part.dtype).removeprefix('torch.')}{tuple(part.shape)}"
        if isinstance(part, list | tuple):
            return f"[{', '.join(map(text, part))}]"
        return repr(part)

    parts = [text(sample.input), *map(text, sample.args), *(f"{k}={text(v)}" for k, v in sample.kwargs.items())]
    return f"{conversion.opinfo}({', '.join(parts)})"
