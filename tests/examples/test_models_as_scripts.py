"""Every script of examples/models/ runs small, checks its gradients, and comes to its number."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "models"
SCRIPTS = sorted(FOLDER.glob("*.py"))

pytestmark = pytest.mark.example


@pytest.fixture
def script(example: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    return example


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_a_page_that_checks_what_it_trains(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    docstring, *_, last = ast.parse(text).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(last, ast.If), "if __name__ == '__main__'"
    assert f"python examples/models/{path.name}" in text, "says how it is run"
    for call in ("def loss", "tw.check_grads(", "tw.check_compiled(", "tw.fit(", "argparse"):
        assert call in text, call
    assert "def backward" not in text


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_readme_lists_every_script(name: str) -> None:
    readme = (FOLDER.parent / name).read_text(encoding="utf-8")
    assert [f"`models/{path.name}`" in readme for path in SCRIPTS] == [True] * len(SCRIPTS)


def test_factors_come_to_the_noise(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("scipy")
    found = script("matrix_factorization").main(
        users=60, items=40, dim=2, rows=20_000, noise=0.3, epochs=20
    )
    assert 0.95 * found["noise"] < found["tw.fit"] < 1.1 * found["noise"]
    assert found["tw.fit"] == pytest.approx(found["least squares"], rel=0.03)
    assert capsys.readouterr().out.count("error on unseen ratings") == 2


def test_digits_are_told_apart(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 4, 400)
    pixels = np.eye(4)[digits] @ rng.random((4, 16)) + 0.1 * rng.normal(size=(400, 16))
    assert script("digits").main(pixels, digits, epochs=20)["tw.fit"] > 0.95
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(SystemExit, match="pip install scikit-learn"):
        script("digits").main()


def rings(around: int) -> np.ndarray:
    """Relation r takes an entity r + 1 places on, around a ring."""
    heads = np.arange(around)
    both = [np.stack([heads, np.full(around, r), (heads + r + 1) % around], 1) for r in range(2)]
    return np.concatenate(both)


@pytest.mark.slow
def test_relations_are_learned(script: Any, tmp_path: Path) -> None:
    knowledge = script("knowledge_graph")
    options = {"dim": 8, "negative": 4, "tested": 8, "epochs": 60, "peer": False}
    found = knowledge.main(rings(30), models=["rotate"], **options)
    assert found["rotate"] > 0.5  # by chance 1/30 (1 + 1/2 + ... ) = 0.13
    with pytest.raises(SystemExit, match="apt-get install wordnet-base"):
        knowledge.main(folder=tmp_path)


def test_wordnet_is_read(script: Any, tmp_path: Path) -> None:
    lines = (
        "  1 a licence, which is no synset\n",
        "00000001 03 n 01 dog 0 002 @ 00000002 n 0000 ~ 00000003 n 0000 | barks | loudly\n",
        "00000002 03 n 02 animal 0 beast 0 001 + 00000004 a 0101 | lives\n",
        "00000004 00 s 01 bestial 0 001 & 00000004 a 0000 | of a beast\n",
    )
    (tmp_path / "data.noun").write_text("".join(lines), encoding="utf-8")
    knowledge = script("knowledge_graph")
    pointer = knowledge.POINTERS.index
    assert knowledge.wordnet(tmp_path, 1).tolist() == [
        [0, pointer("@"), 1],
        [1, pointer("+"), 2],
        [2, pointer("&"), 2],
    ]


def test_a_place_leaves_out_what_is_true_too(script: Any) -> None:
    every = np.array([[0, 0, 1], [0, 0, 2], [3, 0, 2]])
    order = np.array([3.0, 1.0, 2.0, 0.0])  # of each as a tail, or as a head
    mrr = script("knowledge_graph").filtered_mrr(
        lambda h, r, t: order if isinstance(t, np.ndarray) else order[h], every[1:2], every, 4
    )
    # Of tails 0 is above 2, and 1 is not; of heads none is above 0.
    assert mrr == (1 / 2 + 1) / 2


def test_edges_that_were_taken_out_are_told(script: Any, rng: np.random.Generator) -> None:
    parts = [n + 20 * k for k in range(3) for n in range(20)]
    edges = np.array([(a, b) for a in parts for b in parts if a < b and a // 20 == b // 20])
    edges = edges[rng.random(len(edges)) < 0.5]
    options: dict[str, Any] = {"dim": 8, "length": 20, "per_node": 10, "epochs": 5}
    found = script("node2vec").main(edges, **options, peer=False)
    assert found["tw.fit"] > 0.75


def test_edges_are_divided(script: Any, rng: np.random.Generator) -> None:
    edges = np.unique(np.sort(rng.integers(0, 30, (150, 2)), axis=1), axis=0)
    edges = edges[edges[:, 0] != edges[:, 1]]
    kept, out, pairs = script("node2vec").divided(edges, 0.2, rng)
    assert len(out) == len(pairs) == round(0.2 * len(edges))
    assert sorted(map(tuple, [*kept, *out])) == sorted(map(tuple, edges))
    assert set(kept.ravel()) == set(edges.ravel())
    assert not {tuple(sorted(pair)) for pair in pairs.tolist()} & set(map(tuple, edges.tolist()))


def test_glove_learns_its_counts(script: Any) -> None:
    pytest.importorskip("scipy")
    rng = np.random.default_rng(0)
    lines = [" ".join(f"w{n}" for n in rng.permutation(4) + 4 * (i % 3)) for i in range(60)]
    glove = script("glove")
    few = glove.main(lines, dim=4, epochs=1, peer=False, neighbors=0)
    many = glove.main(lines, dim=4, epochs=60, peer=False, neighbors=2)
    assert many["tw.fit"] < 0.1 * few["tw.fit"]


@pytest.mark.slow
def test_a_state_remembers_the_word_before_the_last(script: Any) -> None:
    text = [["a", "b", "a", "c"]] * 500
    found = script("gru").main(text, words=5, dim=8, rows=90, epochs=10, peer=False)
    assert found["two words"] == pytest.approx(2**0.5, rel=0.02)  # after "a" there are two
    assert found["tw.fit"] < 1.2


def test_ancestors_are_found(script: Any) -> None:
    hierarchy = script("hierarchy")
    found = hierarchy.main(branches=2, depth=3, dim=3, negative=4, epochs=60, peer=False)
    assert found["Poincaré"] > 0.7
    assert found["Gaussian"] > 0.75


def test_average_precision(script: Any) -> None:
    hierarchy = script("hierarchy")
    assert hierarchy.tree(2, 2).tolist()[:4] == [[1, 0], [2, 0], [3, 1], [3, 0]]
    far = np.array([[0.0, 1, 2], [1, 0, 2], [2, 1, 0]])
    # The ancestor of 1 is its nearest; that of 2 comes after another.
    assert hierarchy.average_precision(far, np.array([[1, 0], [2, 0]])) == (1 + 1 / 2) / 2
