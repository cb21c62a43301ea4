"""Speed and quality, measured beside PyTorch and JAX: ``python -m benchmarks --help``."""
