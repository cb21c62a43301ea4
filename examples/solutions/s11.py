"""A solution of 11_conditional."""


def guided(conditional, unconditional, w):
    """(1 + w) · conditional − w · unconditional, arrays of one shape.

    Source: Classifier-Free Diffusion Guidance. Ho, Salimans, 2022, eq. 6, https://arxiv.org/abs/2207.12598
    """
    return (1 + w) * conditional - w * unconditional
