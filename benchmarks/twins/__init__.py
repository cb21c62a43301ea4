"""The workloads again in PyTorch and JAX, as their best users write them."""
