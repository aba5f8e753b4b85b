"""What only makes a kernel faster changes no answer: each such step is left out in its turn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from own_models import EXAMPLES
from random_models import prove

import tinygrad_w2v as tw
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.compiler import Schedule
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.loops.schedule import OPTIONAL
from tinygrad_w2v.compiler.passes import PASSES, algebra
from tinygrad_w2v.compiler.stages import build
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

PROGRAMS, AT_LENGTH, SETTINGS = 1, 10, 200  # the first two for each step
NOTHING = Schedule().without(*OPTIONAL)


@pytest.mark.parametrize("step", OPTIONAL)
def test_random_programs_without_a_step(step: str) -> None:
    first = 500 + PROGRAMS * OPTIONAL.index(step)
    for seed in range(first, first + PROGRAMS):
        prove(seed, schedule=Schedule().without(step))


@pytest.mark.parametrize("share", [10, pytest.param(3, marks=pytest.mark.proof)])
@pytest.mark.parametrize("step", OPTIONAL)
def test_own_models_without_a_step(step: str, share: int, rng: np.random.Generator) -> None:
    names = list(EXAMPLES)
    for name in names[OPTIONAL.index(step) % share :: share]:
        example = EXAMPLES[name]
        windows = example.windows(rng)
        schedule = Schedule().without(step)
        compare(example.make(rng), windows, example.axes, native=False, schedule=schedule)


def test_nothing_but_what_has_to_be(rng: np.random.Generator) -> None:
    for seed in range(600, 603):
        prove(seed, schedule=NOTHING)
    for name in ("biases", "position weights", "pairs"):
        example = EXAMPLES[name]
        windows = example.windows(rng)
        compare(example.make(rng), windows, example.axes, native=False, schedule=NOTHING)


@pytest.mark.parametrize("rule", algebra.RULES, ids=lambda rule: rule.__name__)
def test_without_a_rule_of_algebra(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tuple(other for other in algebra.RULES if other is not rule)
    monkeypatch.setattr(algebra, "RULES", left)
    for seed in range(650, 652):
        prove(seed)


@pytest.mark.proof
@pytest.mark.parametrize("step", OPTIONAL)
def test_at_length(step: str) -> None:
    first = 30_000 + AT_LENGTH * OPTIONAL.index(step)
    for seed in range(first, first + AT_LENGTH):
        prove(seed, schedule=Schedule().without(step))


def test_a_body_of_many_statements_is_not_doubled() -> None:
    few, many = (
        tw.compile(tw.SkipGram(20, 16), BATCH, AXES, schedule=Schedule(jam_statements=most)).source
        for most in (10, 90)
    )
    assert "_next" in many
    assert "_next" not in few


def test_every_step_does_something(rng: np.random.Generator) -> None:
    """A step that is left out leaves another source, of some model."""
    assert {run_pass.__name__ for run_pass in PASSES} < set(OPTIONAL)
    changed = set()
    examples = [EXAMPLES[name] for name in ("biases", "cosine", "relation")]
    given: list[Any] = [(e.make(rng), e.windows(rng)[0], e.axes, tw.optim.Adam) for e in examples]
    given += [(kind(20, 16), BATCH, AXES, tw.optim.SGD) for kind in (tw.CBOW, tw.SkipGram)]
    for model, window, axes, optimizer in given:
        fields = fields_of(window, axes)
        program = trace(model, window, fields, optimizer(model.parameters())).program
        whole = build(program, np.float32, "whole").source.text
        for step in [step for step in OPTIONAL if step not in changed]:
            schedule = Schedule().without(step)
            if build(program, np.float32, "whole", schedule).source.text != whole:
                changed.add(step)
    assert changed == set(OPTIONAL) - {"padded_rows"}  # of tables, not of the text


# ---------------------------------------------------------------------- settings
def some_schedule(seed: int) -> Schedule:
    """Any thresholds, and some of the steps."""
    rng = np.random.default_rng([4, seed])
    thresholds = {
        "inline_functions": int(rng.integers(0, 6)),
        "linear_search": int(rng.integers(0, 6)),
        "short_axis": int(rng.integers(0, 20)),
        "long_loop": int(rng.integers(0, 20)),
        "jam_shared": int(rng.integers(0, 4)),
        "jam_statements": int(rng.integers(0, 200)),
    }
    return Schedule(**thresholds).without(*[s for s in OPTIONAL if rng.random() < 0.2])


@pytest.mark.parametrize("seed", range(8))
def test_no_setting_changes_an_answer(seed: int) -> None:
    prove(700 + seed, schedule=some_schedule(seed))


@pytest.mark.proof
@pytest.mark.parametrize("tens", range(SETTINGS // 10))
def test_no_setting_changes_an_answer_at_length(tens: int) -> None:
    """A step is left out of each fifth, so of forty programs."""
    for seed in range(10 * tens, 10 * tens + 10):
        prove(40_000 + seed, schedule=some_schedule(seed))


BATCH = Batch(
    np.array(3),
    np.array([1, 2, 4, 2]),
    np.array([-2, -1, 1, 2]),
    np.array([3, 0, 5]),
    np.array([1, 0, 0], np.float32),
)
AXES = {"contexts": (("C", 10),), "offsets": (("C", 10),)}


@pytest.mark.parametrize("step", OPTIONAL)
@pytest.mark.parametrize("kind", [tw.CBOW, tw.SkipGram])
def test_models_of_the_package_without_a_step(kind: Any, step: str) -> None:
    compare(kind(20, 16), BATCH, AXES, native=False, schedule=Schedule().without(step))


def test_rows_are_fetched_for_one_id_and_for_many_and_earlier_for_short_examples() -> None:
    pytest.importorskip("numba", reason="numba is not installed")

    class Pairs(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.ones((20, 16)))

        def loss(self, example: Any) -> Any:
            return (self.w[example["user"]] * self.w[example["items"]]).sum()

    example = {"user": np.array(3), "items": np.array([1, 2])}
    for short, ahead in ((0, 1), (4000, 2)):
        schedule = Schedule(prefetch_short=short)
        source = tw.compile(Pairs(), example, {"items": ("n",)}, schedule=schedule).source
        assert f"if at + {ahead} < last:" in source
        assert f"prefetch(w, user[at + {ahead}])" in source
        assert f"prefetch(w, items[at + {ahead}, i])" in source
    few = Schedule(prefetch_rows=1)
    source = tw.compile(Pairs(), example, {"items": ("n",)}, schedule=few).source
    assert "prefetch(w, user[" in source
    assert "prefetch(w, items[" not in source


def test_a_kernel_is_made_as_its_schedule_says() -> None:
    pytest.importorskip("numba", reason="numba is not installed")
    whole = tw.compile(tw.SkipGram(20, 16), BATCH, AXES)
    assert whole.schedule == Schedule()
    assert "_next" in whole.source
    assert "prefetch(" in whole.source
    part = tw.compile(
        tw.SkipGram(20, 16), BATCH, AXES, schedule=Schedule(jam=False).without("prefetch")
    )
    assert "_next" not in part.source
    assert "prefetch(" not in part.source
    assert "jam               no" in str(part.schedule)
    one, other = (float(kernel.step(BATCH, 0.1)) for kernel in (whole, part))
    assert abs(one - other) < 1e-5
    assert np.allclose(whole.model.w_out.data, part.model.w_out.data)


def test_a_schedule_refuses_what_it_does_not_know() -> None:
    with pytest.raises(InputError, match=r"no step 'jamming': there are drop_unused, .*, prefetch"):
        Schedule().without("jamming")
    with pytest.raises(InputError, match="jam of a schedule is True or False, not 2"):
        Schedule(jam=2)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="long_loop of a schedule is a number from 0 on, not -1"):
        Schedule(long_loop=-1)
