"""Training in two storeys: a VAE without labels, then M2 on its latents (M1+M2)."""

from dataclasses import replace

import numpy as np

from ..data import in_order
from ..data.dataset import Split, from_splits
from ..models import M1M2
from .session import fit


def encode_dataset(vae, dataset):
    """``dataset`` as points: of each datum the mean of q(z | x) of an unconditional `VAE`; labels as they were.

    Means, not draws: noise blurs the classes, and M2 on draws learns several times as slowly.

    Args:
        vae: the `VAE`.
        dataset: a `minigen.data.DataSet` of the VAE's data.
    Returns:
        A `DataSet` of float32 points (N, Z).
    """
    splits = []
    for split in (dataset.train, dataset.validation, dataset.test):
        means = [np.empty((0, vae.config.latent)), *(vae.encode(batch.x)[0] for batch in in_order(split, 1000))]
        splits.append(Split(np.concatenate(means).astype(np.float32), split.labels))
    told = f"Latents of a VAE (posterior means) of: {dataset.provenance}"
    return from_splits(f"latents of {dataset.name}", *splits, provenance=told, classes=dataset.classes)


def fit_stacked(dataset, m1_config, m2_config, config, m2_train=None, m1=None, progress=True):
    """Train M1, then M2 on its latents; returns an `M1M2`.

    Args:
        dataset: a `DataSet` of which some training data have labels, as `minigen.data.few_labels` makes them.
        m1_config: `VAEConfig`, unconditional.
        m2_config: `M2Config`; its likelihood is taken to be Gaussian, for latents have no grey levels.
        config: `TrainConfig` of M1.
        m2_train: `TrainConfig` of M2; by default the same.
        m1: a trained `VAE` to take in the place of training one.
        progress: show progress bars.
    """
    m1 = m1 or fit("vae", dataset, m1_config, config, progress=progress)
    m2_config = replace(m2_config, likelihood="gaussian")
    m2 = fit("m2", encode_dataset(m1, dataset), m2_config, m2_train or config, progress=progress)
    return M1M2(m1, m2)
