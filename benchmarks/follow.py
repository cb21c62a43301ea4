"""Does minigen train as PyTorch does? The same weights, batches and noise; loss by loss, then ELBO by ELBO."""

import math

import numpy as np
import torch

from minigen import Stream, data, no_grad, optim, tensor

from .twins.vae_torch import VAE as Twin
from .vae import BATCH, LATENT, LEARNING_RATE, PIXELS, make_model


class Pair:
    """minigen's and PyTorch's VAE side by side, trained on the same binarised batches with the same noise."""

    def __init__(self, dataset, seed=0):
        self.batches = data.Batches(dataset.train, BATCH, seed)
        self.rng = Stream(seed)
        self.ours = make_model(seed)
        self.ours.look_at_data(data.in_order(dataset.train, 1000))
        self.theirs = Twin().copy_from(self.ours)
        self.our_optimizer = optim.Adam(self.ours.parameters(), lr=LEARNING_RATE)
        self.their_optimizer = torch.optim.Adam(self.theirs.parameters(), lr=LEARNING_RATE, fused=True)
        self.done = 0

    def step(self):
        """One step of both; returns both losses."""
        rng = self.rng.at(self.done)
        x = self.ours.likelihood.observe(self.batches.at(self.done).x, rng)
        self.our_optimizer.zero_grad()
        ours = self.ours.elbo(x, rng)["loss"]
        ours.backward()
        self.our_optimizer.step()

        noise = torch.from_numpy(rng.child("posterior").normal((1, BATCH, LATENT))[0])
        self.their_optimizer.zero_grad()
        theirs = self.theirs(torch.from_numpy(x.numpy().copy()).reshape(-1, PIXELS), noise)
        theirs.backward()
        self.their_optimizer.step()
        self.done += 1
        return ours.item(), theirs.item()

    @no_grad()
    def test_elbos(self, dataset, seed=1):
        """ELBO in nats of each test image, (N,), by both: one binarisation and one draw of z, the same for both."""
        ours, theirs = [], []
        for i, batch in enumerate(data.in_order(dataset.test, 1000)):
            rng = Stream(seed).at(i)
            x = self.ours.likelihood.observe(batch.x, rng)
            reconstruction, kl = self.ours.elbo_terms(x, rng)
            ours.append(-(reconstruction.numpy()[0] + kl.numpy()))
            noise = torch.from_numpy(rng.child("posterior").normal((1, len(batch.x), LATENT))[0])
            with torch.no_grad():
                terms = self.theirs.elbo_terms(torch.from_numpy(x.numpy().copy()).reshape(-1, PIXELS), noise)
            theirs.append(-(terms[0] + terms[1]).numpy())
        return np.concatenate(ours).astype(np.float64), np.concatenate(theirs).astype(np.float64)


def follow(data_dir=None, steps=500, epochs=10):
    """Follow the twin over ``steps`` steps, then train both to ``epochs`` epochs and compare test ELBOs.

    Returns:
        A dict: the largest relative difference of the losses, both test ELBOs with standard error, their difference.
    """
    dataset = data.load("mnist", data_dir=data_dir)
    pair = Pair(dataset)
    worst = max(abs(a - b) / abs(b) for a, b in (pair.step() for _ in range(steps)))
    total = epochs * pair.batches.steps_per_epoch
    while pair.done < total:
        pair.step()
    ours, theirs = pair.test_elbos(dataset)
    return {
        "steps_followed": steps,
        "worst_relative_difference": worst,
        "epochs": epochs,
        "test_images": len(ours),
        "minigen_elbo": float(ours.mean()),
        "torch_elbo": float(theirs.mean()),
        "standard_error": float(ours.std(ddof=1) / math.sqrt(len(ours))),
        "difference": float(abs(ours.mean() - theirs.mean())),
        "binarisation": "dynamic, one seed",
    }


def agree(steps=3):
    """Raise unless both losses agree to 1e-5 on the workload's batch: checked before anything is timed."""
    from_minigen, from_torch = [], []
    model, rng = make_model(), Stream(0)
    twin = Twin().copy_from(model)
    for i in range(steps):
        x = (np.random.default_rng(i).random((BATCH, 28, 28, 1)) < 0.13).astype(np.float32)
        from_minigen.append(model.elbo(tensor(x), rng.at(i))["loss"].item())
        noise = torch.from_numpy(rng.at(i).child("posterior").normal((1, BATCH, LATENT))[0])
        from_torch.append(twin(torch.from_numpy(x).reshape(-1, PIXELS), noise).item())
    np.testing.assert_allclose(from_minigen, from_torch, rtol=1e-5)
