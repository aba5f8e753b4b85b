"""A gradient that is not there says why: `backward` without a leaf, a ``.grad`` that is None."""

from __future__ import annotations

import copy
import operator
import pickle
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import MissingGradientError, NoGraphError


def _under_no_grad() -> Any:
    with tw.no_grad():
        return (tw.Variable([1.0, 2.0]) ** 2).sum()


def _gradient() -> Any:
    x = tw.Variable(3.0)
    (x**2).backward()
    return x.grad


def _summed_gradient() -> Any:
    x = tw.Variable(3.0)
    (x**2).backward()
    (x**2).backward()
    return x.grad


def _on_the_way() -> Any:
    x = tw.Variable(3.0)
    h = x * 2
    (h * h).backward(retain_grad=True)
    return h.grad


def _transformed() -> Any:
    with tw.no_grad():
        return tw.grad(lambda x: x**3)(tw.Variable(2.0))


LOST = {
    "no_grad": (_under_no_grad, "no_grad"),
    "a transform under no_grad": (_transformed, "no_grad"),
    "detach": (lambda: (tw.Variable(2.0) * 3).detach(), "detach"),
    "detach of a leaf": (lambda: tw.Variable(2.0).detach(), "detach"),
    "a gradient": (_gradient, "create_graph=True"),
    "a sum of gradients": (_summed_gradient, "create_graph=True"),
    "a gradient on the way": (_on_the_way, "create_graph=True"),
    "a copy": (lambda: copy.copy(tw.Variable(2.0) * 3), "a copy"),
    "a deep copy": (lambda: copy.deepcopy(tw.Variable(2.0) * 3), "a copy"),
    "a pickle": (lambda: pickle.loads(pickle.dumps(tw.Variable(2.0) * 3)), "a copy"),
    "a copy of a gradient": (lambda: copy.deepcopy(_gradient()), "create_graph=True"),
}


@pytest.mark.parametrize("what", LOST)
def test_backward_of_what_lost_its_graph(what: str) -> None:
    make, said = LOST[what]
    y = make()
    with pytest.raises(NoGraphError, match=rf"reaches no leaf: it is .*{said}"):
        y.backward()
    assert y.grad is None


@pytest.mark.parametrize("what", [name for name in LOST if "no_grad" in name or "gradient" in name])
def test_backward_of_what_was_computed_from_it(what: str) -> None:
    make, said = LOST[what]
    y = make()
    loss = (y * y).sum()
    with pytest.raises(NoGraphError, match=rf"made by sum reaches no leaf: what .*{said}"):
        loss.backward()
    assert y.grad is None


def test_several_outputs_under_no_grad() -> None:
    with tw.no_grad():
        y, _ = F.split(tw.Variable([1.0, 2.0]), 2)
    with pytest.raises(NoGraphError, match="no_grad"):
        y.backward()


def test_other_ends_of_a_graph() -> None:
    x = tw.Variable([1.0, 2.0])
    with pytest.raises(NoGraphError, match="`stop_gradient` ends the walk"):
        F.stop_gradient(x).sum().backward()
    with pytest.raises(NoGraphError, match="integers"):
        (tw.Variable(np.array([1, 2])) * 0.5).sum().backward()

    class Nothing(tw.Function):
        def forward(self, x: Any) -> Any:
            return x * 1.0

        def backward(self, g: Any) -> Any:
            return None

    with pytest.raises(NoGraphError, match="returns no gradient"):
        Nothing()(x).sum().backward()
    with tw.debug(), pytest.raises(NoGraphError, match=r"applied at .*test_missing\.py"):
        F.stop_gradient(x).sum().backward()


def test_a_leaf_beside_it_is_enough() -> None:
    x = tw.Variable(3.0)
    with tw.no_grad():
        scale = x * 2
    (x * scale * x.detach()).backward()
    assert float(x.grad) == 18.0
    # A penalty on a gradient without its graph still has the loss's own way to x.
    x.cleargrad()
    (x**2).backward()
    g = x.grad
    x.cleargrad()
    (x + g * g).backward()
    assert float(x.grad) == 1.0


