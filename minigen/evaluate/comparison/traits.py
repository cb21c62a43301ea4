"""What a family claims to be, measured on a trained model: facts that the course's sentences are judged by."""

import time

import numpy as np

from ...core.autograd import no_grad
from ...core.random import Stream
from ...core.tensor import tensor
from ...data import in_order
from ...metrics.spectrum import power_spectrum

N = 200
"""Data that a trait is measured on."""


def traits_of(model, dataset, samples, seed):
    """Named facts, fit for JSON, of a trained model and its ``samples`` (n, *shape); images or points."""
    rng, x = Stream(seed).child("traits"), next(in_order(dataset.test, N)).x
    facts = detail(x, samples) if dataset.kind == "images" else {}
    own = OWN.get(model.family)
    return facts | (own(model, x, rng) if own else {})


# detail: the upper half of the spatial frequencies


def upper_power(images):
    """The power of each image (N, H, W, C) in the upper half of its radial frequencies, (N,)."""
    spectra = power_spectrum(images)  # (N, F)
    return spectra[:, spectra.shape[1] // 2 :].sum(1)


def detail(real, samples):
    """The samples' mean power in the upper half of frequencies over the data's, and its standard error."""
    powers = [upper_power(images) for images in (samples, real)]
    ratio = powers[0].mean() / powers[1].mean()
    relative = np.hypot(*(p.std(ddof=1) / np.sqrt(len(p)) / p.mean() for p in powers))
    return {"detail": float(ratio), "detail_error": float(ratio * relative)}


# one function a family


def vae_traits(model, x, rng):
    """Whether detail comes back where pixels are drawn from p(x | z) instead of its mean."""
    if model.spec.levels is None:
        return {}
    noise = rng.child("latent").normal((len(x), model.noise_size), model.dtype)
    with no_grad():
        drawn = np.asarray(model.likelihood(model.outputs(tensor(noise))).sample(rng.child("pixels")))
    return {f"drawn_{name}": value for name, value in detail(x, np.clip(drawn, 0, 1)).items()}


def gan_traits(model, x, rng):
    """Where the loss defines it, how well the discriminator's probability is calibrated on real data and fakes."""
    if model.rule.probability is None or model.config.pack > 1:
        return {}
    fake = model.sample(len(x), rng)
    p = np.concatenate([model.probability_real(x), model.probability_real(fake)])
    real = np.repeat([1.0, 0.0], len(x))
    bins = np.clip((10 * p).astype(int), 0, 9)
    gap = sum(abs((p - real)[bins == b].sum()) for b in range(10)) / len(p)
    return {"calibration_error": float(gap)}


@no_grad()
def flow_traits(model, x, rng):
    """The error of x through the flow and back, in the chain's own continuous units, and the seconds of both ways."""
    y, _ = model.observe(model.tensor_of(x), rng)
    (z, _), encoding = _timed(model.bijector, y)
    (back, _), decoding = _timed(model.bijector.inverse, z)
    return {
        "latent_values": int(z.numpy()[0].size),
        "inverse_error": float(np.abs(back.numpy() - y.numpy()).max()),
        "encode_seconds": encoding,
        "decode_seconds": decoding,
    }


def diffusion_traits(model, x, rng):
    """The share of the way at which the predicted image has settled, in the lower and the upper half of frequencies.

    A half has settled when the predicted x̂_0, restricted to it, is nearer to the sample than a tenth of its power.
    """
    if model.spec.levels is None:
        return {}
    frames = model.trajectory(64, rng)["x_0"]  # (steps + 1, n, H, W, C)
    halves = [settled(frames, low) for low in (True, False)]
    difference = halves[1] - halves[0]
    return {
        "low_settles": float(halves[0].mean()),
        "high_settles": float(halves[1].mean()),
        "settles_apart": float(difference.mean()),
        "settles_apart_error": float(difference.std(ddof=1) / np.sqrt(len(difference))),
    }


def settled(frames, low):
    """For each of n images the fraction of the frames (F, n, H, W, C) after which one half of frequencies stays put."""
    waves = np.fft.fft2(frames, axes=(2, 3))
    vertical, horizontal = np.fft.fftfreq(frames.shape[2]), np.fft.fftfreq(frames.shape[3])
    radius = np.hypot(vertical[:, None], horizontal)
    inside = ((radius < 0.25) & (radius > 0)) if low else (radius >= 0.25)
    waves = waves[:, :, inside]  # (F, n, frequencies, C)
    power = (np.abs(waves) ** 2).sum((2, 3))[-1]
    error = (np.abs(waves - waves[-1]) ** 2).sum((2, 3)) / power  # (F, n)
    last_far = np.where(error > 0.1, np.arange(len(frames))[:, None], -1).max(0)
    return (last_far + 1) / (len(frames) - 1)


def _timed(function, x):
    function(x)  # once before, for what is compiled or allocated at first
    begin = time.perf_counter()
    return function(x), time.perf_counter() - begin


OWN = {"vae": vae_traits, "gan": gan_traits, "flow": flow_traits, "diffusion": diffusion_traits}
