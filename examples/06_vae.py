"""A variational autoencoder on real handwritten digits, in Python: train, sample, reconstruct, walk.

Run it in a folder of its own, or in a notebook cell; it writes runs/example and four pictures.
"""

import minigen
from minigen import Stream, data, models, train, viz

digits = data.load("digits")
config = models.VAEConfig(latent=10, likelihood="logistic")
vae = train.fit("vae", digits, config, train.TrainConfig(epochs=300), out="runs/example", resume=True)

viz.save_grid(vae.sample(64, Stream(0)), "samples.png")

seen = next(data.in_order(digits.test, 16)).x
viz.save_grid(list(seen) + list(vae.reconstruct(seen)), "reconstructed.png", columns=16)
viz.save_grid(vae.traversal(seen[:1].repeat(8, 0), dim=0)[:, 0], "traversal.png", columns=7)
viz.save_grid(vae.trajectory(Stream(1), steps=24), "walk.png", columns=12)

again = minigen.load("runs/example")
bound = again.log_prob(next(data.in_order(digits.test, 400)).x, Stream(2))
print(f"log {bound.of} of unseen digits: {bound.mean:.2f} ± {bound.standard_error:.2f} nats (a {bound.kind})")
