"""The four families on one data set, under one evaluator, at equal measured cost: one table, honestly."""

from .plan import Plan, seconds_of
from .run import Comparison
from .table import markdown_of

__all__ = ["Comparison", "Plan", "markdown_of", "seconds_of"]
