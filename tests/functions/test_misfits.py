"""Shapes that do not fit: for every op the message speaks of it and its shapes, not of NumPy."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import ShapeError, TinygradError
from tinygrad_w2v.checking.case import Case
from tinygrad_w2v.checking.cases import CASES

# What NumPy says of its inside.
JARGON = re.compile(
    r"g?ufunc|operand|core dimension|remap|newaxis|n\?|einstein|iterator|signature|nditer|"
    r"array element with a sequence|aligned|no identity|collapsing|tuple index|subok",
    re.IGNORECASE,
)

SHAPE = re.compile(r"\((\d+,|\d+(, \d+)+)?\)|has (one axis|\d+ axes|\d+ samples)")


def misshapen(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for i, n in enumerate(shape):
        for other in (n + 1, 7, max(n - 1, 0)):
            yield (*shape[:i], other, *shape[i + 1 :])
        yield (*shape[:i], *shape[i + 1 :])
    yield from ((*shape, 3), (5, *shape), (), (0,))


def refusals(case: Case) -> Iterator[Exception]:
    """What the function of a case raises when one of its arrays has another shape."""
    arrays = case.draw(np.random.default_rng(0))
    for i, array in enumerate(arrays):
        for shape in dict.fromkeys(misshapen(array.shape)):
            wrong = np.resize(array, shape) if np.prod(shape) and array.size else np.zeros(shape)
            inputs = [tw.Variable(wrong if j == i else a) for j, a in enumerate(arrays)]
            try:
                case.function(*inputs)
            except Exception as error:
                yield error


FAMILIES = sorted({case.covers[0].__module__ for case in CASES})


@pytest.mark.parametrize("family", FAMILIES)
def test_no_message_of_any_op_speaks_of_numpys_inside(family: str) -> None:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in CASES:
            if case.covers[0].__module__ != family:
                continue
            for error in refusals(case):
                said = f"{case.name}: {type(error).__name__}: {error}"
                assert not JARGON.search(str(error)), said
                assert isinstance(error, TinygradError | IndexError | TypeError | ValueError), said
                assert "applied at" in str(error), said
                shown = SHAPE.search(str(error)) or "a number" in str(error)
                assert shown or not isinstance(error, ShapeError), said
                # What is left without a reason is a rule's own op, which no user applies.
                assert "fit together" not in str(error) or "segment_repeat" in str(error), said


def test_the_walk_meets_refusals() -> None:
    """The test above can fail: most families of ops refuse some shapes."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refusing = {c.covers[0].__module__ for c in CASES if next(refusals(c), None)}
    assert len(refusing) >= 15


def v(*shape: int) -> tw.Variable:
    return tw.Variable(np.ones(shape))


MESSAGES: dict[str, tuple[Callable[[], Any], str]] = {
    "matmul": (
        lambda: v(3, 4) @ v(5, 2),
        "matmul of (3, 4) and (5, 2): the last axis of the first (4) must equal the first axis of "
        "the second (5)",
    ),
    "matmul, turned": (lambda: v(3, 4) @ v(5, 4), "`.T` of the second would fit"),
    "matmul, the first turned": (lambda: v(3, 4) @ v(3, 2), "`.T` of the first would fit"),
    "matmul of vectors": (
        lambda: v(3) @ v(4),
        "matmul of (3,) and (4,): the last axis of the first (3) must equal the only axis of the "
        "second (4)",
    ),
    "matmul by a number": (lambda: v(3) @ tw.Variable(2.0), "multiply by it with `*`"),
    "matmul of batches": (lambda: v(2, 3, 4) @ v(5, 4, 3), "axis -1 has 2 and 5"),
    "matmul with an array": (lambda: v(3, 4) @ np.ones((5, 2)), "matmul of (3, 4) and (5, 2)"),
    "an array with matmul": (lambda: np.ones((3, 4)) @ v(5, 2), "matmul of (3, 4) and (5, 2)"),
    "add": (
        lambda: v(3, 4) + v(3),
        "add of (3, 4) and (3,): counted from the last axis, sizes must be equal or 1, and axis -1 "
        "has 4 and 3; make the second (3, 1) with `reshape`",
    ),
    "add, nothing fits": (lambda: v(3, 4) + v(5), "axis -1 has 4 and 5"),
    "np.add": (lambda: np.add(v(2), np.ones(3)), "add of (2,) and (3,)"),
    "a comparison": (lambda: v(2) < v(3), "< of (2,) and (3,)"),
    "equality": (lambda: v(2) == np.ones(3), "== of (2,) and (3,)"),
    "a plain function": (lambda: np.logical_and(v(2), v(3)), "np.logical_and of (2,) and (3,)"),
    "where": (lambda: F.where(np.ones(3, bool), v(2), 0.0), "with a condition of (3,)"),
    "clip": (lambda: F.clip(v(2), np.zeros(3)), "a_min has the shape (3,)"),
    "clip by a Variable": (lambda: F.clip(v(2), v(3)), "(2,) and (3,)"),
    "einsum": (
        lambda: F.einsum("ij,jk->ik", v(2, 3), v(4, 5)),
        "einsum of (2, 3) and (4, 5): 'j' in 'ij,jk->ik' is 3 in the first and 4 in the second",
    ),
    "einsum, too few axes": (
        lambda: F.einsum("ij->j", v(3)),
        "'ij' in 'ij->j' names 2 axes, and the input has 1",
    ),
    "einsum, the ellipsis": (
        lambda: F.einsum("...i,...i", v(2, 3), v(4, 3)),
        "axis -1 has 2 and 4",
    ),
    "einsum, a diagonal": (lambda: F.einsum("ii", v(2, 3)), "'i' in 'ii' is both 2 and 3"),
    "einsum, too few inputs": (
        lambda: F.einsum("ij,jk", v(2, 3)),
        "names 2 inputs, and there are 1",
    ),
    "tensordot": (lambda: F.tensordot(v(2, 3), v(4, 5), 1), "the sizes (3,)"),
    "tensordot, too few axes": (lambda: F.tensordot(v(3), v(3, 4), 2), "2 axes of each"),
    "concatenate": (
        lambda: F.concatenate([v(2, 3), v(2, 4)]),
        "only axis 0 may differ, and axis 1 is 3 in the first, 4 in the second",
    ),
    "concatenate, axes": (
        lambda: F.concatenate([v(2), v(2, 4)]),
        "has 1 axis, and the second has 2",
    ),
    "stack": (lambda: F.stack([v(2), v(3)]), "stack of (2,) and (3,): all must have one shape"),
    "split": (lambda: F.split(v(7, 2), 3), "size 7, of which 3 parts make no equal division"),
    "reshape": (
        lambda: v(2, 3).reshape(4, 2),
        "reshape: 6 elements do not make (4, 2), which takes 8. The input has the shape (2, 3)",
    ),
    "reshape, with -1": (lambda: v(2, 3).reshape(4, -1), "4 for each place of the -1"),
    "transpose": (lambda: F.transpose(v(2, 3), (0, 2, 1)), "must name each of the 2 axes once"),
    "squeeze": (lambda: F.squeeze(v(2, 1), 0), "axis 0 has size 2"),
    "broadcast_to": (
        lambda: F.broadcast_to(v(2), (3,)),
        "axis 0 has size 2, where 3 or 1 is needed",
    ),
    "an axis": (
        lambda: v(2, 3).sum(axis=2),
        "sum: there is no axis 2: 2 axes are numbered 0 to 1, or -2 to -1 from the last. The input",
    ),
    "an axis of a vector": (lambda: F.softmax(v(3), axis=1), "there is one axis, 0 (or -1)"),
    "a mask": (lambda: F.sum(v(2, 3), where=np.ones(2, bool)), "`where` does not fit"),
    "max of nothing": (lambda: F.max(v(0)), "an empty array has no max: give `initial`"),
    "repeat": (lambda: F.repeat(v(3), [1, 2]), "takes one number, or 3 in a row"),
    "pad": (lambda: F.pad(v(3), ((1, 1), (1, 1))), "one pair per axis"),
}


