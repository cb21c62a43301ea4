"""Module: a function with parameters.

    class Encoder(Module):
        def __init__(self, *, rng):
            self.hidden = Linear(784, 200, rng=rng)
            self.out = Linear(200, 50, rng=rng)

        def forward(self, x):
            return self.out(self.hidden(x).tanh())

Attributes that are a `Parameter` or a `Module` belong to the module by their type; there is no base constructor
that could be forgotten. Other tensors that are state (running statistics) are made known by ``register_buffer``.
"""

from contextlib import contextmanager

import numpy as np

from ...errors import CheckpointError, DTypeError, MinigenError, UserError
from ..autograd import named_scope
from ..autograd.modes import repeated
from ..autograd.modes import state as modes
from ..parameter import Parameter
from ..tensor import Tensor
from .tree import tree


class Module:
    """The base of all layers and models; subclasses write ``forward``."""

    training = True
    _name = None  # the attribute that holds it in its parent, for the module path of anomaly()

    def forward(self, *args, **kwargs):
        """What the module computes; call the module itself, ``module(x)``."""
        raise UserError(f"{type(self).__name__} has no forward(), so it cannot be called")

    def __call__(self, *args, **kwargs):
        try:
            if modes.watch is None:
                return self.forward(*args, **kwargs)
            with named_scope(self._name or type(self).__name__):
                return self.forward(*args, **kwargs)
        except MinigenError as error:  # one line from each module on the way out, the innermost first
            error.add_note(f"  in {self._name or 'the module'} ({type(self).__name__})")
            raise

    def __setattr__(self, name, value):
        held = vars(self).get(name)
        if isinstance(held, Parameter) and isinstance(value, Tensor) and not isinstance(value, Parameter):
            raise UserError(
                f"{type(self).__name__}.{name} is a Parameter and would become a plain Tensor that nobody trains;"
                f" assign a Parameter, or write into it: .{name}.copy_(values)"
            )
        if isinstance(value, list | tuple | dict) and _holds_modules(value):
            raise UserError(
                f"{type(self).__name__}.{name} is a {type(value).__name__} of modules or parameters, which would"
                " never be trained or saved; use ModuleList or Sequential, or one attribute each"
            )
        if name in vars(self).get("_persistent", {}) and held is not None:
            self._check_buffer(name, held, value)
        object.__setattr__(self, name, value)
        if isinstance(value, Module) and value._name is None:  # a shared module keeps its first name
            value._called(name)

    def _check_buffer(self, name, held, value):
        if not isinstance(value, Tensor) or value.shape != held.shape:
            got = f"a tensor of shape {value.shape}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
            raise UserError(
                f"{type(self).__name__}.{name} is a buffer of shape {held.shape}, got {got}; write into it:"
                f" .{name}.copy_(values)"
            )

    def _called(self, name):
        """Take the name under which the parent holds this module."""
        object.__setattr__(self, "_name", name)

    def register_buffer(self, name, value, persistent=True):
        """Hold ``value`` (an array or a tensor) as the attribute ``name``: state that no gradient trains.

        It follows ``to`` and, if ``persistent``, is part of the state_dict.
        """
        if not name.isidentifier() or hasattr(self, name):
            raise UserError(f"{type(self).__name__} cannot have a buffer {name!r}: no identifier, or the name is taken")
        vars(self).setdefault("_persistent", {})[name] = persistent
        setattr(self, name, value if isinstance(value, Tensor) else Tensor(value))

    # what it holds

    def named_children(self):
        """(name, module) of each direct submodule; one held under two names comes twice."""
        return [(name, value) for name, value in vars(self).items() if isinstance(value, Module)]

    def children(self):
        """The direct submodules."""
        return [module for _, module in self.named_children()]

    def named_modules(self, prefix=""):
        """(dotted name, module) of this module ("" or ``prefix``) and all below, parents first, each once."""
        found, seen = [], set()
        for name, module in self._all_modules(prefix):
            if id(module) not in seen:
                seen.add(id(module))
                found.append((name, module))
        return found

    def modules(self):
        """This module and all below, parents first, each once."""
        return [module for _, module in self.named_modules()]

    def _all_modules(self, prefix):
        """As `named_modules`, but a shared module under all of its names."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child._all_modules(f"{prefix}.{name}" if prefix else name)

    def _own(self, kind):
        """(name, tensor) held here: kind "parameter", "buffer" (all of them) or "persistent" (parameters too)."""
        persistent = vars(self).get("_persistent", {})
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                if kind != "buffer":
                    yield name, value
            elif (
                isinstance(value, Tensor)
                and name in persistent
                and (kind == "buffer" or (kind == "persistent" and persistent[name]))
            ):
                yield name, value

    def _tensors(self, kind):
        """(dotted name, tensor) of all modules below; a tied tensor under all of its names."""
        for prefix, module in self._all_modules(""):
            for name, tensor in module._own(kind):
                yield f"{prefix}.{name}" if prefix else name, tensor

    def named_parameters(self):
        """(dotted name, parameter) of all parameters here and below; a tied parameter once, by its first name."""
        return _once(self._tensors("parameter"))

    def parameters(self):
        """All parameters here and below, a tied one once."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_buffers(self):
        """(dotted name, tensor) of all buffers here and below, each once."""
        return _once(self._tensors("buffer"))

    # saving and loading

    def state_dict(self):
        """Copies of all parameters and persistent buffers: {dotted name: array}; a tied one under all of its names."""
        return {name: np.array(tensor.numpy()) for name, tensor in self._tensors("persistent")}

    def load_state_dict(self, state):
        """Write ``state``, as `state_dict` gave it, into the parameters and buffers, in place.

        Raises:
            CheckpointError: a name is missing or unexpected, or a shape or dtype differs; nothing was changed.
        """
        own = dict(self._tensors("persistent"))
        problems = [f"missing: {name} {tensor.shape}" for name, tensor in own.items() if name not in state]
        problems += [f"unexpected: {name}" for name in state if name not in own]
        for name in own.keys() & state.keys():
            tensor, array = own[name], np.asarray(state[name])
            if array.shape != tensor.shape:
                problems.append(f"{name} has shape {array.shape}, the model {tensor.shape}")
            elif array.dtype != tensor.dtype:
                problems.append(
                    f"{name} is {array.dtype}, the model {tensor.dtype} (module.to(dtype) converts the model)"
                )
        problems += _torn(own, state)
        if problems:
            raise CheckpointError(
                f"the state does not fit {type(self).__name__}, nothing was loaded; build the model with the"
                " configuration it was saved with:\n  " + "\n  ".join(sorted(problems))
            )
        for name, tensor in own.items():
            tensor.copy_(np.asarray(state[name]))

    # modes

    def train(self, mode=True):
        """Set ``training`` here and below (dropout drops, batch norm uses the batch's statistics); returns self."""
        for module in self.modules():
            module.training = bool(mode)
        return self

    def eval(self):
        """``train(False)``: for evaluation and sampling; returns self."""
        return self.train(False)

    def requires_grad_(self, flag=True):
        """Freeze (False) or thaw all parameters; returns self."""
        for parameter in self.parameters():
            parameter.requires_grad_(flag)
        return self

    @contextmanager
    def frozen(self):
        """Inside ``with module.frozen():`` gradients flow through the module to its input, and reach no parameter.

        Afterwards each parameter requires a gradient as before; so a GAN's generator learns from a discriminator whose
        weights' gradients nobody computes.
        """
        learning = [parameter for parameter in self.parameters() if parameter.requires_grad]
        for parameter in learning:
            parameter.requires_grad_(False)
        try:
            yield self
        finally:
            for parameter in learning:
                parameter.requires_grad_()

    @repeated
    def zero_grad(self):
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def to(self, dtype):
        """Convert all parameters and floating-point buffers to ``dtype``, "float32" or "float64"; returns self.

        They move to other memory and lose their gradients: make optimisers and averages afterwards; older ones
        refuse to step.
        """
        dtype = np.dtype(dtype)
        if dtype.kind != "f":
            raise DTypeError(f"to({dtype}): parameters are floating-point; use float32 or float64")
        for _, tensor in [*self.named_parameters(), *self.named_buffers()]:
            if tensor.dtype == dtype or tensor.dtype.kind != "f":
                continue
            if isinstance(tensor, Parameter):
                tensor.rebind(np.empty(tensor.shape, dtype))
            else:
                tensor._array = tensor._array.astype(dtype)
            tensor.changed()
        return self

    # how it looks

    def extra_repr(self):
        """The hyper-parameters, as `repr` shows them between the parentheses; subclasses say theirs."""
        return ""

    def __repr__(self):
        return tree(self)


def _once(named):
    seen, found = set(), []
    for name, tensor in named:
        if id(tensor) not in seen:
            seen.add(id(tensor))
            found.append((name, tensor))
    return found


def _torn(own, state):
    """Complaints about tied tensors whose names carry different values in ``state``."""
    first, problems = {}, []
    for name, tensor in own.items():
        other = first.setdefault(id(tensor), name)
        if (
            other != name
            and name in state
            and other in state
            and not np.array_equal(state[name], state[other], equal_nan=True)
        ):
            problems.append(f"{name} and {other} are tied in the model but differ in the state")
    return problems


def _holds_modules(value):
    """Whether a list, tuple or dict, or one nested in it, holds a module or a parameter."""
    if isinstance(value, Module | Parameter):
        return True
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return False
    return any(_holds_modules(item) for item in value)
