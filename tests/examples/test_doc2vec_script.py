"""The script for gensim's Doc2Vec runs on gensim and here, and finds the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from source_as_module import module_of

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "doc2vec_script.py"
OURS = "from tinygrad_w2v import Doc2Vec, TaggedDocument"
THEIRS = "from gensim.models.doc2vec import Doc2Vec, TaggedDocument"

pytestmark = pytest.mark.example


def text_of(path: Path, documents: int = 60) -> Path:
    """Documents that have six of 81 words each, so that each is told from others."""
    rng = np.random.default_rng(0)
    words = [f"word{a}{b}" for a in "abcdefghi" for b in "abcdefghi"]
    lines = [" ".join(rng.choice(rng.choice(words, 6), 100)) for _ in range(documents)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_documents_are_found_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = module_of(SCRIPT.read_text(encoding="utf-8"), tmp_path / "script.py")
    model, ranks = script.main(text_of(tmp_path / "text.txt"), tmp_path / "out")
    assert np.mean(np.array(ranks) < 3) > 0.8  # of 60
    printed = capsys.readouterr().out
    assert "60 documents, 81 words, 60 tags" in printed
    assert "vectors of a new document: (50,)" in printed
    first = (tmp_path / "out" / "tags.txt").read_text(encoding="utf-8").split("\n", 2)
    assert first[0] == "60 50" and first[1].startswith("*dt_0 ")
    assert len(model.dv) == 60


@pytest.mark.proof
def test_only_the_import_line_differs(tmp_path: Path) -> None:
    pytest.importorskip("gensim", reason="gensim is not installed")
    source = SCRIPT.read_text(encoding="utf-8")
    assert source.count(OURS) == 1
    assert "tinygrad" not in source.replace(OURS, "")
    text = text_of(tmp_path / "text.txt")
    ours = module_of(source, tmp_path / "on_ours.py")
    theirs = module_of(source.replace(OURS, THEIRS), tmp_path / "on_gensim.py")
    model, ranks = ours.main(text, tmp_path / "ours")
    other, other_ranks = theirs.main(text, tmp_path / "gensim")
    assert (model.corpus_count, model.corpus_total_words) == (
        other.corpus_count,
        other.corpus_total_words,
    )
    assert model.dv.index_to_key == list(other.dv.index_to_key)
    assert np.mean(ranks) <= np.mean(other_ranks) + 0.5
    first_line, other_first_line = (
        (tmp_path / folder / "tags.txt").read_text(encoding="utf-8").split("\n", 1)[0]
        for folder in ("ours", "gensim")
    )
    assert first_line == other_first_line
