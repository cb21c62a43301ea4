"""A solution of 12_comparison."""


def kernel_distance(x, y):
    """The unbiased MMD² of x (n, d) and y (m, d) with the kernel (⟨a, b⟩/d + 1)³: the KID.

    Source: Demystifying MMD GANs. Bińkowski, Sutherland, Arbel, Gretton, 2018, https://arxiv.org/abs/1801.01401
    """

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def of_pairs(a):
        k = kernel(a, a)
        return (k.sum() - k.trace()) / (len(a) * (len(a) - 1))

    return of_pairs(x) + of_pairs(y) - 2 * kernel(x, y).mean()
