"""Several rules as one: who changes what, by which rate, and what is refused."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError


def three() -> list[Any]:
    return [tw.Parameter(np.full(2, 3.0), name=name) for name in ("a", "b", "c")]


def grouped(a: Any, b: Any, c: Any = None) -> tw.optim.Groups:
    rules = tw.optim.SGD(lr=0.1, weight_decay=0.5), tw.optim.Adam(lr=0.01, clip=1.0)
    return tw.optim.Groups([([a], rules[0]), ([b], rules[1])])


def step(optimizer: Any, *parameters: Any) -> None:
    optimizer.zero_grad()
    for parameter in parameters:
        parameter.grad = tw.Variable(np.array([1.0, -2.0]))
    optimizer.step()


def test_each_has_its_own_and_what_has_none_is_frozen() -> None:
    a, b, c = three()
    alone = three()
    both = grouped(a, b)
    apart = [
        tw.optim.SGD([alone[0]], lr=0.1, weight_decay=0.5),
        tw.optim.Adam([alone[1]], lr=0.01, clip=1.0),
    ]
    for rate in (0.1, 0.05, 0.2):
        both.lr = rate
        step(both, a, b, c)
        apart[0].lr, apart[1].lr = rate, 0.1 * rate
        for rule, parameter in zip(apart, alone, strict=False):
            step(rule, parameter)
    for ours, right in zip((a, b, c), alone, strict=True):
        np.testing.assert_allclose(ours.data, right.data, rtol=1e-14)
    assert (both.steps, apart[1].steps) == (3, 3)
    np.testing.assert_array_equal(c.data, 3.0)
    assert both.parameters == [a, b]


def test_a_schedule_is_that_of_all() -> None:
    a, b, _ = three()
    both = tw.optim.Groups(
        [([a], tw.optim.SGD(lr=0.5)), ([b], tw.optim.SGD(lr=0.25))],
        lr=tw.optim.LinearDecay(1.0, 0.5, steps=1),
    )
    step(both, a, b)
    step(both, a, b)
    np.testing.assert_allclose(a.data, [3 - 1.5, 3 + 3])
    np.testing.assert_allclose(b.data, [3 - 0.75, 3 + 1.5])


def test_state_goes_round() -> None:
    def run(made: Any, steps: int) -> None:
        for _ in range(steps):
            step(made, *made.parameters)

    first = grouped(*three())
    run(first, 2)
    first.lr = 0.05
    state = first.state_dict()
    named = ["groups.0.ratio", "groups.0.weight_decay", "groups.1.ratio", "groups.1.beta1"]
    assert list(state) == [
        *("steps", "lr", *named, "groups.1.beta2", "groups.1.clip", "1.m", "1.v"),
    ]
    second = tw.optim.Groups(
        [
            ([tw.Parameter(first.parameters[0].data.copy())], tw.optim.SGD(lr=7.0)),
            ([tw.Parameter(first.parameters[1].data.copy())], tw.optim.Adam(lr=7.0, max_norm=1.0)),
        ]
    )
    second.load_state_dict(state)
    assert second.numbers() == first.numbers()
    run(first, 2)
    run(second, 2)
    for one, two in zip(first.parameters, second.parameters, strict=True):
        assert one.data.tobytes() == two.data.tobytes()
    with pytest.raises(InputError, match=r"missing: groups\.1\.beta1"):
        second.load_state_dict({k: v for k, v in state.items() if k != "groups.1.beta1"})
    with pytest.raises(InputError, match="unknown"):
        second.load_state_dict({**state, "groups.2.ratio": 1.0})


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_are_of_all(copied: Any) -> None:
    first = grouped(*three())
    step(first, *first.parameters)
    second = copied(first)
    for made in (first, second):
        step(made, *made.parameters)
    for one, two in zip(first.parameters, second.parameters, strict=True):
        assert one is not two
        assert one.data.tobytes() == two.data.tobytes()


def test_what_is_refused() -> None:
    a, b, _ = three()
    sgd = tw.optim.SGD
    wrong: list[tuple[Any, str]] = [
        ([], "Groups takes a list of pairs"),
        (sgd(), "Groups takes a list of pairs"),
        ([([a], "adam")], r"group 0 is \(\[Parameter"),
        ([sgd()], r"group 0 is SGD\(lr=0\.01\)"),
        ([([a], sgd()), ([], sgd())], "group 1: the list of parameters is empty"),
        ([([a], sgd()), ([b, a], sgd())], r"parameter 2 \(a\) came before as parameter 0"),
        ([([a], sgd([a]))], "group 0 has a SGD with parameters of its own"),
        ([([a], sgd(lr=lambda step: 0.1))], "group 0 has a schedule of its own"),
        ([([a], grouped(a, b))], "group 0 is Groups itself"),
        ([(a, sgd())], "group 0: a single Variable was given"),
    ]
    for groups, message in wrong:
        with pytest.raises(InputError, match=message):
            tw.optim.Groups(groups)
    with pytest.raises(TypeError, match="no argument 'optimizers': write `groups=`"):
        tw.optim.Groups(optimizers=[([a], sgd())])  # type: ignore[call-arg]
    with pytest.raises(InputError, match="make another one"):
        grouped(a, b).bind([a])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rules, made: setattr(rules[1], "lr", 0.5), "the rate or the parameters of Adam"),
        (lambda rules, made: setattr(rules[0], "lr", lambda step: 0.1), "of SGD, group 0, were"),
        (lambda rules, made: setattr(made, "clip", 1.0), "Groups has no clip of its own"),
    ],
)
def test_what_changed_behind_it_is_not_passed_over(change: Any, message: str) -> None:
    a, b, _ = three()
    rules = [tw.optim.SGD(lr=0.1), tw.optim.Adam(lr=0.01)]
    made = tw.optim.Groups([([a], rules[0]), ([b], rules[1])])
    change(rules, made)
    with pytest.raises(InputError, match=message):
        step(made, a, b)


def test_a_trainer_takes_it() -> None:
    class Line(tw.Module):
        def __init__(self) -> None:
            self.slope, self.offset, self.rest = (tw.Parameter(0.0) for _ in range(3))

        def forward(self, x: Any, t: Any) -> Any:
            return ((self.slope * x + self.offset + self.rest - t) ** 2).mean()

    line = Line()
    both = tw.optim.Groups(
        [([line.slope], tw.optim.SGD(lr=0.5)), ([line.offset], tw.optim.Adam(lr=0.05))]
    )
    x = np.linspace(-1, 1, 20)
    trainer = tw.Trainer(line, both)
    trainer.fit(x, 2 * x + 1, max_epoch=60, batch_size=10, quiet=True)
    assert float(line.slope) == pytest.approx(2, abs=0.02)
    assert float(line.offset) == pytest.approx(1, abs=0.05)
    assert float(line.rest) == 0.0
    assert "Groups(SGD(lr=0.5) of 1, Adam(" in repr(trainer)
