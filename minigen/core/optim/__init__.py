"""Optimisers, schedules, clipping and weight averages, over flat buffers: ``from minigen import optim``."""

from .adam import Adam, AdamW
from .clip import clip_grad_norm_, clip_grad_value_, get_total_norm
from .ema import EMA
from .flat import FlatBuffer
from .optimizer import Optimizer
from .schedule import Constant, Cosine, Exponential, LinearWarmup, Step
from .sgd import SGD

__all__ = [
    "EMA", "SGD", "Adam", "AdamW", "Constant", "Cosine", "Exponential", "FlatBuffer", "LinearWarmup", "Optimizer",
    "Step", "clip_grad_norm_", "clip_grad_value_", "get_total_norm",
]  # fmt: skip
