"""A solution of 07_gan."""


def best_discriminator(p, q):
    """D = p/(p + q), where the derivative p/D − q/(1 − D) of p log D + q log(1 − D) is 0; arrays (...)."""
    return p / (p + q)
