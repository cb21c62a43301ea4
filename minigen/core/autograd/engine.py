"""The backward pass: from outputs to inputs in reverse order of creation, each op once.

Every op is younger than the ops that made its inputs, so creation order *is* a topological order: no
recursion, and a chain of a million ops costs no stack. With the chain rule, the gradient of a scalar L by
the inputs of an op y = f(x) is its vector-Jacobian product: dL/dx = (dL/dy)ᵀ ∂f/∂x, and gradients that
reach a variable along several paths add up.
"""

from ... import backends
from ...errors import DTypeError, GraphError, ShapeError
from .modes import recording, state
from .variable import Variable


def backward(output, gradient=None, retain_graph=False):
    """Add d output / d leaf to ``leaf.grad`` for every leaf that ``output`` was computed from.

    Args:
        output: the Variable to differentiate; a scalar unless ``gradient`` is given.
        gradient: the vector of the vector-Jacobian product, of output's shape; 1 for a scalar.
        retain_graph: keep what the graph saved, for another pass.
    Raises:
        GraphError: nothing requires a gradient, or the graph was already used, or a saved array changed.
    """
    _propagate([output], [gradient], None, retain_graph, create_graph=False)


def grad(outputs, inputs, grad_outputs=None, create_graph=False, retain_graph=None):
    """Return Σ d outputs / d inputs, one tensor for each input; None for an input that was not used.

    Only the ops between the inputs and the outputs are gone through, and ``.grad`` of no tensor changes.

    Args:
        outputs: a tensor or a sequence of tensors; scalars unless ``grad_outputs`` is given.
        inputs: a tensor or a sequence of tensors that require gradients.
        grad_outputs: vectors of the vector-Jacobian product, of the outputs' shapes (None: ones for scalars).
        create_graph: record the backward pass itself, so that its results can be differentiated again.
        retain_graph: keep what the graph saved for another pass; by default as ``create_graph``.
    Raises:
        GraphError: an input does not require a gradient, the graph was already used, or a saved array changed.
    """
    outputs, inputs = _sequence(outputs), _sequence(inputs)
    gradients = [None] * len(outputs) if grad_outputs is None else _sequence(grad_outputs)
    if len(gradients) != len(outputs):
        raise GraphError(f"grad got {len(outputs)} outputs and {len(gradients)} grad_outputs; give one for each output")
    for i, x in enumerate(inputs):
        if not isinstance(x, Variable):
            raise GraphError(
                f"grad's input {i} is a {type(x).__name__}; it must be a tensor that the outputs came from"
            )
        if not x.requires_grad:
            raise GraphError(f"grad's input {i} does not require a gradient; make it with requires_grad=True")
    retain_graph = create_graph if retain_graph is None else retain_graph
    return _propagate(outputs, gradients, inputs, retain_graph, create_graph)


def _sequence(x):
    return [x] if isinstance(x, Variable) else list(x)


def _propagate(outputs, gradients, inputs, retain_graph, create_graph):
    """One backward pass; with ``inputs`` returns their gradients, without accumulates into the leaves."""
    targets = None if inputs is None else {x.edge for x in inputs}
    arrived = {}  # op -> for each of its outputs, the sum of the gradients that reached it so far; leaf -> [sum]
    for output, gradient in zip(outputs, gradients, strict=True):
        if output.edge is None:
            raise GraphError(
                "the output does not depend on any tensor that requires a gradient: nothing to differentiate"
            )
        _arrive(arrived, output.edge, _seed(output, gradient), targets)
    order = _creation_order([output.op for output in outputs if output.op is not None])
    leading = None if targets is None else _leading_to(targets, order)
    found, backend = {}, backends.activate(backends.current())
    filling, state.filling = state.filling, targets is None and not create_graph
    try:
        with recording(create_graph):
            while order:
                op = order.pop()
                received = arrived.pop(op, None)
                if targets is not None:
                    found.update({(op, i): g for i, g in enumerate(received or ()) if (op, i) in targets})
                    if op not in leading:
                        continue
                if received is not None:
                    for edge, gradient in _go_through(op, received, targets, leading):
                        _arrive(arrived, edge, gradient, targets)
                if not retain_graph:
                    op.release()
    finally:
        state.filling = filling
        backends.activate(backend)
    if inputs is not None:
        return [arrived.get(x, [None])[0] if x.op is None else found.get(x.edge) for x in inputs]


