"""Random arithmetic of whole numbers and truth values: where it wraps, and what it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from random_lengths import ROWS, windows

from tinygrad_w2v.functions.keyed import hash_of

Rng = np.random.Generator
FIELDS = ("contexts", "classes", "within", "small", "wide", "mask", "flag", "one")
MOST = 8  # ops of an expression
NUMBERS: tuple[int, ...] = (0, 1, 2, 3, -1, 7, 100, 255)
OPS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "floor_divide": np.floor_divide,
    "remainder": np.remainder,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "equal": np.equal,
    "less": np.less,
    "negative": lambda x, _: -x,
    "absolute": lambda x, _: abs(x),
    "square": lambda x, _: np.square(x),
    "cube": lambda x, _: x**3,
    "sign": lambda x, _: np.sign(x),
    "where": lambda x, y: np.where(x > y, x, y),
    "choose": lambda x, y: np.where(x, y, 3),
    "and": np.logical_and,
    "or": np.logical_or,
    "not": lambda x, _: np.logical_not(x),
    "either": lambda x, y: x ^ y,
    "int8": lambda x, _: x.astype(np.int8),
    "uint8": lambda x, _: x.astype(np.uint8),
    "int16": lambda x, _: x.astype(np.int16),
    "uint16": lambda x, _: x.astype(np.uint16),
    "int32": lambda x, _: x.astype(np.int32),
    "uint32": lambda x, _: x.astype(np.uint32),
    "int64": lambda x, _: x.astype(np.int64),
    "bool": lambda x, _: x.astype(bool),
    "ones": lambda x, y: np.ones_like(x) - y,
    "largest": lambda x, y: np.max(x, axis=-1, keepdims=True) + y,
    "joined": lambda x, y: np.concatenate([x, 2 * x], axis=-1)[..., :1] + y,
}


def whole_numbers(rng: Rng, ops: Collection[str] = OPS) -> tuple[list[str], Callable[[Any], Any]]:
    """Return the ops, and the function of a window, of a random expression of shape ``(C,)``."""
    sample = next(windows(0))
    given = [*(sample[name] for name in FIELDS), *NUMBERS]
    made: list[Any] = list(given)
    steps: list[tuple[str, int, int]] = []
    while len(steps) < 4 or not _is_result(made[-1]):
        if len(steps) == MOST:
            steps, made = [], list(given)
        name = str(rng.choice(sorted(ops)))
        i, j = (_drawn(rng, len(made)) for _ in range(2))
        i, j = (j, i) if isinstance(made[i], int) else (i, j)
        x, y = made[i], made[j]
        if np.ndim(x) == 0 and name in ("largest", "joined"):
            continue
        try:
            with np.errstate(all="ignore"):
                _ = x + y  # a number has to fit, which `where` does not ask
                value = OPS[name](x, y)
        except (TypeError, ValueError, OverflowError, AttributeError):
            continue
        if np.asarray(value).dtype.kind not in "biu" or np.asarray(value).dtype == np.uint64:
            continue
        truth = [np.asarray(of).dtype == np.bool_ for of in (x, y)]
        if (name == "either" and not all(truth)) or (name == "cube" and truth[0]):
            continue  # these are refused
        steps.append((name, i, j))
        made.append(value)

    def function(batch: Any) -> Any:
        values = [*(batch[name] for name in FIELDS), *NUMBERS]
        with np.errstate(all="ignore"):
            for name, i, j in steps:
                values.append(OPS[name](values[i], values[j]))
        return values[-1]

    return [name for name, _, _ in steps], function


def _drawn(rng: Rng, n: int) -> int:
    return (
        n - 1 - int(min(rng.exponential(3), n - 1)) if rng.random() < 0.7 else int(rng.integers(n))
    )


def _is_result(value: Any) -> bool:
    return np.shape(value) == (3,)


def as_number(value: Any) -> Any:
    """Whole numbers as floats of the order of 1."""
    return np.tanh(value / 64.0)


IDS: dict[str, Callable[[Any, int], Any]] = {
    "remainder": lambda value, n: value.astype(np.int64) % n,
    "clip": lambda value, n: np.clip(value.astype(np.int64), 0, n - 1),
    "truth": lambda value, n: (value > 3).astype(np.int64),
    "two": lambda value, n: np.where(value > 5, n - 1, value.astype(np.int64) % 2),
    "hashed": lambda value, n: hash_of(value.astype(np.int64), 3) % n,
    "divided": lambda value, n: (value.astype(np.int64) % (4 * n)) // 4,
}


def as_ids(rng: Rng, n: int = ROWS) -> tuple[str, Callable[[Any], Any]]:
    """Return the way of, and the function that makes, ids below n of whole numbers."""
    name = str(rng.choice(sorted(IDS)))
    return name, lambda value: IDS[name](value, n)
