"""A loop over time is the same computation written out, in values and derivatives of any order."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError, ShapeError


def _tanh(u):
    return lambda h, x: F.tanh(h @ u + x)


def _drawn(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) * 0.5 for shape in shapes]


def test_states_are_those_of_a_plain_loop():
    h, x, u = _drawn((3,), (5, 3), (3, 3))
    states = F.scan(_tanh(u), h, x)
    for t in range(5):
        h = np.tanh(h @ u + x[t])
        np.testing.assert_array_equal(states[t], h)
    assert type(states) is np.ndarray


def test_gradients_reach_what_the_step_reads_of_its_surroundings():
    h, x, u = [tw.Variable(a) for a in _drawn((3,), (4, 3), (3, 3))]
    inner = 2.0 * u  # not a leaf
    tw.check_grads(lambda h, x, u: F.scan(_tanh(2.0 * u), h, x).sum(), h, x, u)
    F.scan(_tanh(inner), h, x)[-1].sum().backward()
    assert u.grad is not None and h.grad.shape == (3,) and x.grad.shape == (4, 3)


def test_derivatives_of_second_order():
    h, x, u = _drawn((2,), (3, 2), (2, 2))
    tw.check_grads(
        lambda h, x, u: (F.scan(_tanh(u), h, x) ** 2).sum(),
        *[tw.Variable(a) for a in (h, x, u)],
        order=2,
    )


def test_directional_derivative():
    h, x, u, v = _drawn((2,), (3, 2), (2, 2), (2, 2))

    def f(u):
        return F.scan(_tanh(u), h, x)

    _, tangent = tw.jvp(f, (u,), (v,))
    eps = 1e-6
    np.testing.assert_allclose(
        np.asarray(getattr(tangent, "data", tangent)),
        (f(u + eps * v) - f(u - eps * v)) / (2 * eps),
        rtol=1e-6,
        atol=1e-9,
    )


def test_a_linear_recurrence_is_its_closed_form():
    a, x = tw.Variable(0.5), np.ones(6)
    h = F.scan(lambda h, x: a * h + x, np.zeros(()), x)
    powers = 0.5 ** np.arange(6)
    np.testing.assert_allclose(h.data, np.cumsum(powers))
    h[-1].backward()
    k = np.arange(1, 6)
    np.testing.assert_allclose(a.grad.data, np.sum(k * 0.5 ** (k - 1.0)))


def test_a_state_of_two_parts_and_xs_of_two_parts():
    def step(state, x):
        (h, c), (a, b) = state, x
        return a * h + c, c - b

    h, c, a, b = [tw.Variable(v) for v in _drawn((2,), (2,), (3, 2), (3,))]
    both = F.scan(step, (h, c), (a, b))
    assert [part.shape for part in both] == [(3, 2), (3, 2)]
    tw.check_grads(lambda *v: F.scan(step, v[:2], v[2:])[0].sum(), h, c, a, b)


def test_of_no_steps_the_states_are_none_and_no_gradient_comes():
    u = tw.Variable(np.ones((2, 2)))
    states = F.scan(_tanh(u), np.zeros(2), np.zeros((0, 2)))
    assert states.shape == (0, 2)
    states.sum().backward()
    np.testing.assert_array_equal(u.grad.data, 0)


def test_a_constant_state_takes_the_dtype_of_the_steps():
    u, x = tw.Variable(np.eye(2, dtype=np.float32)), np.ones((3, 2), np.float32)
    assert F.scan(_tanh(u), np.zeros(2, int), x).dtype == np.float32
    assert F.scan(_tanh(u), np.zeros(2, np.float16), x).dtype == np.float32
    assert F.scan(np.add, 0, np.arange(4)).tolist() == [0, 1, 3, 6]


def test_the_steps_are_drawn_one_by_one():
    a = tw.Variable(0.5, name="a")
    text = tw.graph(F.scan(lambda h, x: a * h + x, np.zeros(()), np.ones(2))).text
    assert [line.strip() for line in text.splitlines() if line.endswith(":")][:3] == [
        "scan:",
        "step 0:",
        "step 1:",
    ]


H = np.zeros(2)
X = np.ones((3, 2))


@pytest.mark.parametrize(
    ("step", "h0", "said"),
    [
        (lambda h, x: (h, x), H, "returned a tuple of 2 as the state"),
        (lambda h, x: h[:1], H, r"returned the shape \(1,\) as the state, but h0 has \(2,\)"),
        (lambda h, x: h > 0, H, "returned bool"),
        (lambda h, x: h.astype(np.float32), tw.Variable(H), "returned float32"),
        (lambda h, x: None, H, "returned None"),
        (lambda h, x: h[0], (H, H), r"the shape|a Variable|a ndarray"),
        (lambda h, x: (h[0],), (H, H), "returned 1 parts, but h0 has 2"),
        (lambda h, x: (h[0], h[1][:1]), (H, H), r"shape \(1,\) as part 1 of the state"),
    ],
)
def test_a_state_that_does_not_keep_its_form_is_named(step, h0, said):
    with pytest.raises(ShapeError, match=said):
        F.scan(step, h0, X)


def test_xs_that_do_not_fit_are_named():
    with pytest.raises(ShapeError, match=r"parts of different lengths.*\(3, 2\).*\(4,\)"):
        F.scan(lambda h, x: h, H, (X, np.ones(4)))
    with pytest.raises(ShapeError, match=r"part 0 of xs has the shape \(\)"):
        F.scan(lambda h, x: h, H, 3.0)
    with pytest.raises(ShapeError, match="h0 is an empty tuple"):
        F.scan(lambda h, x: h, (), X)


@pytest.mark.parametrize("h0", [H, tw.Variable(H)], ids=["array", "Variable"])
def test_a_step_that_writes_is_refused_and_nothing_is_changed(h0):
    def step(h, x):
        data = h.data if isinstance(h, tw.Variable) else h
        data[0] = 5.0
        return h

    with pytest.raises(InputError, match="step writes into the state"):
        F.scan(step, h0, X)
    assert not H.any()
    H[0] = 0.0  # it may be written into again
