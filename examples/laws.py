"""One law for each blank of the path: what any right answer obeys, tried on numbers that the reader does not know.

Each ``check_…`` takes the reader's function, returns None where it obeys, and raises AssertionError, in words, where it
does not.
"""

import numpy as np

import minigen
from minigen import functional as F
from minigen.metrics import mode_report

RNG = np.random.default_rng(20)


def close(what, got, wanted, within):
    """Raise AssertionError unless two arrays agree to ``within`` · max(1, |wanted|)."""
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    assert got.shape == wanted.shape, f"{what}: got the shape {got.shape}, wanted {wanted.shape}"
    error = np.abs(got - wanted) / np.maximum(1, np.abs(wanted))
    assert (error <= within).all(), f"{what}: off by {np.max(error):.2g}, at most {within:.0e} is right"


def check_complex_step(complex_step):
    """01: the derivatives of four functions, to the last digits."""
    x = RNG.uniform(0.2, 2, 50)
    close("the derivative of exp", complex_step(np.exp, x), np.exp(x), 1e-14)
    close("the derivative of sin", complex_step(np.sin, x), np.cos(x), 1e-14)
    close("the derivative of x³ − x", complex_step(lambda x: x**3 - x, x), 3 * x**2 - 1, 1e-14)
    close("the derivative of log", complex_step(np.log, x), 1 / x, 1e-14)


def check_gradients(gradients):
    """02: the gradients of ½ E‖x W + b − y‖² along random directions, by central differences (exact for a square)."""
    for n, d, k in ((7, 3, 2), (5, 1, 1), (4, 6, 3)):
        x, y, w, b = (RNG.normal(size=shape) for shape in ((n, d), (n, k), (d, k), (k,)))
        towards = RNG.normal(size=w.shape), RNG.normal(size=b.shape)

        def loss(step, x=x, y=y, w=w, b=b, towards=towards):
            return 0.5 * ((x @ (w + step * towards[0]) + b + step * towards[1] - y) ** 2).sum(1).mean()

        by_w, by_b = gradients(x, y, w, b)
        assert by_w.shape == w.shape and by_b.shape == b.shape, f"got the shapes {by_w.shape} and {by_b.shape}"
        found = (by_w * towards[0]).sum() + (by_b * towards[1]).sum()
        close("the slope along a direction", found, (loss(0.5) - loss(-0.5)), 1e-11)


def check_kl(kl):
    """03: of two normals, in both directions, against the closed form; of a density with itself, nothing."""
    x = np.linspace(-15, 15, 6001)
    for _ in range(5):
        (m, n), (s, t) = RNG.uniform(-1, 1, 2), RNG.uniform(0.5, 1.5, 2)
        log_p, log_q = log_normal(x, m, s), log_normal(x, n, t)
        closed = np.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5
        close("KL(p ‖ q) of two normals", kl(log_p, log_q, x[1] - x[0]), closed, 1e-6)
        close("KL(p ‖ p)", kl(log_p, log_p, x[1] - x[0]), 0.0, 1e-12)


def check_posterior(posterior):
    """04: Bayes' theorem itself where products fit into floats, and no overflow where they do not."""
    likelihood, prior = RNG.uniform(0.01, 1, (40, 5)), RNG.dirichlet(np.ones(5))
    joint = likelihood * prior
    with np.errstate(all="ignore"):
        found = posterior(np.log(likelihood), np.log(prior))
        far = posterior(np.log(likelihood) - 5000, np.log(prior))
    close("p(y | x)", found, joint / joint.sum(1, keepdims=True), 1e-12)
    assert np.isfinite(far).all(), "images have log-likelihoods of −5,000: exp(−5000) is 0, and 0/0 is no probability"
    close("p(y | x) after a factor that all classes share", far, found, 1e-9)


def check_elbo(elbo):
    """05: log p(x) − KL(q(z) ‖ p(z | x)) in one dimension, by quadrature; equal to log p(x) at the true posterior."""
    z = np.linspace(-30, 30, 60_001)
    for _ in range(5):
        (x, w, m), (sigma, s) = RNG.normal(size=3), RNG.uniform(0.4, 1.5, 2)
        log_q = log_normal(z, m, s)
        integrand = np.exp(log_q) * (log_normal(x, w * z, sigma) + log_normal(z, 0, 1) - log_q)
        close("the ELBO", elbo(x, w, sigma, m, s), integrand.sum() * (z[1] - z[0]), 1e-8)
        precision = 1 + w**2 / sigma**2
        best = elbo(x, w, sigma, w * x / sigma**2 / precision, precision**-0.5)
        close("the ELBO of the true posterior", best, log_normal(x, 0, np.hypot(w, sigma)), 1e-10)


def check_reparameterise(reparameterise):
    """06: the noise keeps its place, mean and variance are right, and gradients reach both parameters."""
    mu, logvar = minigen.tensor(np.array([-1.0, 2.0])), minigen.tensor(np.log([4.0, 0.25]))
    mu.requires_grad_(), logvar.requires_grad_()
    epsilon = RNG.normal(size=(200_000, 2))
    z = reparameterise(mu, logvar, epsilon)
    close("the mean of z", z.numpy().mean(0), mu.numpy(), 0.02)
    close("the deviation of z", z.numpy().std(0), [2.0, 0.5], 0.02)
    found = minigen.grad(z.mean(0).sum(), [mu, logvar]) if z.requires_grad else (None, None)
    reached = all(one is not None for one in found)
    assert reached, "z must be made of μ and log σ² by operations of tensors alone, so that both get a gradient"
    by_mu, by_logvar = found
    close("∂z/∂μ", by_mu.numpy(), [1.0, 1.0], 1e-9)
    close("∂z/∂log σ²", by_logvar.numpy(), 0.5 * np.array([2.0, 0.5]) * epsilon.mean(0), 1e-9)


