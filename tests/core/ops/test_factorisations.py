"""Linear systems, determinants and sums of products: laws that tie them together, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigen
from minigen import functional as F
from minigen.errors import DTypeError, ShapeError, UserError

seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 5)


def tensor(x):
    return minigen.tensor(np.asarray(x, dtype=np.float64))


def definite(seed, n, batch=()):
    x = np.random.default_rng(seed).normal(size=(*batch, n, n))
    return x @ x.swapaxes(-1, -2) + np.eye(n)


@given(seeds, sides)
def test_factor_inverse_and_solution_belong_together(seed, n):
    a = tensor(definite(seed, n, (2,)))
    b = tensor(np.random.default_rng(seed).normal(size=(2, n, 3)))
    l = F.cholesky(a)
    np.testing.assert_allclose(l @ l.mT, a, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(F.cholesky(a, upper=True), l.mT)
    np.testing.assert_allclose(F.inv(a) @ a, np.broadcast_to(np.eye(n), a.shape), atol=1e-10)
    np.testing.assert_allclose(a @ F.solve(a, b), b, atol=1e-10)
    y = F.solve_triangular(l, b, upper=False)
    np.testing.assert_allclose(F.solve_triangular(l.mT, y, upper=True), F.solve(a, b), rtol=1e-9, atol=1e-10)
    sign, logabsdet = F.slogdet(a)
    np.testing.assert_array_equal(sign, [1.0, 1.0])
    np.testing.assert_allclose(logabsdet, 2 * F.log(F.diagonal(l, 0, -2, -1)).sum(-1), rtol=1e-11, atol=1e-11)


@given(seeds, sides)
def test_the_third_derivative_of_a_log_determinant(seed, n):
    """With M = A⁻¹ B, the derivatives of log det(A + t B) at 0 are tr M, −tr M², 2 tr M³."""
    a, b = definite(seed, n), np.random.default_rng(seed).normal(size=(n, n))
    t = minigen.tensor(np.array(0.0), requires_grad=True)
    y, m, power, found, expected = F.slogdet(tensor(a) + t * tensor(b))[1], np.linalg.solve(a, b), np.eye(n), [], []
    for factor in (1, -1, 2):
        (y,) = minigen.grad(y, [t], create_graph=True)
        power = power @ m
        found.append(y.item())
        expected.append(factor * np.trace(power))
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7)


def test_a_triangular_solution_reads_its_triangle_alone():
    a = np.array([[2.0, 7.0], [1.0, 4.0]])
    x = minigen.tensor(a, requires_grad=True)
    F.solve_triangular(x, tensor([[2.0], [5.0]]), upper=False).sum().backward()
    assert x.grad.numpy()[0, 1] == 0.0
    np.testing.assert_array_equal(
        F.solve_triangular(tensor(a * [[9, 1], [1, 9]]), tensor([[2.0], [5.0]]), upper=False, unitriangular=True),
        [[2.0], [3.0]],
    )


def test_the_gradient_of_a_cholesky_factor_is_symmetric():
    a = minigen.tensor(definite(0, 4), requires_grad=True)
    (F.cholesky(a) * tensor(np.random.default_rng(1).normal(size=(4, 4)))).sum().backward()
    np.testing.assert_allclose(a.grad, a.grad.mT)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: F.inv(a), r"inv got a singular matrix in a tensor of shape \(2, 2\)"),
        (lambda a: F.solve(a, a[0]), r"solve got a singular matrix in a tensor of shape \(2, 2\)"),
        (lambda a: F.solve_triangular(a * 0.0, a, upper=True), "solve_triangular got a singular matrix"),
        (lambda a: F.cholesky(-a), r"cholesky got a matrix of shape \(2, 2\) that is not positive definite.*jitter"),
    ],
)
def test_no_answer_is_an_error_that_says_what_to_do(call, message):
    with pytest.raises(UserError, match=message):
        call(tensor([[1.0, 1.0], [1.0, 1.0]]))


def test_a_singular_determinant_is_zero_and_has_no_gradient():
    a = minigen.tensor(np.ones((2, 2)), requires_grad=True)
    sign, logabsdet = F.slogdet(a)
    assert (sign.item(), logabsdet.item()) == (0.0, -np.inf)
    with pytest.raises(UserError, match="inv got a singular matrix"):
        logabsdet.backward()


@pytest.mark.parametrize("name", ["inv", "slogdet", "cholesky"])
def test_matrices_must_be_square(name):
    for shape in ((3,), (2, 3)):
        with pytest.raises(ShapeError, match=rf"{name} got a tensor of shape .*; it needs square matrices"):
            getattr(F, name)(tensor(np.ones(shape)))


def test_arrays_beside_a_tensor_are_constants():
    a = np.array([[2.0, 1.0], [0.0, 4.0]])
    for b in (np.ones(2), np.ones((2, 3))):
        np.testing.assert_allclose(F.solve(tensor(a), b), np.linalg.solve(a, b))
    np.testing.assert_allclose(F.einsum("ij,j->i", a, tensor([1.0, 2.0])), a @ [1.0, 2.0])
    with pytest.raises(DTypeError, match="einsum of 'ij' got no tensor"):
        F.einsum("ij", a)


def test_right_hand_sides_must_fit():
    a = tensor(np.eye(3))
    for call in (
        lambda: F.solve(a, tensor(np.ones((2, 3)))),
        lambda: F.solve(a, tensor(np.ones((3, 2))), left=False),
        lambda: F.solve(a, tensor(np.ones(3)), left=False),
        lambda: F.solve_triangular(a, tensor(np.ones(3)), upper=True),
        lambda: F.solve_triangular(a, tensor(np.ones((2, 3))), upper=True),
    ):
        with pytest.raises(ShapeError, match=r"solve\w* got A .* and B"):
            call()


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk->ik", [(2, 1), (3, 4)]),  # size 1 broadcasts
        ("bij, bjk", [(2, 3, 4), (2, 4, 5)]),
        ("iij,i->j", [(3, 3, 2), (3,)]),
        ("...i,...j->...ij", [(2, 1, 3), (4, 2)]),
        ("A...,A->...", [(2, 3, 4), (2,)]),
        ("ij->i", [(0, 3)]),
        ("ij,jk", [(2, 0), (0, 3)]),
        (",", [(), ()]),
        ("a->a", [(1,)]),
    ],
)
def test_einsum_is_numpys(equation, shapes):
    xs = [np.random.default_rng(i).normal(size=shape) for i, shape in enumerate(shapes)]
    found = F.einsum(equation, *map(tensor, xs))
    wide = [np.broadcast_to(x, (2, 3)) if equation == "ij,jk->ik" and i == 0 else x for i, x in enumerate(xs)]
    np.testing.assert_allclose(found, np.einsum(equation, *wide), atol=1e-12)
    np.testing.assert_array_equal(F.einsum(equation, [tensor(x) for x in xs]), found)


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("i-j", [(2,)], "cannot read"),
        ("ij,jk", [(2, 3)], "names 2 operands, and got 1"),
        ("ij", [(2,)], r"got a tensor of shape \(2,\) for 'ij'"),
        ("i", [(2, 3)], r"got a tensor of shape \(2, 3\) for 'i'"),
        ("ij,jk", [(2, 3), (4, 5)], "'j' has 3 entries in one operand, 4 in another"),
        ("ii", [(2, 3)], "takes the diagonal 'i' of axes of 2 and 3 entries"),
        ("i->j", [(2,)], "each letter of the result"),
        ("i->ii", [(2,)], "each letter of the result"),
    ],
)
def test_einsum_says_what_it_cannot_read(equation, shapes, message):
    with pytest.raises(UserError, match=message):
        F.einsum(equation, *(tensor(np.ones(shape)) for shape in shapes))
