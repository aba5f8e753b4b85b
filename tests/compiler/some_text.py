"""A small text for runs over windows."""

from __future__ import annotations

import numpy as np


def a_text(rng: np.random.Generator, words: int = 2000) -> list[list[str]]:
    """Sentences of 1 to 40 words, frequent and rare ones, and one long sentence."""
    lengths = [*rng.integers(1, 40, words // 20), 300]
    drawn = [rng.zipf(1.5, n) % 50 for n in lengths]
    return [[f"w{i}" for i in sentence] for sentence in drawn]
