"""A small task: short texts of two kinds, among words that are in both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

ANIMALS = "cat dog cow horse sheep goat hen duck mouse rabbit fox wolf bear lion tiger".split()
COLOURS = "red blue green pink black white yellow brown grey orange violet gold teal".split()
COMMON = "the a of and is in on with it was".split()


class Task(NamedTuple):
    texts: list[str]
    kinds: np.ndarray


@pytest.fixture(scope="session")
def task() -> Task:
    rng = np.random.default_rng(5)
    kinds = np.arange(240) % 2
    texts = []
    for kind in kinds:
        words = [*rng.choice(ANIMALS if kind else COLOURS, 3), *rng.choice(COMMON, 5)]
        texts.append(" ".join(rng.permutation(words)))
    return Task(texts, kinds)