def _seed(output, gradient):
    """The gradient that the pass starts with at ``output``."""
    shape = output._array.shape
    if gradient is None:
        if output._array.size != 1:
            raise ShapeError(
                f"the output has shape {shape}, not one element: reduce it (.sum(), .mean()) or give the gradient that"
                " multiplies it from the left"
            )
        return output.wrap(backends.current().full(shape, 1, output._array.dtype))
    gradient = output.constant(gradient)
    if not isinstance(gradient, Variable) or gradient._array.shape != shape:
        got = gradient._array.shape if isinstance(gradient, Variable) else "() (a number)"
        raise ShapeError(f"the gradient given for an output of shape {shape} has shape {got}; they must be equal")
    if gradient._array.dtype != output._array.dtype:
        raise DTypeError(
            f"the gradient given for an output of {output._array.dtype} is {gradient._array.dtype}; use .to()"
        )
    return gradient


def _arrive(arrived, edge, gradient, targets):
    """Add ``gradient`` at ``edge``: leaves take it at once unless the caller asked for it."""
    node, index = edge
    leaf = isinstance(node, Variable)
    if leaf and targets is None:
        if state.tape is None:
            node.accumulate(gradient)
        else:
            state.tape.accumulate(node, gradient)
        return
    sums = arrived.get(node)
    if sums is None:
        sums = arrived[node] = [None] if leaf else [None] * node.output_count
    sums[index] = gradient if sums[index] is None else sums[index] + gradient


def _creation_order(roots):
    """All ops that ``roots`` depend on, oldest first."""
    found, stack = set(roots), list(roots)
    while stack:
        op = stack.pop()
        if op.edges is None:
            raise GraphError(
                f"going backward through {op.describe()} a second time: its saved arrays were released by the first;"
                " pass retain_graph=True there, or compute the output again"
            )
        for edge in op.edges:
            if edge is not None and edge[0] not in found and not isinstance(edge[0], Variable):
                found.add(edge[0])
                stack.append(edge[0])
    return sorted(found, key=lambda op: op.number)


def _leading_to(targets, order):
    """The ops of ``order`` that depend on a target."""
    leading = set()
    for op in order:
        if any(edge is not None and (edge in targets or edge[0] in leading) for edge in op.edges):
            leading.add(op)
    return leading


def _go_through(op, received, targets, leading):
    """The (edge, gradient) of those inputs of ``op`` whose gradient is wanted."""
    backends.activate(op.kernels)
    if state.watch is not None:
        with state.watch.backward_of(op):
            return _gradients(op, received, targets, leading)
    return _gradients(op, received, targets, leading)


def _gradients(op, received, targets, leading):
    results = op.backward(*received)
    results = results if type(results) is tuple else (results,)
    if len(results) != len(op.edges):
        raise GraphError(
            f"the backward of {op.describe()} returned {len(results)} gradients for {len(op.edges)} inputs"
        )
    found = []
    for i, (edge, gradient) in enumerate(zip(op.edges, results, strict=True)):
        if edge is None or gradient is None or (leading is not None and edge not in targets and edge[0] not in leading):
            continue
        if callable(gradient):
            gradient = gradient()
        if gradient._array.shape != op.shapes[i] or gradient._array.dtype != op.dtype:
            gradient = _fit(op, i, gradient)
        if state.watch is not None:
            state.watch.check(op, "backward", [g._array for g in received if g is not None], [gradient._array])
        found.append((edge, gradient))
    return found


def _fit(op, i, gradient):
    """The gradient of input ``i``, summed over the axes along which that input was broadcast."""
    if gradient._array.dtype != op.dtype:
        raise GraphError(
            f"the backward of {op.describe()} returned {gradient._array.dtype} for input {i} of {op.dtype}"
        )
    if not op.broadcasts:
        raise GraphError(
            f"the backward of {op.describe()} returned a gradient of shape {gradient._array.shape} for input {i} of"
            f" shape {op.shapes[i]}; return the input's shape, or set broadcasts = True if forward broadcasts"
        )
    return gradient.sum_to_size(op.shapes[i])
