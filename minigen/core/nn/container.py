"""Modules in order: Sequential calls them one after the other, ModuleList only holds them."""

from ...errors import UserError
from .. import functional as F
from ..autograd.modes import state
from .activation import ReLU, Tanh
from .linear import Linear
from .module import Module

_JOINED = {ReLU: F.linear_relu, Tanh: F.linear_tanh}
_NETWORKS = {ReLU: F.relu_mlp, Tanh: F.tanh_mlp}


def call_in_turn(modules, x):
    """f_n(… f₂(f₁(x))) of a list of modules; a `Linear` with `ReLU` or `Tanh` behind it is one op of the two.

    So are all of `Linear`, `ReLU`, `Linear`, …, `Linear`, and those with `Tanh`. Under `anomaly`, which is to name the
    module, each is called by itself.
    """
    i = 0
    while i < len(modules):
        module, behind = modules[i], modules[i + 1] if i + 1 < len(modules) else None
        joined = _JOINED.get(type(behind)) if type(module) is Linear and state.watch is None else None
        network = _network(modules[i:], x, type(behind)) if joined else ()
        if network:
            x = _NETWORKS[type(behind)](x, *[p for layer in network for p in (layer.weight, layer.bias)])
            i += 2 * len(network) - 1
        else:
            x = module(x) if joined is None else module(x, joined)
            i += 1 if joined is None else 2
    return x


def _network(modules, x, activation):
    """The layers of the leading `Linear`, activation, `Linear`, …, `Linear`; none where this activation follows too.

    Nor where layers do not fit each other, or x: called by themselves, they say which.
    """
    layers, features = [], x.shape[-1] if x.ndim else None
    for layer, behind in zip(modules[::2], [*modules[1::2], None], strict=False):
        if type(layer) is not Linear or layer.bias is None or layer.in_features != features:
            return ()
        layers.append(layer)
        features = layer.out_features
        if type(behind) is not activation:
            return layers
    return ()


class ModuleList(Module):
    """A list of modules whose parameters count; call the members yourself: ``for block in blocks: x = block(x)``."""

    def __init__(self, modules=()):
        for module in modules:
            self.append(module)

    def forward(self, *args, **kwargs):
        raise UserError("a ModuleList cannot be called; call its members, or use Sequential")

    def append(self, module):
        """Add ``module`` at the end; returns self."""
        if not isinstance(module, Module):
            raise UserError(f"{type(self).__name__} got a {type(module).__name__}; its members must be Modules")
        setattr(self, str(len(self)), module)
        self._called(self._name)
        return self

    def _called(self, name):
        super()._called(name)
        for i, child in self.named_children():  # the list itself is never called: members carry its name in the path
            child._called(f"{name}.{i}" if name else i)

    def __getitem__(self, index):
        """The module at an integer; for a slice, a container of the same kind that shares the modules."""
        modules = self.children()
        if not isinstance(index, slice):
            return modules[index]
        part = type(self)()
        vars(part).update({str(i): module for i, module in enumerate(modules[index])})  # without renaming them
        return part

    def __len__(self):
        return len(self.children())

    def __iter__(self):
        return iter(self.children())


class Sequential(Module):
    """y = f_n(… f₂(f₁(x))): ``Sequential(Linear(…), Tanh(), Linear(…))``; can be indexed, sliced and iterated.

    A `Linear` and a `ReLU` or `Tanh` right behind it are computed by one op, and so are linear layers with one of
    them between.
    """

    def __init__(self, *modules):
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                raise UserError(
                    f"Sequential got a {type(module).__name__} at position {i}; pass modules, not a list of them"
                )
            setattr(self, str(i), module)

    def forward(self, x):
        return call_in_turn(self.children(), x)

    append, __getitem__ = ModuleList.append, ModuleList.__getitem__
    __len__, __iter__ = ModuleList.__len__, ModuleList.__iter__
