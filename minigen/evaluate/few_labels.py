"""What a few labels alone can teach: the mark that semi-supervised models are held against."""

import numpy as np

from .. import data
from ..core import optim
from ..core.functional import cross_entropy
from ..core.random import Stream
from ..models import M2, DataSpec


def supervised(few, config, seed, steps=1000):
    """The classifier of an M2 on the labelled data alone: its network, its noise of binarisation, no other term."""
    rng = Stream(seed).child("supervised")
    spec = DataSpec(few.shape, few.levels, few.classes)
    model = M2(config, spec, rng=rng.child("initial weights").generator())
    known = np.flatnonzero(few.train.labels >= 0)
    _, first = np.unique(few.train.x[known].reshape(len(known), -1), axis=0, return_index=True)
    batch = data.take(few.train, known[first])  # each labelled image once
    optimizer = optim.Adam(model.classifier.parameters(), lr=1e-3)
    for step in range(steps):
        optimizer.zero_grad()
        x = model.likelihood.observe(batch.x, rng.at(step))
        cross_entropy(model.logits(x), batch.labels).backward()
        optimizer.step()
    return model.classify
