"""A flow's certificate: its determinant, its inverse and its density, each proved by other means."""

import copy

import numpy as np

from ..core.autograd import no_grad
from ..core.random import Stream
from ..errors import UserError
from ..probability.bijectors import certify_density, certify_inverse, certify_log_det

TOLERANCES = {"float32": 2e-3, "float64": 1e-8}  # of the inverse, relative
JACOBIANS = 2  # data whose whole Jacobian is computed
LARGEST = 3072  # values of a datum, above which a Jacobian would take minutes


def check_flow(flow, x=None, rng=None, labels=None):
    """Prove that ``flow`` is a flow; print each finding and return them all.

    log_det against the whole Jacobian in float64, by our own autograd; inverse(forward(x)) against x in float32 and in
    float64; in the plane ∫ p over a box around 10,000 samples. Of a conditional model all are given the labels.

    Args:
        flow: a `Flow`.
        x: data (N, *shape); by default 64 samples of the flow itself.
        rng: a `Stream`; by default that of seed 0.
        labels: of x, for a conditional model.
    Returns:
        {"log_det": , "inverse float32": , "inverse float64": , "integral": } with the errors found, and ∫ p.
    Raises:
        CertificateError: one of them fails.
        UserError: data of more than 3,072 values, or x whose labels are missing.
    """
    if flow.spec.size > LARGEST:
        raise UserError(f"check computes whole Jacobians: {flow.spec.size} values are too many, at most {LARGEST}")
    rng = Stream(0) if rng is None else rng
    if x is None:
        labels = flow.labels_for(64, rng, labels)
        x = flow.sample(64, rng, labels)
    flow.check_shape(x)
    labels = flow.labels_of(x, labels)
    found = {}
    with_dtype = {name: copy.deepcopy(flow).to(name).eval() for name in TOLERANCES}
    y, context = _in_units(with_dtype["float64"], x[:JACOBIANS], rng, labels)
    found["log_det"] = certify_log_det(with_dtype["float64"].bijector, y, context)
    print(f"log |det| against the Jacobian of {len(y)} data: relative error {found['log_det']:.1e}")
    for name, twin in with_dtype.items():
        y, context = _in_units(twin, x, rng, labels)
        found[f"inverse {name}"] = error = certify_inverse(twin.bijector, y, context, TOLERANCES[name])
        print(f"inverse of {len(y)} data in {name}: relative error {error:.1e}")
    if flow.spec.shape == (2,):
        found["integral"] = _integral(with_dtype["float64"], rng, None if labels is None else labels[0])
        print(f"∫ p = {found['integral']:.4f}")
    return found


@no_grad()
def _in_units(flow, x, rng, labels):
    """The first data as the chain of bijectors takes them, an array, and their context."""
    y, _ = flow.observe(flow.tensor_of(x), rng.child("check"))
    return np.array(y.numpy()), flow.context_of(None if labels is None else labels[: len(x)])


def _integral(flow, rng, label):
    """∫ p(x), given the label if there is one, over a box that holds 10,000 samples with a quarter's margin."""
    drawn = flow.sample(10_000, rng.child("box"), label)
    low, high = drawn.min(0), drawn.max(0)
    margin = 0.25 * (high - low)

    def log_density(points):
        labels = None if label is None else np.full(len(points), label)
        return flow.log_prob(points, rng, labels).values

    return certify_density(log_density, low - margin, high + margin)
