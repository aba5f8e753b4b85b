"""Loops over time: one loop in the kernel and one back, with the graph's values and gradients."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError, InputError, PlaceError, ShapeError
from tinygrad_w2v.compiler.inspect.compare import compare

T, D, E, V = 5, 4, 3, 7
AXES = {"x": (("T", 9), E), "y": (("T", 9), D), "ids": (("T", 9),)}


def _example(steps=T):
    rng = np.random.default_rng(1)
    return {
        "x": rng.normal(size=(steps, E)).astype(np.float32),
        "y": rng.normal(size=(steps, D)).astype(np.float32),
        "ids": rng.integers(0, V, steps),
    }


class Recurrent(tw.Module):
    """Parameters of all sizes, and a step of its own in each test."""

    def __init__(self, dim=D):
        rng = np.random.default_rng(0)
        shapes = {"u": (dim, dim), "v": (dim, dim), "s": (dim, dim), "h0": (dim,), "b": (dim,)}
        shapes |= {"w": (E, dim), "wr": (E, dim), "wz": (E, dim), "table": (V, dim)}
        for name, shape in shapes.items():
            setattr(self, name, tw.Parameter((rng.normal(size=shape) * 0.4).astype(np.float32)))

    def tanh(self, h, x):
        return F.tanh(h @ self.u + x @ self.w + self.b)

    def gru(self, h, x):
        update = F.sigmoid(x @ self.wz + h @ self.u + self.b)
        reset = F.sigmoid(x @ self.wr + h @ self.v)
        return (1 - update) * h + update * F.tanh(x @ self.w + (reset * h) @ self.s)

    def lstm(self, state, x):
        h, c = state
        keep = F.sigmoid(x @ self.wz + h @ self.u)
        write = F.sigmoid(x @ self.wr + h @ self.v + self.b)
        c = keep * c + write * F.tanh(x @ self.w + h @ self.s)
        return F.sigmoid(x @ self.w + h @ self.u) * F.tanh(c), c


class Tanh(Recurrent):
    def loss(self, batch):
        return (F.scan(self.tanh, self.h0, batch["x"]) * batch["y"]).sum()


class Gru(Recurrent):
    def loss(self, batch):
        return (F.scan(self.gru, np.zeros(D), batch["x"]) * batch["y"]).sum()


class Lstm(Recurrent):
    def loss(self, batch):
        h, _ = F.scan(self.lstm, (self.h0, np.zeros(D)), batch["x"])
        return (h * batch["y"]).sum()


class Two(Recurrent):
    """Two loops over the same rows, one of them of looked up ones."""

    def loss(self, batch):
        one = F.scan(self.tanh, self.h0, batch["x"])
        two = F.scan(lambda h, x: 0.5 * h + x, self.b, self.table[batch["ids"]])
        return (one * two * batch["y"]).sum()


class Stacked(Recurrent):
    """What one loop has made is what the next one goes over."""

    def loss(self, batch):
        below = F.scan(self.tanh, self.h0, batch["x"])
        above = F.scan(lambda h, x: F.tanh(h @ self.v + x @ self.s), self.h0, below)
        return (above * batch["y"]).sum() + below[..., -1, :].sum()


class LookedUp(Recurrent):
    """A step that reads the rows of a table, by ids."""

    def loss(self, batch):
        def step(h, x):
            row, i = x
            return F.tanh(h @ self.u + F.embedding(self.table, i) + row @ self.w)

        states = F.scan(step, self.h0, (batch["x"], batch["ids"]))
        return (states * self.table[batch["ids"]] * batch["y"]).sum()


class Surrounded(Recurrent):
    """A step that reads what was computed before it, a row of a table, and an array."""

    def loss(self, batch):
        inner, scale = self.u @ self.v, np.linspace(0.5, 1.0, D)

        def step(h, x):
            gate = F.softmax(x @ self.w + self.table[2], axis=-1)
            return gate * F.tanh(h @ inner) + scale * h

        return (F.scan(step, self.h0 * 2.0, batch["x"] * 0.5) * batch["y"]).sum()


class Attending(Recurrent):
    """Axes of a dynamic length in the step: each step looks at all rows."""

    def loss(self, batch):
        rows = self.table[batch["ids"]]

        def step(h, x):
            weights = F.softmax(rows @ h, axis=-1)
            return F.tanh(weights @ rows + x @ self.w)

        return (F.scan(step, self.h0, batch["x"]) * batch["y"]).sum()


class Nested(Recurrent):
    """A loop in each step of a loop."""

    def loss(self, batch):
        def step(h, x):
            inner = F.scan(lambda g, row: F.tanh(g @ self.v + row * h), self.b, self.table[:3])
            return F.tanh(h @ self.u + x @ self.w) + 0.1 * inner[..., -1, :]

        return (F.scan(step, self.h0, batch["x"]) * batch["y"]).sum()


class Counting(Recurrent):
    """A state of which a part is a whole number."""

    def loss(self, batch):
        def step(state, x):
            h, n = state
            return F.tanh(h @ self.u + x @ self.w) / (1.0 + n), n + 1

        h, n = F.scan(step, (self.h0, 0), batch["x"])
        return (h * batch["y"]).sum() + (n * self.h0[0]).sum()


class Matrices(Recurrent):
    """A state of two axes, one of them of length 1."""

    def loss(self, batch):
        h0 = F.reshape(self.h0, (D, 1))
        states = F.scan(lambda h, x: F.tanh(self.u @ h + F.reshape(x, (D, 1))), h0, batch["y"])
        return (states[..., 0] * batch["y"]).sum()


class Forgetting(Recurrent):
    """A step that does not read its state, and one that hands it on."""

    def loss(self, batch):
        a, b = F.scan(lambda h, x: (x @ self.w, h[1]), (self.h0, self.b), batch["x"])
        return (a * b * batch["y"]).sum()


CELLS = [Tanh, Gru, Lstm, Two, Stacked, LookedUp]
OTHERS = [Surrounded, Attending, Nested, Counting, Matrices, Forgetting]


@pytest.mark.parametrize("model", CELLS, ids=lambda m: m.__name__)
def test_kernel_is_the_graph(model):
    tw.check_compiled(model(), _example(), AXES)


@pytest.mark.parametrize("model", [*CELLS, *OTHERS], ids=lambda m: m.__name__)
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_all_forms_agree_at_every_length(model, steps):
    assert compare(model(), _example(steps), native=False)


@pytest.mark.parametrize("model", OTHERS, ids=lambda m: m.__name__)
def test_of_a_length_that_changes(model):
    tw.check_compiled(model(), _example(), AXES)


def test_a_linear_recurrence_is_its_closed_form():
    class Linear(tw.Module):
        def __init__(self):
            self.a = tw.Parameter(np.array(0.5))

        def loss(self, batch):
            return F.scan(lambda h, x: self.a * h + x, np.zeros(()), batch["x"])[..., -1].sum()

    model, steps = Linear(), 40
    compiled = tw.compile(model, {"x": np.ones(3)}, {"x": (("T", 50),)}, dtype=np.float64)
    ones = {"x": np.ones(steps)}
    k = np.arange(steps)
    np.testing.assert_allclose(
        compiled.gradients(ones)["a"], np.sum(k[1:] * 0.5 ** (k[1:] - 1.0)), rtol=1e-12
    )
    np.testing.assert_allclose(compiled.step(ones, 0.0), np.sum(0.5**k), rtol=1e-12)


def test_the_kernel_has_one_loop_forward_and_one_back():
    sources = [tw.compile(Gru(), _example(steps)).source for steps in (9, 40)]
    assert sources[0].count("\n") == sources[1].count("\n")
    assert sources[0].count("tanh(") == sources[1].count("tanh(") == 1
    listed = str(tw.compile(Gru(), _example(9)).instructions)
    assert listed.count("= scan(") == 2 and "9 steps, reversed" in listed


def test_of_no_steps_nothing_changes():
    model = Tanh()
    before = [p.data.copy() for p in model.parameters()]
    compiled = tw.compile(model, _example(), AXES)
    assert compiled.step(_example(0), 0.1) == 0.0
    for parameter, old in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter.data, old)


def test_what_is_not_learned_is_not_computed():
    model = Gru()
    whole = tw.compile(model, _example())
    part = tw.compile(model, _example(), optimizer=tw.optim.SGD([model.b], lr=0.1))
    assert part.source.count("\n") < whole.source.count("\n")
    assert compare(model, _example(), optimizer=tw.optim.Adam(), native=False)


@pytest.mark.parametrize("off", ["inline", "unroll", "fuse", "contract", "hoist", "collapse"])
def test_without_each_step_of_the_compiler(off):
    schedule = tw.compiler.Schedule().without(off)
    assert compare(Lstm(), _example(), AXES, schedule=schedule, native=False)


class Random(Recurrent):
    """A step of ops that are drawn, on the state, rows and Parameters, with one to three parts."""

    def __init__(self, seed):
        super().__init__()
        self.seed, self.matrices = seed, [self.u, self.v, self.s]

    def loss(self, batch):
        rng = np.random.default_rng(self.seed)
        parts, ops = int(rng.integers(1, 4)), rng.integers(0, 8, (3, 4))
        at = rng.integers(0, 100, (3, 4, 2))

        def step(state, x):
            row, place, i = x
            values = [*state, row @ self.w, self.b, F.embedding(self.table, i), place]
            made = []
            for k in range(parts):
                for op, (a, b) in zip(ops[k], at[k], strict=True):
                    y, z = values[a % len(values)], values[b % len(values)]
                    values.append(self._op(op, y, z, b))
                made.append(F.tanh(values[-1]))
            return tuple(made)

        start = tuple(self.h0 * (k + 1.0) for k in range(parts))
        states = F.scan(step, start, (batch["x"], batch["y"], batch["ids"]))
        used = states[: int(rng.integers(1, parts + 1))]
        return sum((part * batch["y"]).sum() for part in used)

    def _op(self, op, y, z, number):
        return [
            lambda: y * z,
            lambda: y - 0.5 * z,
            lambda: F.sigmoid(y) + z,
            lambda: y @ self.matrices[number % 3],
            lambda: F.softmax(y, axis=-1) * z,
            lambda: np.where(number % 2 == 0, y, z) + y.sum(axis=-1, keepdims=True) * 0.1,
            lambda: F.concatenate([z[..., 2:], y[..., :2]], axis=-1),
            lambda: F.exp(-(y**2)) * np.flip(z, -1),
        ][op]()


@pytest.mark.parametrize("seed", [*range(20), 39])
def test_random_steps(seed):
    rng = np.random.default_rng(seed)
    off = rng.choice(["inline", "unroll", "fuse", "contract", "hoist", "simplify"], 2)
    schedule = tw.compiler.Schedule().without(*off) if seed % 2 else None
    examples = [_example(int(n)) for n in rng.integers(1, 10, 2)]
    for example in examples:  # what is computed of these alone is double, too, in the graph
        example |= {"x": example["x"].astype(float), "y": example["y"].astype(float)}
    assert compare(Random(seed), examples, AXES, lr=0.1, native=False, schedule=schedule)


ZEROS = np.zeros(D)


def _compiled(step, h0=ZEROS, xs=None):
    class Mine(Recurrent):
        def loss(self, batch):
            rows = batch["x"] if xs is None else xs(batch)
            return F.scan(lambda h, x: step(self, h, x), h0, rows).sum()

    return tw.compile(Mine(), _example(), AXES)


def test_a_state_that_does_not_keep_its_form_is_named():
    with pytest.raises(ShapeError, match=r"returned the shape \(3,\) as the state, but h0 has"):
        _compiled(lambda self, h, x: x @ np.eye(E) + self.b[0])
    with pytest.raises(ShapeError, match="returned a tuple of 2 as the state"):
        _compiled(lambda self, h, x: (self.tanh(h, x), h))
    with pytest.raises(ShapeError, match="different lengths"):
        _compiled(lambda self, h, x: h, xs=lambda batch: (batch["x"], batch["y"][..., :-1, :]))


def test_ids_beyond_the_table_are_refused_before_the_kernel_runs():
    compiled = tw.compile(LookedUp(), _example(), AXES)
    with pytest.raises(PlaceError, match=f"ids of example 0 holds ids from .* to {V}"):
        compiled.step(_example() | {"ids": np.array([0, 1, V, 2, 3])}, 0.1)
    shifted = _compiled(
        lambda self, h, i: h + F.embedding(self.table, i - 1), xs=lambda batch: batch["ids"]
    )
    assert shifted.step(_example() | {"ids": np.arange(1, 6)}, 0.1)
    with pytest.raises(PlaceError):
        shifted.step(_example() | {"ids": np.arange(5)}, 0.1)


def test_ids_of_the_state_are_refused():
    def step(self, state, x):
        h, i = state
        return h + F.embedding(self.table, i), (i + 1) % V

    with pytest.raises(CompileError, match="compute the ids before the scan"):
        _compiled(lambda self, s, x: step(self, s, x), h0=(np.zeros(D), 0))


def test_what_leaves_a_step_is_refused():
    kept = []

    def step(self, h, x):
        kept.append(self.tanh(h, x))
        return kept[-1]

    class Leaking(Recurrent):
        def loss(self, batch):
            return (F.scan(lambda h, x: step(self, h, x), self.h0, batch["x"]) + kept[-1]).sum()

    with pytest.raises(CompileError, match="used outside of that step"):
        tw.compile(Leaking(), _example(), AXES)


def test_a_step_that_writes_is_refused():
    def step(self, h, x):
        h.data[0] = 0.0
        return self.tanh(h, x)

    with pytest.raises((CompileError, InputError), match=r"writing into|writes into"):
        _compiled(step)