@pytest.mark.parametrize(("call", "words"), MESSAGES.values(), ids=MESSAGES)
def test_a_misfit_is_told_in_words_of_the_op(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ShapeError, match=re.escape(words)) as caught:
        call()
    assert not JARGON.search(str(caught.value)) and "test_misfits.py" in str(caught.value)
    error = caught.value
    assert error.__cause__ is None and (error.__suppress_context__ or not error.__context__)


INDICES: dict[str, tuple[Callable[[], Any], str]] = {
    "a row": (
        lambda: v(3, 2)[5],
        "out of bounds for axis 0 of the shape (3, 2), which has the places 0 to 2",
    ),
    "an element": (
        lambda: v(3, 2)[0, 5],
        "axis 1 of the shape (3, 2), which has the places 0 to 1",
    ),
    "too many": (lambda: v(3, 2)[0, 0, 0], "too many indices: 3 for 2 axes"),
    "a number": (lambda: tw.Variable(1.0)[0], "a number has no rows"),
    "a mask": (lambda: v(3, 2)[np.ones(2, bool)], "the mask has shape (2,), where (3,) is masked"),
    "ids": (
        lambda: v(3, 2)[np.zeros(2, int), np.zeros(3, int)],
        "the ids in the index have the shapes (2,) and (3,)",
    ),
    "no rows": (lambda: v(0, 2)[[0]], "axis 0 of the shape (0, 2), which has no places"),
    "embedding": (lambda: F.embedding(v(3, 2), [3]), "compare the ids with the size"),
}


@pytest.mark.parametrize(("call", "words"), INDICES.values(), ids=INDICES)
def test_a_wrong_index_says_which_places_there_are(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(IndexError, match=re.escape(words)) as caught:
        call()
    assert not JARGON.search(str(caught.value)) and "test_misfits.py" in str(caught.value)


class Own(tw.Function):
    def forward(self, x: Any, y: Any) -> Any:
        return np.matmul(x, y)


class Explained(Own):
    def misfit(self, *shapes: tuple[int, ...]) -> str:
        return f"{len(shapes)} matrices are wanted"


class Broken(Own):
    def misfit(self, *shapes: tuple[int, ...]) -> str:
        raise RuntimeError("a mistake in the explanation")


def test_an_op_of_ones_own_keeps_numpys_error_as_the_cause() -> None:
    for op in (Own, Broken):
        with pytest.raises(ShapeError, match=r"\(3, 4\) float64, \(5, 2\) float64") as caught:
            op()(v(3, 4), v(5, 2))
        assert not JARGON.search(str(caught.value))
        assert "core dimension" in str(caught.value.__cause__)


class Refusing(Own):
    def forward(self, x: Any, y: Any) -> Any:
        raise ValueError("weights do not broadcast here")


def test_what_an_op_of_ones_own_says_stays() -> None:
    with pytest.raises(ShapeError, match="refusing: weights do not broadcast here"):
        Refusing()(v(3, 4), v(5, 2))


def test_an_op_of_ones_own_can_explain_itself() -> None:
    with pytest.raises(ShapeError, match=r"explained of \(3, 4\) and \(5, 2\): 2 matrices are"):
        Explained()(v(3, 4), v(5, 2))
