"""What the scripts of examples/models/ train comes to the same tables in both engines."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "models"

pytestmark = [pytest.mark.example, pytest.mark.proof]


class Trained(Exception):
    """Ends a script once all that it trains was looked at."""


def rings(script: Any) -> Any:
    heads = np.arange(9)
    triples = [np.stack([heads, np.full(9, r), (heads + r + 1) % 9], axis=1) for r in range(2)]
    return script.main(np.concatenate(triples), dim=4, negative=2, tested=2, epochs=1, peer=False)


def some_digits(script: Any) -> Any:
    rng = np.random.default_rng(0)
    return script.main(rng.random((60, 16)), rng.integers(0, 4, 60), epochs=1)


def some_edges(script: Any) -> Any:
    edges = np.array([(a, b) for a in range(20) for b in range(a) if (a - b) % 7 < 2])
    return script.main(edges, dim=4, length=6, per_node=1, epochs=1, peer=False)


LINES = ["you say goodbye and i say hello", "i say yes and you say no"] * 9
SMALL: dict[str, tuple[int, Callable[[Any], Any]]] = {
    "digits": (1, some_digits),
    "glove": (1, lambda script: script.main(LINES, dim=4, epochs=1, peer=False, neighbors=0)),
    "gru": (
        1,
        lambda script: script.main(
            [list("abacabad")] * 90, words=5, dim=4, rows=30, epochs=1, peer=False
        ),
    ),
    "hierarchy": (2, lambda script: script.main(2, 3, dim=3, negative=2, epochs=1, peer=False)),
    "knowledge_graph": (3, rings),
    "matrix_factorization": (
        1,
        lambda script: script.main(users=9, items=7, dim=2, rows=200, epochs=1),
    ),
    "node2vec": (1, some_edges),
}


def test_all_scripts_are_here() -> None:
    assert sorted(SMALL) == sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("name", SMALL)
def test_both_engines_come_to_the_same_tables(
    name: str, example: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    models, run = SMALL[name]
    fit, seen = tw.fit, []

    def in_both_engines(model: Any, source: Any, *rest: Any, **options: Any) -> Any:
        alone = copy.copy(source)
        alone.batch_size = 1  # the compiled engine takes one example after the other
        found = []
        for engine in ("numpy", "compiled"):
            again = copy.deepcopy(model)
            for parameter in again.parameters():
                parameter.data = parameter.data.astype(np.float64)
            fit(again, alone, lr=0.02, epochs=2, engine=engine, progress=False)
            found.append([parameter.data for parameter in again.parameters()])
        for was, x, y in zip(model.parameters(), *found, strict=True):
            assert not np.allclose(was.data, x, rtol=0, atol=1e-6), "nothing was learned"
            np.testing.assert_allclose(x, y, rtol=0, atol=1e-11)
        seen.append(type(model).__name__)
        if len(set(seen)) == models:
            raise Trained
        return fit(model, source, *rest, **options)

    monkeypatch.setattr(tw, "fit", in_both_engines)
    with pytest.raises(Trained):
        run(example(name))
