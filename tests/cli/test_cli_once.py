"""What a run needs once is made once: its text, its plan, its tree."""

from __future__ import annotations

from collections import Counter

import pytest

from tinygrad_w2v.sources import huffman
from tinygrad_w2v.text import plan, reading
from tinygrad_w2v.text.corpus import Corpus


@pytest.mark.parametrize("engine", ["numpy"])
def test_a_run_makes_each_once(run, text, tmp_path, monkeypatch, engine) -> None:
    calls: Counter[str] = Counter()

    def counted(owner, name: str) -> None:
        real = getattr(owner, name)

        def call(*arguments, **options):
            calls[name] += 1
            return real(*arguments, **options)

        monkeypatch.setattr(owner, name, call)

    for owner, name in (
        (reading, "_opened"),
        (plan, "_sample"),
        (Corpus, "digest"),
        (huffman, "_join"),
    ):
        counted(owner, name)
    options = ("--hs", "--heldout", "0.1", "--epochs", "2", "--engine", engine)
    run("train", text, *options, "--min-count", "1", "--output", tmp_path / "out")
    assert calls == {"_opened": 1, "_sample": 1, "digest": 1, "_join": 1}
