"""A solution of 06_vae."""


def reparameterise(mu, logvar, epsilon):
    """z = μ + σ ε, σ = e^(½ log σ²): tensors of shapes that broadcast to (...)."""
    return mu + (0.5 * logvar).exp() * epsilon
