"""The script of phrases runs on gensim and here, and finds the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from source_as_module import module_of

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "phrases_script.py"
OURS = (
    "from tinygrad_w2v import ENGLISH_CONNECTOR_WORDS, LineSentence, Phraser, Phrases, Word2Vec\n"
)
THEIRS = (
    "from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phraser, Phrases\n"
    "from gensim.models.word2vec import LineSentence, Word2Vec\n"
)

pytestmark = pytest.mark.example


def test_only_the_import_lines_differ(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "path", [str(SCRIPT.parent), *sys.path])
    source = SCRIPT.read_text(encoding="utf-8")
    assert source.count(OURS) == 1
    assert "tinygrad" not in source.replace(OURS, "")
    ours = module_of(source, tmp_path / "on_ours.py")
    theirs = module_of(source.replace(OURS, THEIRS), tmp_path / "on_gensim.py")
    found = ours.main(output=tmp_path / "ours", epochs=1)
    printed = capsys.readouterr().out.splitlines()
    expected = theirs.main(tmp_path / "ours" / "manual.txt", tmp_path / "gensim", epochs=1)
    assert found[:2] == expected[:2]
    assert set(found[2]) == set(expected[2])
    assert len(found[0]) > 300
    # All but the nearest words, which no two trainings have to have in common.
    assert printed[:-2] == capsys.readouterr().out.splitlines()[:-2]
