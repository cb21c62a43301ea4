"""A solution of 01_derivative."""


def complex_step(f, x, h=1e-20):
    """f′(x) = Im f(x + ih)/h + O(h²), of an analytic f at real x.

    Source: Using Complex Variables to Estimate Derivatives of Real Functions. Squire, Trapp, 1998,
    https://doi.org/10.1137/S003614459631241X
    """
    return f(x + 1j * h).imag / h
