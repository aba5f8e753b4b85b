"""Models of fastText in `FastText`: the same vectors, the same tree, the same bytes again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.vectors.fasttext_binary import read_fasttext_binary, write_fasttext_binary
from tinygrad_w2v.vectors.subword_vectors import SubwordVectors
from tinygrad_w2v.word2vec.fasttext import load_facebook_model, load_facebook_vectors

FIXTURES = Path(__file__).parents[1] / "fixtures" / "fasttext"
TRAINED = ("cbow-ns", "cbow-words", "skipgram-hs", "labels", "bytes")  # those that go on here
VECTORS = (*TRAINED, "skipgram-softmax", "supervised-softmax", "supervised-ova")


def told(name: str) -> dict[str, list[float]]:
    """What fastText says of words."""
    text = (FIXTURES / f"{name}.json").read_text(encoding="utf-8")
    found = json.loads(text).items()
    return {str(word.encode("latin-1"), "utf-8", "surrogateescape"): row for word, row in found}


def compare(wv: SubwordVectors, name: str) -> None:
    known = 0
    for word, vector in told(name).items():
        if word in wv:
            np.testing.assert_array_equal(wv[word], np.float32(vector))
            known += word in wv.key_to_index
        else:  # fastText says zeros of a word of which it knows nothing
            assert not any(vector)
            with pytest.raises(KeyError):
                wv[word]
    assert known == sum(word in wv.key_to_index for word in told(name))


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_of_known_and_unseen_words_are_fasttexts(name, tmp_path) -> None:
    wv = load_facebook_vectors(FIXTURES / f"{name}.bin")
    compare(wv, name)
    assert wv.index_to_key == read_fasttext_binary(FIXTURES / f"{name}.bin").words
    wv.save(tmp_path / "wv.npz")
    compare(SubwordVectors.load(tmp_path / "wv.npz"), name)


@pytest.mark.parametrize("name", TRAINED)
def test_a_model_is_fasttexts_and_is_written_again(name, tmp_path) -> None:
    path = FIXTURES / f"{name}.bin"
    model, file = load_facebook_model(path), read_fasttext_binary(path)
    compare(model.wv, name)
    model.save(tmp_path / "model.npz")
    for each in (model, tw.FastText.load(tmp_path / "model.npz")):
        each.save_facebook_model(tmp_path / "again.bin")
        again = read_fasttext_binary(tmp_path / "again.bin")
        # What a model does not use is not kept: labels, negative words of a tree, n-grams of none.
        settings = again.settings._replace(
            negative=file.settings.negative, min_n=file.settings.min_n
        )
        whole = again._replace(
            settings=settings, labels=file.labels, label_counts=file.label_counts
        )
        write_fasttext_binary(tmp_path / "again.bin", whole)
        assert (tmp_path / "again.bin").read_bytes() == path.read_bytes()


def test_the_tree_and_its_signs_are_fasttexts() -> None:
    """There the inner node's output says how likely code 1 is, and ties are broken otherwise."""
    path = FIXTURES / "skipgram-hs.bin"
    model, file = load_facebook_model(path), read_fasttext_binary(path)
    tree = HuffmanTree.from_counts(file.counts, nodes_first=True)
    ours = HuffmanTree.from_counts(file.counts)
    assert tree.code.tolist() != ours.code.tolist()
    row = file.words.index("you")
    h = model._parts(np.array([row]))[0].astype(float).mean(axis=0)
    np.testing.assert_allclose(h, told("skipgram-hs")["you"], rtol=1e-6)
    turns = 2 * tree.code - 1
    log_p = -np.log1p(np.exp(-turns * (file.output @ h)[tree.nodes]))
    expected = np.exp(np.add.reduceat(log_p, tree.starts[:-1]))
    likely = dict(model.predict_output_word(["you"], topn=len(file.words)))
    assert sum(likely.values()) == pytest.approx(1)
    np.testing.assert_allclose([likely[word] for word in file.words], expected, rtol=1e-5)


def test_gensim_reads_what_we_trained(tmp_path) -> None:
    gensim = pytest.importorskip("gensim.models.fasttext", reason="gensim is not installed")
    text = [["you", "say", "été"], ["I", "say", "猫"]] * 9
    model = tw.FastText(
        text, vector_size=6, bucket=50, min_count=1, sample=0, epochs=1, engine="numpy"
    )
    model.save_facebook_model(tmp_path / "ours.bin")
    wv = gensim.load_facebook_vectors(str(tmp_path / "ours.bin"))
    for word in ("you", "été", "猫", "says", "é", "猫猫"):
        np.testing.assert_allclose(wv[word], model.wv[word], rtol=1e-5, atol=1e-6)
    loaded = gensim.load_facebook_model(str(tmp_path / "ours.bin"))
    before = loaded.wv["you"].copy()
    loaded.train(text, total_examples=len(text), epochs=1)
    assert not np.array_equal(loaded.wv["you"], before)


def test_ngrams_of_nothing_are_refused() -> None:
    for min_n, max_n in ((0, 3), (4, 3), (1, 65)):
        with pytest.raises(InputError, match=rf"1 to 64 characters, not {min_n} to {max_n}"):
            SubwordVectors(["you"], np.eye(3), min_n=min_n, max_n=max_n)


def test_classifiers_and_softmax_are_vectors_alone() -> None:
    for name in ("supervised-softmax", "skipgram-softmax"):
        with pytest.raises(InputError, match=r"with loss softmax.*load_facebook_vectors reads"):
            load_facebook_model(FIXTURES / f"{name}.bin")
    with pytest.raises(InputError, match="encoding is 'latin-1'"):
        load_facebook_model(FIXTURES / "cbow-ns.bin", encoding="latin-1")
