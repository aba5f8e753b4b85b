"""Random models: a seed is a program of ops over tables, with axes that change their length.

A program is drawn from shapes alone. Values stay of the order of 1. What a kernel does with loops
depends on lengths, so inner ones are short or long; some parameters are frozen, whole or in part,
and a table may be used twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from random_lengths import AXES, ROWS, C, S, Shape, T, number, windows
from random_numbers import as_ids, whole_numbers
from random_steps import Step, Steps

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import GradientError
from tinygrad_w2v.compiler import Schedule
from tinygrad_w2v.compiler.inspect.compare import compare

# Small, so that one window's rounding is not blown up by the next ones.
RATE = 0.003
# Words that a kernel's source uses, for loops, for what it makes of values, or by chance.
COMMON = (
    *("i", "j", "k", "c", "t", "s", "i1", "total", "dot", "dot_total", "dot_total_p0", "dot_p1"),
    *("scatter", "scatter_next", "largest", "rows", "a_rows", "a_at0", "x_at0", "number", "where"),
)
WIDTHS = (3, 4, 5, 8, 12, 13, 16, 24, 40)
RULES = ("SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam")


class RandomModel(tw.Module):
    """A program that is drawn from a seed.

    Attributes
    ----------
    used : set of str
        What of its ops it is made of.
    """

    def __init__(self, seed: int, steps: int = 9, smooth: bool = False) -> None:
        rng = np.random.default_rng([2026, seed])
        width, other = int(rng.choice(WIDTHS)), int(rng.choice([2, 3, 8, 12, 16]))
        self.called = names(seed)
        self._hold("a", rng.normal(size=(ROWS, width)))
        self._hold("b", rng.normal(size=(ROWS, width)))
        self._hold("bias", rng.normal(size=ROWS))
        self._hold("dense", rng.normal(size=(width, other)) / np.sqrt(width))
        self._hold("vector", rng.normal(size=width))
        if rng.random() < 0.15:
            setattr(self, self.called.get("b", "b"), self._table("a"))
        _, self.numbers = whole_numbers(rng)
        _, self.ids = as_ids(rng)
        d, e = number(width), number(other)
        shapes: list[Shape] = [
            *((C, d), (C, d), (T, d), (d,), (C,), (T,), (d, e), (d,), (C,), (C, T), (C, T)),
            *((C, d), (number(ROWS), d), (S,)),
        ]
        self.leaves = len(shapes)
        self.steps: list[Step] = []
        drawing = Steps(shapes, dense=6, smooth=smooth)
        while len(self.steps) < steps:
            drawn = drawing.draw(rng)
            if drawn is not None:
                self.steps.append(drawn)
                shapes.append(drawn.shape)
        self.used = {step.name for step in self.steps}
        read = {i for step in self.steps for i in step.inputs}
        self.results = [i for i in range(self.leaves, len(shapes)) if i not in read]

    def _hold(self, name: str, data: Any) -> None:
        setattr(self, self.called.get(name, name), tw.Parameter(data))

    def _table(self, name: str) -> Any:
        return getattr(self, self.called.get(name, name))

    def loss(self, batch: Any) -> Any:
        back = {new: old for old, new in self.called.items()}
        batch = {back.get(name, name): value for name, value in batch.items()}
        a, b, bias, dense, vector = map(self._table, ("a", "b", "bias", "dense", "vector"))
        contexts, targets = batch["contexts"], batch["targets"]
        values = [
            a[contexts],
            b[contexts],
            b[targets],
            a[batch["center"]],
            bias[(3 * contexts + 1) % ROWS],
            bias[targets // 2],
            dense * 1.0,
            vector * 1.0,
            bias[contexts] * batch["x"],
            bias[batch["pairs"]],
            np.sum(a[batch["pairs"]], axis=-1) * batch["y"],
            a[self.ids(self.numbers(batch))],
            b * 0.5,
            bias[batch["starts"]],
        ]
        for step in self.steps:
            values.append(step.function(batch, *[values[i] for i in step.inputs]))
        total = 0.1 * np.sum(a[targets] * b[targets])
        for i in self.results:
            total = total + np.sum(np.tanh(values[i]))
        return total


def names(seed: int) -> dict[str, str]:
    """What some parameters, fields and axes are called instead: as the source calls its own."""
    rng = np.random.default_rng([8, seed])
    given = ("a", "b", "bias", "dense", "vector", *AXES, "center", "one", "flag", "C", "T", "S")
    new = [str(name) for name in rng.permutation(COMMON)]
    return {old: new.pop() for old in given if new and rng.random() < 0.2}


def window_of(seed: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the windows of a seed and their axes, as they are called there."""
    called = names(seed)

    def size(entry: Any) -> Any:
        if isinstance(entry, tuple):
            return (called.get(entry[0], entry[0]), entry[1])
        return called.get(entry, entry)

    axes = {called.get(f, f): tuple(size(e) for e in entries) for f, entries in AXES.items()}
    return [{called.get(f, f): array for f, array in w.items()} for w in windows(seed)], axes


