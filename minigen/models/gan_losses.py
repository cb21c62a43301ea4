"""What the two players of a GAN minimise: losses as functions of logits, and penalties on the discriminator's slope.

A discriminator's logit is high where it takes a datum for real. Every loss here is a pair of functions of the logits
r of real data and f of fakes, (N,) each, and a mean over the batch. With an optimal discriminator the generator
minimises a distance between the fakes' density q and the data's p:

    minimax          D: −log σ(r) − log(1 − σ(f))      G:  log(1 − σ(f))      Jensen-Shannon; σ(logit) = p/(p + q)
    nonsaturating    D: the same                       G: −log σ(f)           the same fixed point, larger slopes
    least-squares    D: ½ (r − 1)² + ½ f²              G:  ½ (f − 1)²         Pearson χ²; logit = p/(p + q)
    hinge            D: max(0, 1 − r) + max(0, 1 + f)  G: −f                  total variation; logit = sign(p − q)
    wasserstein      D: f − r                          G: −f                  needs a bound on D's slope
    relativistic     D: −log σ(r − f)                  G: −log σ(f − r)       pairs: "is this one realer than that?"

References:
    Generative Adversarial Networks. Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661 (minimax, nonsaturating)
    Least Squares Generative Adversarial Networks. Mao et al., 2017, https://arxiv.org/abs/1611.04076
    Geometric GAN. Lim, Ye, 2017, https://arxiv.org/abs/1705.02894 (hinge)
    Wasserstein GAN. Arjovsky, Chintala, Bottou, 2017, https://arxiv.org/abs/1701.07875
    The Relativistic Discriminator. Jolicoeur-Martineau, 2018, https://arxiv.org/abs/1807.00734
    The GAN Is Dead; Long Live the GAN! A Modern GAN Baseline (R3GAN). Huang, Gokaslan, Kuleshov, Tompkin, 2024,
    https://arxiv.org/abs/2501.05441
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..core import nn
from ..core.autograd import grad
from ..core.functional import relu, softplus, sqrt, square
from ..errors import UserError


class Loss(NamedTuple):
    """The discriminator's and the generator's loss of logits (N,) of real and fake, and what a logit means.

    Args:
        discriminator: (real, fake) to a scalar.
        generator: (real, fake) to a scalar.
        probability: logits as an array to p/(p + q), the probability that a datum is real; None where the optimal
            discriminator does not tell it.
        threshold: the logit at which the discriminator is undecided; None where only differences of logits count.
        pairs: whether the generator's loss looks at real logits too.
    """

    discriminator: Callable
    generator: Callable
    probability: Callable | None = None
    threshold: float | None = 0.0
    pairs: bool = False


def _sigmoid(logits):
    return 0.5 * (1 + np.tanh(0.5 * logits))


def _cross_entropy(real, fake):
    return softplus(-real).mean() + softplus(fake).mean()


def _least_squares(real, fake):
    return 0.5 * (square(real - 1).mean() + square(fake).mean())


def _hinge(real, fake):
    return relu(1 - real).mean() + relu(1 + fake).mean()


LOSSES = {
    "minimax": Loss(_cross_entropy, lambda real, fake: -softplus(fake).mean(), _sigmoid),
    "nonsaturating": Loss(_cross_entropy, lambda real, fake: softplus(-fake).mean(), _sigmoid),
    "least-squares": Loss(
        _least_squares,
        lambda real, fake: 0.5 * square(fake - 1).mean(),
        lambda logits: np.clip(logits, 0, 1),
        threshold=0.5,
    ),
    "hinge": Loss(_hinge, lambda real, fake: -fake.mean()),
    "wasserstein": Loss(lambda real, fake: fake.mean() - real.mean(), lambda real, fake: -fake.mean(), threshold=None),
    "relativistic": Loss(
        lambda real, fake: softplus(fake - real).mean(),
        lambda real, fake: softplus(real - fake).mean(),
        threshold=None,
        pairs=True,
    ),
}


def slope(logits, x):
    """‖∇ₓ D(x)‖² of each logit, (N,), differentiable in D's weights (a gradient of a gradient).

    Args:
        logits: D(x), (N,), each a function of its own datum only, or of its own pack of m.
        x: data (N, ...), or (N m, ...) pack after pack, that require a gradient.
    """
    (gradient,) = grad(logits.sum(), [x], create_graph=True)
    return square(gradient.reshape(logits.shape[0], -1)).sum(-1)


def zero_centred(logits, x):
    """½ E ‖∇ₓ D(x)‖²: the penalty R1 where x are real data, R2 where they are fakes; a scalar.

    It makes training converge near equilibrium, where the discriminator should be flat.
    Source: Which Training Methods for GANs do actually Converge? Mescheder, Geiger, Nowozin, 2018,
    https://arxiv.org/abs/1801.04406 (section 4.1)
    """
    return 0.5 * slope(logits, x).mean()


def one_centred(logits, x):
    """E (‖∇ₓ D(x)‖₂ − 1)²: the gradient penalty of WGAN-GP, for x between real data and fakes; a scalar.

    At a slope of exactly 0 the norm has no derivative; 10⁻¹² under the root makes it 0 there.
    Source: Improved Training of Wasserstein GANs. Gulrajani et al., 2017, https://arxiv.org/abs/1704.00028
    """
    return square(sqrt(slope(logits, x) + 1e-12) - 1).mean()


def between(real, fake, u):
    """u·real + (1 − u)·fake, tensors (N, ...): points on the lines from fakes to real data; u is (N,), in [0, 1)."""
    u = u.reshape(-1, *[1] * (real.ndim - 1))
    return u * real + (1 - u) * fake


PENALTIES = ("r1", "r2", "gp")


def require_independent(discriminator):
    """Raise UserError if a logit of ``discriminator`` depends on the other data of its batch, as under batch norm.

    Penalties bound the slope of each datum's own logit. Under batch statistics ∇ₓ of the summed logits mixes all of
    them, and the sum can be flat where each logit is steep: batch norm takes away every common shift.
    """
    for name, module in discriminator.named_modules():
        if isinstance(module, nn.BatchNorm):
            raise UserError(
                "a gradient penalty needs logits that depend on their own datum alone, but the discriminator's"
                f" {name or 'whole'} is a BatchNorm, whose statistics mix the batch: use --norm none or spectral, or no"
                " penalties"
            )
