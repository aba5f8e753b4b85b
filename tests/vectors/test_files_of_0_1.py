"""Files of vectors that version 0.1 wrote are read as the words and numbers that they held."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v.vectors import WordVectors, formats

FOLDER = Path(__file__).parents[1] / "fixtures" / "0.1" / "vectors"
ANY_WORDS = [
    "you",
    "new york",
    "a\tb",
    "a\nb",
    "a\rb",
    "back\\slash",
    "\\t",
    'quote"d',
    "",
    "\ufeffsay",
    "猫",
    "half \ud800",
    "\x01",
    "a\\ud800",
]
PLAIN_WORDS = ["you", "say", "猫", "naïve", "new_york"]


@pytest.mark.parametrize("name", ["v.npz", "v.npy", "v.safetensors"])
def test_tables(name: str) -> None:
    if name == "v.safetensors":
        pytest.importorskip("safetensors")
    with np.load(FOLDER / "expected.npz") as expected:
        rows = expected["rows"]
    for mmap in (False, True) if name != "v.safetensors" else (False,):
        wv = formats.load(FOLDER / name, mmap=mmap)
        assert wv.index_to_key == ANY_WORDS
        assert wv.vectors.tobytes() == rows.tobytes()
        assert wv.counts.tolist() == list(range(len(ANY_WORDS)))
    if name == "v.npz":
        assert WordVectors.load(FOLDER / name, mmap=True).index_to_key == ANY_WORDS


@pytest.mark.parametrize(
    "name", ["p.txt", "p.txt.gz", "p.bin", "p.glove", "p.vec", "vectors.tsv", "c.txt"]
)
def test_texts(name: str) -> None:
    with np.load(FOLDER / "expected.npz") as expected:
        rows = expected["plain"]
    dtype = np.float32 if name == "p.bin" else np.float64
    if name == "c.txt":
        wv = WordVectors.load_word2vec_format(
            FOLDER / name, fvocab=FOLDER / "c.vocab", datatype=dtype
        )
    else:
        wv = formats.load(FOLDER / name, datatype=dtype)
    assert wv.index_to_key == PLAIN_WORDS
    assert wv.vectors.tobytes() == rows.astype(dtype).tobytes()
    assert name not in ("vectors.tsv", "c.txt") or wv.counts.tolist() == [5, 4, 3, 2, 1]
