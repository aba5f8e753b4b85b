"""Evaluation: gensim's numbers on gensim's files."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.vectors import WordVectors


@pytest.fixture(scope="module")
def setting():
    """Vectors for the words of gensim's files: letters of the word, so that they mean something."""
    gensim = pytest.importorskip("gensim.models")
    utils = pytest.importorskip("gensim.test.utils")
    pairs, analogies = utils.datapath("wordsim353.tsv"), utils.datapath("questions-words.txt")
    text = Path(pairs).read_text(encoding="utf-8") + Path(analogies).read_text(encoding="utf-8")
    words = sorted({word for word in text.split() if word.isalpha()})[::2]
    words += [word.lower() for word in words if word.lower() not in words]  # two spellings of some
    rng = np.random.default_rng(0)
    letters = rng.normal(size=(0x180, 30))
    vectors = np.array([sum(letters[ord(c) % 0x180] for c in word) for word in words])
    vectors = (vectors + 0.3 * rng.normal(size=vectors.shape)).astype(np.float32)
    theirs = gensim.KeyedVectors(30)
    theirs.add_vectors(words, vectors)
    return WordVectors(words, vectors), theirs, pairs, analogies


OPTIONS = [
    {},
    {"case_insensitive": False},
    {"dummy4unknown": True},
    {"restrict_vocab": 300},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_word_pairs_are_gensims(setting, options):
    ours, theirs, pairs, _ = setting
    mine, other = (
        ours.evaluate_word_pairs(pairs, **options),
        theirs.evaluate_word_pairs(pairs, **options),
    )
    for a, b in zip(mine[:2], other[:2], strict=True):
        assert a[0] == pytest.approx(b[0], abs=1e-6)
        assert a.pvalue == pytest.approx(b.pvalue, rel=1e-3)
    assert mine[2] == pytest.approx(other[2])


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_analogies_are_gensims(setting, options, tmp_path):
    ours, theirs, _, analogies = setting
    # Every tenth line: enough to meet each case, quick enough for a test.
    lines = Path(analogies).read_text(encoding="utf-8").splitlines()
    kept = [line for i, line in enumerate(lines) if line.startswith(":") or i % 10 == 0]
    path = tmp_path / "some.txt"
    path.write_text("\n".join([*kept, "three words only", ""]), encoding="utf-8")
    mine = ours.evaluate_word_analogies(path, **options)
    other = theirs.evaluate_word_analogies(str(path), **options)
    assert mine == other
    assert 0 < mine[0] < 1


def test_analogies_by_multiplication(setting, tmp_path):
    ours, _, _, analogies = setting
    lines = Path(analogies).read_text(encoding="utf-8").splitlines()[:120]
    path = tmp_path / "some.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    score, sections = ours.evaluate_word_analogies(path, similarity_function="most_similar_cosmul")
    (questions,) = [sections[0]["correct"] + sections[0]["incorrect"]]
    assert sections[-1]["section"] == "Total accuracy" and questions
    words = {word.upper(): word for word in reversed(ours.index_to_key)}
    right = 0
    for a, b, c, d in questions:
        found = ours.most_similar_cosmul([words[b], words[c]], [words[a]], topn=5)
        first = next(w for w in (w.upper() for w, _ in found) if w not in (a, b, c))
        right += first == d
    assert score == pytest.approx(right / len(questions))
    with pytest.raises(InputError, match="similarity_function"):
        ours.evaluate_word_analogies(path, similarity_function="cosine")


def test_files_that_cannot_be_used(tmp_path):
    wv = WordVectors(["a", "b", "c", "d"], np.eye(4))
    path = tmp_path / "file.txt"
    path.write_text("a b c d\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 1: a line ': name'"):
        wv.evaluate_word_analogies(path)
    path.write_text(": empty\n", encoding="utf-8")
    with pytest.raises(InputError, match="no analogies"):
        wv.evaluate_word_analogies(path)
    path.write_text(": s\ne f g h\n", encoding="utf-8")
    assert wv.evaluate_word_analogies(path)[0] == 0.0
    path.write_text("a,b,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="delimiter"):
        wv.evaluate_word_pairs(path)
    path.write_bytes(b"a\tb\t1\n\xff\tb\t2\n")
    with pytest.raises(InputError, match="line 2, byte 6: is not utf8"):
        wv.evaluate_word_pairs(path)
    with pytest.raises(FileNotFoundError):
        wv.evaluate_word_pairs(tmp_path / "none.tsv")


def test_judgements_that_are_not_finite_are_left_out(tmp_path):
    wv = WordVectors(["a", "b", "c"], [[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]])
    path = tmp_path / "pairs.tsv"
    pairs = "a\tb\t3\nb\tc\t2\na\tc\t1\n"
    path.write_text(pairs, encoding="utf-8")
    whole = wv.evaluate_word_pairs(path)
    for bad in ("nan", "inf", "-inf", "1e999"):
        path.write_text(f"{pairs}a\tc\t{bad}\n", encoding="utf-8")
        assert wv.evaluate_word_pairs(path) == whole


def test_compressed_pairs_with_byte_order_mark(tmp_path):
    wv = WordVectors(["a", "b", "c"], [[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]])
    path = tmp_path / "pairs.tsv"
    path.write_bytes(gzip.compress("\ufeffa\tb\t3\nb\tc\t2\na\tc\t1\r\n".encode()))
    pearson, spearman, unknown = wv.evaluate_word_pairs(path)
    assert spearman.statistic == pytest.approx(1) and unknown == 0 and pearson.statistic > 0


@pytest.mark.parametrize("restrict_vocab", [300000, 300])
def test_single_judgements_are_what_the_scores_are_made_of(setting, tmp_path, restrict_vocab):
    ours, _, pairs, analogies = setting
    judged = ours.judge_word_pairs(pairs, restrict_vocab)
    known = [pair for pair in judged if pair.cosine is not None]
    pearson, _, unknown = ours.evaluate_word_pairs(pairs, restrict_vocab=restrict_vocab)
    r = np.corrcoef([pair.judgement for pair in known], [pair.cosine for pair in known])[0, 1]
    assert r == pytest.approx(pearson.statistic)
    assert unknown == pytest.approx(100 * (1 - len(known) / len(judged)))
    lines = Path(analogies).read_text(encoding="utf-8").splitlines()
    kept = [line for i, line in enumerate(lines) if line.startswith(":") or i % 20 == 0]
    path = tmp_path / "some.txt"
    path.write_text("\n".join(kept), encoding="utf-8")
    answered = ours.answer_word_analogies(path, restrict_vocab)
    score, sections = ours.evaluate_word_analogies(path, restrict_vocab)
    asked = [analogy.right for analogy in answered if analogy.right is not None]
    assert len(answered) == sum(not line.startswith(":") for line in kept)
    assert 0 < len(asked) < len(answered)
    assert sum(asked) / len(asked) == score
    (family,) = [section for section in sections if section["section"] == "family"]
    right = [analogy.words for analogy in answered if analogy.section == "family" and analogy.right]
    assert right == family["correct"]