def check_best_discriminator(best_discriminator):
    """07: no other answer d gains more of p log d + q log(1 − d), at any of many pairs of densities."""
    p, q = RNG.uniform(0.01, 3, (2, 500))
    found = np.asarray(best_discriminator(p, q))
    assert found.shape == p.shape and ((found > 0) & (found < 1)).all(), "D must be a probability for each x"
    others = np.linspace(0.001, 0.999, 999)[:, None]
    gain = p * np.log(found) + q * np.log1p(-found)
    better = (p * np.log(others) + q * np.log1p(-others)).max(0) - gain
    assert better.max() <= 1e-9, f"another D gains {better.max():.2g} more where p = {p[better.argmax()]:.3f}"
    swapped = np.asarray(best_discriminator(q, p))
    close("D with real and fake exchanged", swapped, 1 - found, 1e-12)


def check_log_density(log_density):
    """08: the density of x integrates to 1 for rising, falling and bent maps to noise; a linear one's is normal."""
    x = np.linspace(-40, 40, 80_001)
    maps = {
        "f(x) = x": (lambda x: x, np.ones_like),
        "f(x) = 3 x + 1": (lambda x: 3 * x + 1, lambda x: np.full_like(x, 3.0)),
        "f(x) = 2 − x/2": (lambda x: 2 - x / 2, lambda x: np.full_like(x, -0.5)),
        "f(x) = arsinh x": (np.arcsinh, lambda x: 1 / np.sqrt(1 + x * x)),
        "f(x) = x + ½ sin x": (lambda x: x + 0.5 * np.sin(x), lambda x: 1 + 0.5 * np.cos(x)),
    }
    for name, (f, slope) in maps.items():
        with np.errstate(all="ignore"):
            total = np.exp(log_density(x, f, slope)).sum() * (x[1] - x[0])
        assert abs(total - 1) < 2e-3, f"with {name} the density integrates to {total:.4f}, not to 1"
    close("the density with f(x) = 2 − x/2", log_density(x, *maps["f(x) = 2 − x/2"]), log_normal(x, 4, 2), 1e-10)


def check_score(score):
    """09: the gradient of the log-density of the noised mixture, by minigen."""
    for sigma in (0.1, 1.0, 5.0):
        means, x = RNG.normal(size=(4, 2)), RNG.normal(size=(30, 2))
        there = minigen.tensor(x, requires_grad=True)
        squares = ((there.reshape(30, 1, 2) - means) ** 2).sum(-1)
        (wanted,) = minigen.grad(F.logsumexp(-squares / (2 * (0.3**2 + sigma**2)), 1).sum(), there)
        close(f"the score at noise {sigma}", score(x, means, 0.3, sigma), wanted.numpy(), 1e-9)


def check_captured(captured):
    """10: the count of minigen.metrics.mode_report, for samples that miss modes, crowd on one, or stray."""
    centres = np.array([(i, j) for i in range(3) for j in range(3)], float)
    shares = (np.full(9, 1 / 9), np.array([0.5, 0.5, *np.zeros(7)]), np.array([0.93, 0.06, 0.004, 0.006, *np.zeros(5)]))
    for share in shares:
        samples = centres[RNG.choice(9, 3000, p=share)] + 0.05 * RNG.normal(size=(3000, 2))
        wanted = mode_report(samples, centres, 0.05).captured
        assert captured(samples, centres, 0.05) == wanted, f"got {captured(samples, centres, 0.05)}, wanted {wanted}"
    strays = RNG.uniform(-0.5, 2.5, (3000, 2))
    wanted = mode_report(strays, centres, 0.05).captured
    assert captured(strays, centres, 0.05) == wanted, f"of uniform noise got {captured(strays, centres, 0.05)} modes"


def check_guided(guided):
    """11: with w the score of p(x) p(y | x)^(1 + w), for a mixture of normals whose scores are exact."""
    x = RNG.normal(size=50)
    for w in (-1.0, 0.0, 0.5, 3.0):
        there = minigen.tensor(x, requires_grad=True)
        first, second = -((there - 1.0) ** 2) / 2, -((there + 1.0) ** 2) / 2
        both = F.logaddexp(first, second)
        (unconditional,) = minigen.grad(both.sum(), there, retain_graph=True)
        (wanted,) = minigen.grad((both + (first - both) * (1 + w)).sum(), there)
        close(f"the guided score at w = {w}", guided(1.0 - x, unconditional.numpy(), w), wanted.numpy(), 1e-12)


def log_normal(x, mu, sigma):
    """log N(x; μ, σ²), elementwise."""
    return -0.5 * ((x - mu) / sigma) ** 2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)


def check_kernel_distance(kernel_distance):
    """12: the double loop over pairs, whatever the sizes; and no bias: over many halves of one set, nothing."""
    x, y = RNG.normal(size=(7, 3)), RNG.normal(0.5, 2, size=(5, 3))

    def k(a, b):
        return (np.dot(a, b) / 3 + 1) ** 3

    within = [np.mean([k(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j]) for z in (x, y)]
    between = np.mean([k(a, b) for a in x for b in y])
    close("the distance of 7 from 5 points", kernel_distance(x, y), sum(within) - 2 * between, 1e-10)
    halves = np.array([kernel_distance(*RNG.normal(size=(2, 20, 4))) for _ in range(500)])
    bias = halves.mean() / (halves.std() / np.sqrt(500))
    assert abs(bias) < 4, f"two draws of one distribution are apart by {halves.mean():.3f} on average, not by 0"