def test_what_is_a_leaf_stays_one() -> None:
    x = tw.Variable(3.0)
    x.backward()
    assert float(x.grad) == 1.0
    for leaf in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), tw.Parameter(2.0)):
        leaf.cleargrad()
        leaf.backward()
        assert float(leaf.grad) == 1.0
    d = (x * 2).detach()
    (d * d).backward()
    assert float(d.grad) == 12.0
    # A gradient that was made with its graph, and is a constant: all is right, and 0.
    y = tw.Variable(2.0)
    (3 * y).backward(create_graph=True)
    y.grad.backward()


# ---------------------------------------------------------------------- `.grad` that is None
def _int_leaf() -> Any:
    return tw.Variable(np.array([1, 2]), name="ids")


NONE = {
    "before backward": (lambda: tw.Variable(2.0, name="w"), r"`w` is None.*`backward\(\)`.*first"),
    "of an intermediate": (lambda: tw.Variable(2.0) * 3, r"made by multiply.*retain_grad=True"),
    "of integers": (_int_leaf, "int64"),
    "under no_grad": (_under_no_grad, "no_grad"),
    "of a gradient": (_gradient, "create_graph"),
}


@pytest.mark.parametrize("what", NONE)
def test_reading_what_is_not_there(what: str) -> None:
    make, said = NONE[what]
    x = make()
    with pytest.raises(MissingGradientError, match=said) as caught:
        x.grad.data  # noqa: B018
    assert "test_missing.py" in str(caught.value)
    assert isinstance(caught.value, AttributeError)
    for read in (
        lambda: x.grad.shape,
        lambda: x.grad.sum(),
        lambda: x.grad.data.sum() + 1,
        lambda: [p.grad.data for p in (x, x)],
        lambda: getattr(x, "grad").data,  # noqa: B009
    ):
        with pytest.raises(AttributeError):
            read()
    with pytest.raises(MissingGradientError, match=said):
        x.grad.data -= 1.0
    with pytest.raises(MissingGradientError, match=said):
        x.grad.data = np.ones(2)


def test_reading_it_often() -> None:
    # Python makes quicker instructions of those that run often.
    x = tw.Variable(1.0)

    def read() -> Any:
        return x.grad.data

    x.grad = tw.Variable(2.0)
    for _ in range(100):
        read()
    x.cleargrad()
    for _ in range(100):
        with pytest.raises(MissingGradientError):
            read()
        assert x.grad is None


def test_none_is_none_everywhere_else() -> None:
    x = tw.Variable(2.0)
    assert x.grad is None
    assert not x.grad
    assert x.grad == None  # noqa: E711
    g = x.grad
    assert g is None
    assert [v.grad for v in (x, x)] == [None, None]
    assert list(map(operator.attrgetter("grad"), [x])).count(None) == 1
    assert getattr(x.grad, "data", 5) == 5
    assert not hasattr(x.grad, "data")
    assert x.grad.__class__ is type(None)
    assert str(x.grad) == "None" and f"{x.grad}" == "None"
    holder: Any = type("Holder", (), {})()
    holder.data = x.grad
    assert holder.data is None
    assert (x.grad or x).data == 2.0
    with pytest.raises(TypeError, match="NoneType"):
        x.grad * 2


def test_what_is_read_is_found_in_long_functions() -> None:
    # More than 255 names: the compiler of Python puts EXTENDED_ARG before an instruction.
    names = "\n".join(f"    name{i} = x.attribute{i} if False else 0" for i in range(600))
    scope: dict[str, Any] = {}
    exec(f"def read(x):\n{names}\n    return x.grad.data", scope)
    with pytest.raises(MissingGradientError):
        scope["read"](tw.Variable(1.0))


def test_a_gradient_is_a_variable() -> None:
    x = tw.Variable([1.0])
    with pytest.raises(TypeError, match=r"tw\.Variable"):
        x.grad = np.ones(1)
    x.grad = tw.Variable([2.0])
    assert x.grad.data.tolist() == [2.0]
    x.grad = None
    assert x.grad is None
