"""A variational autoencoder on real handwritten digits: train, sample, reconstruct, walk through its latent space."""

import os

import minigen
from minigen import Stream, data, models, train, viz

digits = data.load("digits")
config = models.VAEConfig(latent=10, likelihood="logistic")
length = train.TrainConfig(epochs=3 if os.environ.get("MINIGEN_QUICK") else 300)
vae = train.fit("vae", digits, config, length, out="runs/example", resume=True)

viz.save_grid(vae.sample(64, Stream(0)), "samples.png")

seen = next(data.in_order(digits.test, 16)).x
viz.save_grid([*seen, *vae.reconstruct(seen)], "reconstructed.png", columns=16)
viz.save_grid(vae.traversal(seen[:1], dim=0)[:, 0], "traversal.png", columns=7)
viz.save_grid(vae.trajectory(1, Stream(1), steps=24)["sample"][:, 0], "walk.png", columns=12)

again = minigen.load("runs/example")
bound = again.log_prob(next(data.in_order(digits.test, 400)).x, Stream(2))
print(f"log {bound.of} of unseen digits: {bound.mean:.2f} ± {bound.standard_error:.2f} nats (a {bound.kind})")
