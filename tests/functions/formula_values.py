"""What an op's formulas say, computed: the equations of its docstring as expressions of NumPy.

They are taken as a reader takes them: ``.T`` exchanges the last two axes, axes that a sum, a mean
or a maximum goes over stay with size 1, a bound that is None is infinite, and ``x[ids] += g`` adds
at places of what is 0 elsewhere. Nothing here calls a rule of the package.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.drawing.formulas.equations import Formula, Rule, Token
from tinygrad_w2v.functions.products import Matmul
from tinygrad_w2v.functions.reductions import Reduction
from tinygrad_w2v.functions.selection import Clip


# ---------------------------------------------------------------------- words of the formulas
def keeping(reduce: Callable[..., Any]) -> Callable[..., Any]:
    def reduced(x: Any, axis: Any = None) -> Any:
        return reduce(x, axis=axis if np.ndim(x) else None, keepdims=True)

    return reduced


def log_softmax(x: Any, axis: Any = -1) -> Any:
    lowered = x - WORDS["max"](x, axis) if np.size(x) else x
    return lowered - np.log(WORDS["sum"](np.exp(lowered), axis))


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """`g` summed over the axes along which something of `shape` was repeated."""
    g = np.asarray(g)
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    repeated = tuple([i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1])
    return g.sum(axis=repeated, keepdims=True)


def segment_sum(x: Any, starts: Any) -> Any:
    sums = [x[a:b].sum(axis=0) for a, b in zip(starts, [*starts[1:], len(x)], strict=True)]
    return np.array(sums).reshape(len(starts), *x.shape[1:])


WORDS: dict[str, Any] = {name: getattr(np, name) for name in dir(np) if name[0] != "_"}
WORDS |= {name: keeping(getattr(np, name)) for name in ("sum", "mean", "max", "min", "prod")}
WORDS |= {f.__name__: f for f in (log_softmax, sum_to, segment_sum)}
WORDS |= {
    "sigmoid": lambda x: 0.5 + 0.5 * np.tanh(0.5 * x),
    "softmax": lambda x, axis=-1: np.exp(log_softmax(x, axis)),
    "softplus": lambda x: np.logaddexp(x, 0),
    "to_dense": lambda x: x,
    "transposed": lambda x: np.swapaxes(x, -1, -2),
}


# Notes that say what a gradient is where its expression is 0 / 0, or 0 times infinity.
ZERO = ("0 at 0", "0 at -inf", "0 where all are equal", "1 at 0, with slope 0")


class _Transposes(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr != "T":
            return node
        return ast.Call(ast.Name("transposed", ast.Load()), [node.value], [])


def is_expression(formula: Formula) -> bool:
    """Whether what stands on the right is Python, not words."""
    try:
        ast.parse(source(formula.sides[2]), mode="eval")
    except SyntaxError:
        return False
    return True


def source(side: tuple[Token, ...]) -> str:
    return Formula(side).source


# ---------------------------------------------------------------------- an op and its rule
class Said:
    """The values of an op's formulas, for the arrays that it was applied to and a gradient."""

    def __init__(self, op: Function, rule: Rule, arrays: list[Any] | None = None) -> None:
        self.op, self.rule = op, rule
        arrays = [_array(x) for x in op.inputs] if arrays is None else arrays
        made, rng = op.forward(*arrays), np.random.default_rng(1)
        self.made = [_dense(y) for y in (made if isinstance(made, tuple) else (made,))]
        self.gradients = [np.asarray(rng.normal(size=y.shape)) for y in self.made]
        self.inputs = [_dense(x) for x in arrays]
        self.letters: dict[str, Any] = {"onehot": self.onehot}
        for formula in (rule.forward, *rule.definitions, *rule.backward):
            for token in formula.tokens if formula else ():
                self.give(token)
        for formula in rule.definitions:
            left, _, right = formula.sides
            self.letters[source(left)] = self.evaluated(source(right))

    def onehot(self, ids: Any) -> Any:
        return np.eye(self.inputs[0].shape[-1])[ids]

    def give(self, token: Token) -> None:
        """Make the letter of a token known."""
        name, several, _ = token.text.partition("[")
        if token.role == "parameter":
            self.letters[name] = self.parameter(name)
        elif token.role in ("input", "output", "gradient"):
            value = self.as_read(token)
            if several:
                self.letters.setdefault(name, {})[token.position] = value
            else:
                self.letters[name] = value

    def parameter(self, name: str) -> Any:
        value = getattr(self.op, name)
        if isinstance(self.op, Clip) and value is None:
            return {"a_min": -np.inf, "a_max": np.inf}[name]
        return value.data if isinstance(value, Node) else value

    def as_read(self, token: Token) -> Any:
        """A value in the shape in which the formula takes it."""
        kept = {"input": self.inputs, "output": self.made, "gradient": self.gradients}
        value = kept[token.role][token.position]
        if isinstance(self.op, Reduction) and token.role != "input":
            return np.reshape(value, WORDS["sum"](self.inputs[0], self.op.axis).shape)
        if isinstance(self.op, Matmul):
            row, column = (x.ndim == 1 for x in self.inputs)
            if token.role == "input":
                return value.reshape(self.read_shape(token.position))
            value = np.expand_dims(value, -1) if column else value
            return np.expand_dims(value, -2) if row else value
        return value

    def read_shape(self, position: int) -> tuple[int, ...]:
        """The shape in which an input is taken: a vector of a product is a row or a column."""
        shape = self.inputs[position].shape
        if isinstance(self.op, Matmul) and len(shape) == 1:
            return (1, *shape) if position == 0 else (*shape, 1)
        return shape

    def evaluated(self, text: str) -> Any:
        tree = ast.parse(text, mode="eval")
        tree = ast.fix_missing_locations(_Transposes().visit(tree))
        with np.errstate(all="ignore"):
            return eval(compile(tree, text, "eval"), {"__builtins__": {}}, WORDS | self.letters)

    # ------------------------------------------------------------------ the two comparisons
    def forward(self) -> None:
        """Compare what the op made with what its formula says."""
        left, sign, right = self.rule.forward.sides
        said = self.evaluated(source(right))
        if sign == "+=":
            said = self.added(left, said, self.made[0].shape)
        for one, y in zip(said if len(self.made) > 1 else [said], self.made, strict=True):
            one = np.reshape(one, y.shape)
            if self.rule.note.startswith("1 at 0"):
                one = np.where(np.isnan(one), 1, one)
            self.agree(one, y, self.rule.forward)

    def given(self) -> list[Any]:
        """What the op's rule gives each input, or None."""
        given = self.op.backward(*self.gradients)
        given = given if isinstance(given, tuple) else (given,)
        return [
            None if gx is None else sum_to(_dense(gx), x.shape)
            for gx, x in zip(given, self.inputs, strict=True)
        ]

    def backward(self, i: int) -> None:
        """Compare what the op's rule gives input `i` with what its formula says."""
        formula = self.rule.backward[i]
        assert formula is not None
        self.agree(self.completed(self.gradient(i), i), self.given()[i], formula)

    def gradient(self, i: int) -> Any:
        """What the formula says of the gradient of one input, in its shape."""
        formula = self.rule.backward[i]
        assert formula is not None
        left, sign, right = formula.sides
        said, shape = self.evaluated(source(right)), self.read_shape(i)
        if sign == "+=":
            said = self.added(left, said, shape)
        else:
            assert source(left).isidentifier(), f"what goes to places is added: {formula.source}"
        said = sum_to(np.broadcast_to(said, np.broadcast_shapes(np.shape(said), shape)), shape)
        return said.reshape(self.inputs[i].shape)

    def completed(self, said: Any, i: int) -> Any:
        """With what the note says where the expression has no value."""
        none, note = np.isnan(said), self.rule.note
        if not none.any():
            return said
        if note == "at 0 the limit":
            near = [np.where(x == 0, 1e-12, x) for x in self.inputs]
            return np.where(none, Said(self.op, self.rule, near).gradient(i), said)
        return np.where(none, 0, said) if note in ZERO else said

    def added(self, left: tuple[Token, ...], values: Any, shape: tuple[int, ...]) -> Any:
        """Zeros of a shape with values added at the places that the left side selects."""
        places = np.arange(np.prod(shape, dtype=int)).reshape(shape)
        (target,) = [t.text for t in left if t.role in ("output", "input_gradient")][:1]
        self.letters[target] = places
        selected = self.evaluated(source(left))
        total = np.zeros(places.size)
        several = isinstance(selected, list)
        for at, value in zip(selected, values, strict=True) if several else [(selected, values)]:
            np.add.at(total, np.ravel(at), np.ravel(np.broadcast_to(value, np.shape(at))))
        return total.reshape(shape)

    def agree(self, said: Any, computed: Any, formula: Formula) -> None:
        """Equal up to rounding."""
        message = f"{self.op.label}: {formula.source}"
        np.testing.assert_allclose(said, computed, rtol=1e-8, atol=1e-8, err_msg=message)


def _array(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x


def _dense(x: Any) -> Any:
    return x.to_dense() if isinstance(x, RowGrad) else np.asarray(x)
