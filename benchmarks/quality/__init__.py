"""How good trained models are, by numbers that are not of their own training: ``python -m benchmarks quality``."""

from . import gan_grid, labels, metric_bias, mnist, semisupervised, toy_kl

QUALITY = {
    "toy-kl": toy_kl.run,
    "gan-grid": gan_grid.run,
    **{f"mnist-{family}": measure for family, measure in mnist.FAMILIES.items()},
    "semisupervised": semisupervised.run,
    "labels": labels.run,
    "metric-bias": metric_bias.run,
}
"""Name -> a function whose arguments are options, and whose answer is a dict fit for JSON."""
