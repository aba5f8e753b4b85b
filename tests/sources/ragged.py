"""A source that is no text, and a model of its examples."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.sources import Drawn, Source

ROWS = 30


class Ragged(Source):
    """Bags of 1 to 4 ids, each with a number that is to be predicted."""

    batch_size = 8

    def __init__(self, units: int) -> None:
        rng = np.random.default_rng(1)
        self.ids, self.sizes = rng.integers(0, ROWS, (units, 4)), rng.integers(1, 5, units)

    @property
    def units(self) -> int:
        return len(self.sizes)

    def example(self) -> dict[str, Any]:
        return {"ids": np.zeros(4, np.int64), "y": np.array(0.0)}

    def axes(self) -> dict[str, tuple[Any, ...]]:
        return {"ids": (("n", 4),)}

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> Drawn:
        part = slice(first, last)
        ids, sizes = self.ids[part].copy(), self.sizes[part]
        y = ids[:, 0] / ROWS
        return Drawn({"ids": ids, "y": y}, {"n": sizes}, len(ids), len(ids))

    def digest(self) -> str:
        return "ragged"


class Bag(tw.Module):
    def __init__(self) -> None:
        self.w = tw.Parameter(np.zeros((ROWS, 2), np.float32))

    def loss(self, batch: Any) -> Any:
        found = F.embedding(self.w, batch["ids"]).sum(axis=-1).mean(axis=-1)
        return ((found - batch["y"]) ** 2).sum()