def optimizer(model: RandomModel, seed: int) -> Any:
    """A rule for a model, which may hold only some of its parameters; None for plain descent.

    Its state has begun: where it is 0, some rules divide what is nearly 0 by itself.
    """
    rng = np.random.default_rng([5, seed])
    parameters = list(model.parameters())
    kept = [p for p in parameters if rng.random() < 0.7] or parameters[:1]
    name = str(rng.choice(RULES))
    if rng.random() < 0.2:
        return None
    kept = kept if rng.random() < 0.5 and name != "SGD" else parameters
    more = np.random.default_rng([6, seed])
    rule = getattr(tw.optim, name)(**limits(more))
    if len(kept) > 1 and more.random() < 0.3:
        other = getattr(tw.optim, str(more.choice(RULES)))(lr=0.5 * rule.lr, **limits(more))
        at = int(more.integers(1, len(kept)))
        rule = tw.optim.Groups([(kept[:at], rule), (kept[at:], other)])
    else:
        rule.bind(kept)
    rule.state = [tuple(rng.uniform(0.5, 1.5, x.shape) for x in arrays) for arrays in rule.state]
    return rule


def limits(rng: Any) -> dict[str, float]:
    """What holds a rule back, or nothing."""
    bounds = {"weight_decay": (0.1, 1), "clip": (0.05, 2), "max_norm": (0.5, 4)}
    return {
        name: float(rng.uniform(*between)) for name, between in bounds.items() if rng.random() < 0.3
    }


def freeze(model: RandomModel, rule: Any, seed: int) -> None:
    """Freeze some parameters: all, some rows, or some elements, if their rule takes that."""
    rng = np.random.default_rng([7, seed])
    for parameter in model.parameters():
        if rng.random() < 0.8:
            continue
        share = rng.uniform(0.2, 0.8)
        by_rows = rng.random() < 0.6
        shape = parameter.shape[:1] if by_rows else parameter.shape
        mask = True if rng.random() < 0.2 else rng.random(shape) < share
        rules = [] if rule is None else [held for held, _ in rule.rules()]
        if by_rows or all(held.max_norm is None for held in rules):
            parameter.frozen = mask


def prove(seed: int, native: bool = False, schedule: Schedule | None = None) -> None:
    """Compare all engines on the program, the windows and the optimizer of a seed.

    Rules magnify what is nearly 0, where a kink would choose by rounding: so their programs are
    smooth, and may differ by more.
    """
    smooth = seed % 3 == 0
    model = RandomModel(seed, steps=7 if native else 9, smooth=smooth)
    rule = optimizer(model, seed) if smooth else None
    freeze(model, rule, seed)
    given, axes = window_of(seed)
    settings = {"native": native, "lr": RATE, "schedule": schedule}
    tolerance = 1e-8 if rule is None else 1e-6
    try:
        compare(model, given, axes, rule, tolerance=tolerance, **settings)
    except GradientError:
        # A steep program magnifies the rounding of one window in the next ones.
        for window in given:
            compare(model, [window], axes, rule, tolerance=tolerance, **settings)
        compare(model, given, axes, rule, tolerance=1e-4, **settings)


__all__ = ["ROWS", "RandomModel", "optimizer", "prove", "window_of"]
