"""A byte order mark is left out wherever a text may have one, and U+FEFF in a word is kept."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import pytest

from tinygrad_w2v import LineSentence, Word2Vec, WordVectors
from tinygrad_w2v._cli.request import read_json
from tinygrad_w2v.text.reading import read_chunks, read_lines
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors import formats
from tinygrad_w2v.vectors.npy import words_path
from tinygrad_w2v.vectors.projector import metadata_path

MARK = "\ufeff".encode()
NAMES = {
    "word2vec": "v.txt",
    "word2vec-binary": "v.bin",
    "glove": "v.glove",
    "fasttext": "v.vec",
    "npz": "v.npz",
    "npy": "v.npy",
    "projector": "vectors.tsv",
    "safetensors": "v.safetensors",
}
FIRST = ["\ufeff", "\ufeffyou", "\ufeff\ufeff", "you", "\ufeff1"]


def vectors(first: str, counted: bool) -> WordVectors:
    words = [first, "say", "\ufeffsay", "sa\ufeffy"]
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    return WordVectors(words, rows, [4, 3, 2, 1] if counted else None)


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("first", FIRST, ids=ascii)
@pytest.mark.parametrize("name", formats.FORMATS)
def test_words_of_that_character_survive(name, first, counted, tmp_path) -> None:
    wv = vectors(first, counted)
    path = tmp_path / NAMES[name]
    formats.save(wv, path, name)
    for again in (formats.load(path, name), formats.load(path)):
        assert again.index_to_key == wv.index_to_key
        np.testing.assert_array_equal(again.vectors, wv.vectors)
    for other, target in NAMES.items():
        if name == "npz":
            formats.convert(path, tmp_path / f"other-{target}", name, other)
            again = formats.load(tmp_path / f"other-{target}", other)
            assert again.index_to_key == wv.index_to_key


@pytest.mark.parametrize("name", ["word2vec", "word2vec-binary", "glove", "fasttext"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_mark_before_vectors_is_left_out(name, compress, tmp_path) -> None:
    wv = vectors("you", False)
    path = tmp_path / NAMES[name]
    formats.save(wv, path, name)
    path.write_bytes(compress(MARK + path.read_bytes()))
    assert formats.load(path, name).index_to_key == wv.index_to_key
    if name != "word2vec-binary":
        assert formats.load(path).index_to_key == wv.index_to_key


@pytest.mark.parametrize("counted", [True, False])
def test_a_mark_before_words_beside_vectors_is_left_out(counted, tmp_path) -> None:
    wv = vectors("you", counted)
    for name, beside in (("npy", words_path), ("projector", metadata_path)):
        path = tmp_path / NAMES[name]
        formats.save(wv, path, name)
        beside(path).write_bytes(MARK + beside(path).read_bytes())
        again = formats.load(path)
        assert again.index_to_key == wv.index_to_key
        assert (again.counts is not None) == counted
    path.write_bytes(MARK + path.read_bytes())  # the Projector's table is text as well
    assert formats.load(path).index_to_key == wv.index_to_key


def test_places_of_faults_count_the_mark(tmp_path) -> None:
    path = tmp_path / "v.glove"
    path.write_bytes(MARK + b"you 1 2\nsay 1 x\n")
    with pytest.raises(ValueError, match=r"line 2, byte 17: number 2, 'x', is not a number"):
        formats.load(path)


@pytest.mark.parametrize("first", FIRST, ids=ascii)
@pytest.mark.parametrize("mark", [b"", MARK])
def test_a_file_of_counts(first, mark, tmp_path) -> None:
    wv = vectors(first, True)
    wv.save_word2vec_format(tmp_path / "v.txt", fvocab=tmp_path / "vocab")
    if mark and not first.startswith("\ufeff"):
        (tmp_path / "vocab").write_bytes(mark + (tmp_path / "vocab").read_bytes())
    again = WordVectors.load_word2vec_format(tmp_path / "v.txt", fvocab=tmp_path / "vocab")
    assert again.index_to_key == wv.index_to_key
    assert again.counts.tolist() == [4, 3, 2, 1]


def test_a_vocabulary_and_a_model(tmp_path) -> None:
    vocabulary = Vocabulary(["\ufeff", "\ufeffsay"], [2, 1])
    vocabulary.save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json").words == vocabulary.words
    (tmp_path / "v.json").write_bytes(MARK + (tmp_path / "v.json").read_bytes())
    assert Vocabulary.load(tmp_path / "v.json").words == vocabulary.words
    text = [["\ufeff", "\ufeffsay", "you"]] * 9
    model = Word2Vec(text, vector_size=2, sample=0, epochs=1, engine="numpy")
    model.save(tmp_path / "model")
    assert set(Word2Vec.load(tmp_path / "model").wv.index_to_key) == set(text[0])


def test_settings(tmp_path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(MARK + json.dumps({"a": 1}).encode())
    assert read_json(path, "") == {"a": 1}


def test_texts(tmp_path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(MARK + "you say\n\ufeffyou\n".encode())
    expected = [["you", "say"], ["\ufeffyou"]]
    assert [line.split() for line in read_lines(path)] == expected
    assert "".join(read_chunks(path)) == "you say\n\ufeffyou\n"
    assert list(LineSentence(path)) == expected
    with path.open(encoding="utf-8") as file:
        assert list(LineSentence(file)) == expected
        assert list(LineSentence(file)) == expected
    assert list(LineSentence(io.BytesIO(path.read_bytes()))) == expected


def test_files_to_evaluate_on(tmp_path, capsys) -> None:
    from tinygrad_w2v.cli import main

    rows = np.array([[1.0, 0.0], [1.0, 1.0], [-1.0, 0.0], [-1.0, 1.0]])
    wv = WordVectors(["man", "king", "woman", "queen"], rows)
    formats.save(wv, tmp_path / "v.npz")
    analogies = tmp_path / "analogies.txt"
    analogies.write_bytes(MARK + b": royal\nman king woman queen\n")
    pairs = tmp_path / "pairs.tsv"
    pairs.write_bytes(MARK + b"man\tking\t5\nman\twoman\t1\nking\tqueen\t2\n")
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(analogies.read_bytes()))
    files = [str(analogies), str(pairs), str(packed)]
    assert main(["eval", *files, "--vectors", str(tmp_path / "v.npz"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [found[file]["kind"] for file in files] == ["analogies", "pairs", "analogies"]
    assert found[files[0]]["right"] == found[files[2]]["right"] == 1
    assert found[files[1]]["unknown_percent"] == 0
