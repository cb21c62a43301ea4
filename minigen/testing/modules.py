"""Check what has parameters: layers and whole models, by their inputs and by every weight."""

import copy
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace

import numpy as np

from ..core.parameter import Parameter
from ..core.tensor import Tensor
from ..errors import UserError
from .gradients import check_gradients
from .law import arguments_of


def check_module(module, *inputs, **options):
    """Check the gradients of a module's outputs by its inputs and by all its parameters, in float64.

    A copy is checked; the module itself stays as it is. Buffers (running statistics, a dropout's counter) are put back
    before each call, so that a layer in training mode is a function too.

    Args:
        module: a `minigen.nn.Module`; of its parameters those that require a gradient.
        inputs: tensors or arrays of the shapes that ``module(*inputs)`` takes, batch first as there; integers and
            booleans are handed on.
        options: ``order``, ``rng``, ``directions``, ``tolerance``, ``method``, ``layouts`` of `check_gradients`.
    Raises:
        GradientError: a gradient is wrong; the message names the input, or the parameter as ``named_parameters`` does.

    Example:
        >>> import numpy as np
        >>> from minigen import nn
        >>> rng = np.random.default_rng(0)
        >>> check_module(nn.Linear(3, 2, rng=rng), rng.normal(size=(4, 3)), order=2)
    """
    twin = copy.deepcopy(module).to("float64")
    parameters = learning(twin)
    inputs = [in_double(x) for x in inputs]

    def f(*arguments):
        with holding(twin, dict(zip(parameters, arguments[len(inputs) :], strict=True))):
            return twin(*arguments[: len(inputs)])

    f.__name__ = type(module).__name__
    names = [*arguments_of(twin.forward, len(inputs)), *(f"parameter {name}" for name in parameters)]
    check_gradients(f, *inputs, *parameters.values(), names=names, **options)


def check_model(model, batch, rng, players=None, **options):
    """Check the gradient of a model's loss by all parameters, of each player its own, in float64.

    The loss must be what its gradient differentiates: an estimator whose gradient is that of another function on
    purpose (straight-through, `VAE.dreg`) is none of those.

    Args:
        model: a `minigen.models.Model`, or any module with ``loss(batch, rng, player)`` that returns a scalar tensor
            or named ones, among them "loss".
        batch: what the loss takes, such as a `minigen.data.Batch` of x (N, …) and labels (N,); a few data are enough.
        rng: a `Stream`; every call of the loss gets the same.
        players: those to check; all of ``model.players`` by default.
        options: as of `check_module`; by default one direction, along parameters in C order.
    Raises:
        GradientError: a gradient is wrong; the message names player and parameter.
        UserError: there is no such player.

    Example:
        >>> import numpy as np
        >>> from minigen import Stream, data, models
        >>> digits = data.load("digits")
        >>> model = models.VAE(models.VAEConfig(latent=2, hidden=(5,)), models.DataSpec((8, 8, 1), 17),
        ...                    rng=np.random.default_rng(0))
        >>> check_model(model, next(data.in_order(digits.test, 2)), Stream(0))
    """
    known = tuple(getattr(model, "players", ("model",)))
    unknown = sorted(set(players or ()) - set(known))
    if unknown:
        raise UserError(f"check_model got the players {unknown}; {type(model).__name__} has {', '.join(known)}")
    for player in players or known:
        _check_player(copy.deepcopy(model).to("float64"), in_double(batch), rng, player, options)


def _check_player(twin, batch, rng, player, options):
    own = twin.parameters_of(player) if hasattr(twin, "parameters_of") else twin.parameters()
    parameters = {name: p for name, p in learning(twin).items() if any(p is one for one in own)}

    def f(*arguments):
        with holding(twin, dict(zip(parameters, arguments, strict=True))):
            terms = twin.loss(batch, rng, player) if hasattr(twin, "players") else twin.loss(batch, rng)
        return terms["loss"] if isinstance(terms, dict) else terms

    f.__name__ = f"{type(twin).__name__}'s loss" + (f" for the {player}" if player != "model" else "")
    options = {"directions": 1, "layouts": (), **options}
    check_gradients(f, *parameters.values(), names=[f"parameter {name}" for name in parameters], **options)


def learning(module):
    """{dotted name: parameter} of those that require a gradient; a tied one once."""
    return {name: p for name, p in module.named_parameters() if p.requires_grad}


def in_double(value):
    """``value`` with every float array and tensor in it, in tuples, dicts and dataclasses too, as float64."""
    if isinstance(value, Tensor):
        return value.detach().to("float64") if value.dtype.kind == "f" else value
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if value.dtype.kind == "f" else value
    if isinstance(value, dict):
        return {key: in_double(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        items = [in_double(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: in_double(getattr(value, f.name)) for f in fields(value) if f.init})
    return value


@contextmanager
def holding(module, tensors):
    """Inside, the module computes with ``tensors`` {dotted name: tensor} in the place of those parameters.

    Buffers start as they were at the first time, whatever earlier calls made of them.
    """
    places = _places(module)
    _put_back(module)
    given = dict(module.named_parameters())
    stand_ins = {id(given[name]): _StandIn(x) for name, x in tensors.items()}
    for owner, name, parameter in places:
        vars(owner)[name] = stand_ins.get(id(parameter), parameter)
    try:
        yield
    finally:
        for owner, name, parameter in places:
            vars(owner)[name] = parameter


def _places(module):
    """(module, attribute, parameter) of all parameters; a tied one at each of its places."""
    return [
        (owner, name, value)
        for owner in module.modules()
        for name, value in vars(owner).items()
        if isinstance(value, Parameter)
    ]


def _put_back(module):
    """Buffers as at the first call: each is remembered then, and written only where it changed."""
    seen = vars(module).setdefault("_buffers_before", {})
    for name, buffer in module.named_buffers():
        before = seen.setdefault(name, buffer.numpy().copy())
        if not np.array_equal(before, buffer.numpy(), equal_nan=before.dtype.kind == "f"):
            buffer.copy_(before)


class _StandIn(Parameter):
    """A parameter whose values, and whose place in the graph, are those of another tensor."""

    __slots__ = ("_source",)

    def __init__(self, source):
        super().__init__(0.0)
        self._source, self._array, self.version = source, source._array, source.version
        self.requires_grad = source.requires_grad

    @property
    def edge(self):
        """The source's, so that gradients arrive there."""
        return self._source.edge if self.requires_grad else None
