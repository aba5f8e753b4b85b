"""A text that is read in parts has the vocabulary and the ids of one that is read at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.cli import main

pytest.importorskip("numba")
from tinygrad_w2v.distributed import engine, shared_ids, texts
from tinygrad_w2v.distributed.engine import RayRun
from tinygrad_w2v.distributed.texts import Here, read_parts
from tinygrad_w2v.text.corpus import Corpus, corpus_of
from tinygrad_w2v.text.numbering import number_words
from tinygrad_w2v.text.rows import CorpusRows
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import open_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary

RULES = VocabularyRules(min_count=1)


def at_once(
    paths: list[Any], settings: TextSettings, digests: list[bytes]
) -> tuple[Vocabulary, Corpus]:
    rows = CorpusRows()

    def begin() -> Any:
        digests.clear()  # a bounded vocabulary reads twice
        return settings.chunks(paths, digests)

    return number_words(begin, rows, settings.rules), corpus_of(rows)


def in_parts(
    paths: list[Any], settings: TextSettings, size: int, digests: list[bytes], tasks: Any = None
) -> tuple[Vocabulary, Corpus]:
    rows = CorpusRows()
    return read_parts(paths, settings, rows, digests, tasks or Here(), size), corpus_of(rows)


def outcome(function: Any, *given: Any) -> Any:
    """What a function returns, as numbers, or the error that it raises."""
    digests: list[bytes] = []
    try:
        vocabulary, corpus = function(*given, digests)
    except InputError as error:
        return str(error)
    rows = corpus.ids.tolist(), corpus.offsets.tolist(), corpus.raw_words
    return vocabulary.words, vocabulary.counts.tolist(), rows, digests


words = st.sampled_from(["a", "b", "c", "dd", "ee.", "猫", "\ufeff", "F!"])
lines = st.lists(words, max_size=6).map(" ".join)


@given(
    st.lists(st.lists(lines, max_size=6), min_size=1, max_size=3),
    st.integers(1, 60),
    st.sampled_from(["whitespace", "words"]),
    st.sampled_from([None, 2, 4]),
    st.booleans(),
)
def test_parts_come_together_as_the_text(
    tmp_path_factory: Any, files: Any, size: int, tokenizer: str, limit: int | None, lower: bool
) -> None:
    folder, paths = tmp_path_factory.mktemp("parts"), []
    for number, each in enumerate(files):
        paths.append(folder / f"{number}.txt")
        paths[-1].write_bytes("\n".join(each).encode())
    rules = VocabularyRules(min_count=1, max_vocab_size=limit)
    settings = TextSettings(tokenizer, lower, rules=rules)
    expected = outcome(lambda d: at_once(paths, settings, d))
    assert outcome(lambda d: in_parts(paths, settings, size, d)) == expected


@pytest.mark.parametrize("limit", [None, 5])
@pytest.mark.parametrize("tokenizer", ["whitespace", "words"])
def test_lines_that_a_reader_breaks_are_broken_at_the_same_places(
    tmp_path: Path, tokenizer: str, limit: int | None
) -> None:
    rng = np.random.default_rng(3)
    long = " ".join(f"w{i}" for i in rng.integers(0, 9, 500_000))  # 1.5 MB in a line
    paths = [tmp_path / "long.txt", tmp_path / "short.txt"]
    paths[0].write_text(f"you say hello\n{long}\nand i say so\n", "utf-8")
    paths[1].write_text("you say so\n" * 9, "utf-8")
    rules = VocabularyRules(min_count=1, max_vocab_size=limit)
    settings = TextSettings(tokenizer, rules=rules)
    expected = outcome(lambda d: at_once(paths, settings, d))
    assert outcome(lambda d: in_parts(paths, settings, 1000, d)) == expected
    if limit is None:
        assert len(expected[2][1]) == (14 if tokenizer == "words" else 13)  # a line was broken


def test_an_error_names_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "say.txt"
    path.write_bytes(b"you say\n" * 9 + b"hello \xff\n")
    with pytest.raises(InputError, match=r"say\.txt is not UTF-8 in line 10: byte 0xff"):
        in_parts([path], TextSettings(rules=RULES), 16, [])


def test_a_file_that_a_machine_lacks_is_named_with_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "_here", lambda: "10.0.0.7")
    path = tmp_path / "say.txt"
    path.write_text("you say\n", "utf-8")
    part = texts.cut([path], 16)[0]
    path.unlink()
    told = r"say\.txt is not on the machine 10\.0\.0\.7, .* folder that all machines share"
    with pytest.raises(InputError, match=told):
        texts.number_part(part, TextSettings(), True)


@pytest.mark.process
def test_machines_read_what_they_train_on(
    cluster: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(texts, "PART", 1 << 10)
    rng = np.random.default_rng(2)
    paths = [tmp_path / f"{name}.txt" for name in "ab"]
    for path in paths:
        sentences = [" ".join(f"w{i}" for i in rng.zipf(1.3, 20) % 50) for _ in range(60)]
        path.write_text("\n".join(sentences), "utf-8")
    keywords = {"vector_size": 4, "min_count": 2, "epochs": 1, "heldout": 0.2}
    pattern = str(tmp_path / "*.txt")
    one = tw.Word2Vec(corpus_file=paths, engine="compiled", deterministic=True, **keywords)
    read = []
    monkeypatch.setattr(texts, "read_parts", lambda *g: read.append(g[0]) or read_parts(*g))
    looked, elsewhere = [], RayRun.losses_elsewhere

    def noted(self: RayRun, *given: Any) -> Any:
        looked.append(elsewhere(self, *given))
        return looked[-1]

    monkeypatch.setattr(RayRun, "losses_elsewhere", noted)
    many = tw.Word2Vec(corpus_file=pattern, engine="ray", ray_address=cluster.address, **keywords)
    assert read == [pattern]
    assert re.search(r"the cluster reads the text, \d+ parts", caplog.text)
    assert many.wv.index_to_key == one.wv.index_to_key
    assert (many.wv.vectors == one.wv.vectors).all()
    assert many.heldout_losses == one.heldout_losses
    assert len(looked) == 1


def test_ids_in_a_shared_folder_are_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_ids, "_here", lambda: "10.0.0.7")
    path = tmp_path / "say.txt"
    path.write_text("you say\nso you say\n" * 5, "utf-8")
    text = open_corpus(path, TextSettings(rules=RULES), tmp_path)
    sent = shared_ids.where_it_stands(text.corpus)
    assert list(map(type, sent)) == [shared_ids.FileRow, shared_ids.FileRow, int]
    there = shared_ids.mapped_here(sent)
    assert there.digest(text.vocabulary) == text.corpus.digest(text.vocabulary)
    part, _ = text.corpus.split(0.2, seed=1)
    assert (
        shared_ids.mapped_here(shared_ids.where_it_stands(part)).ids.tolist() == part.ids.tolist()
    )
    (text.folder / "ids").write_bytes(b"1234")
    with pytest.raises(InputError, match=r"ids has 4 bytes, not 100, on the machine 10\.0\.0\.7"):
        shared_ids.mapped_here(sent)
    text.remove()
    with pytest.raises(InputError, match=r"ids_folder /.*/ids is not on the machine 10\.0\.0\.7"):
        shared_ids.mapped_here(sent)


def test_a_text_that_is_not_on_all_machines_is_read_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "_here", lambda: "10.0.0.7")
    path = tmp_path / "say.txt"
    path.write_text("you say", "utf-8")
    assert texts._what_is_missing({str(path): 7}) == ""
    assert "another file on the machine 10.0.0.7" in texts._what_is_missing({str(path): 8})
    assert "is not on the machine 10.0.0.7" in texts._what_is_missing({f"{path}x": 7})


@pytest.mark.process
def test_the_command_keeps_ids_where_all_machines_read_them(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "say.txt"
    path.write_text("you say so\nso you say hello\n" * 90, "utf-8")
    ids, options = tmp_path / "ids", ["--size", 4, "--epochs", 2, "--min-count", 1, "--shards", 3]
    ids.mkdir()
    sent, stands = [], shared_ids.where_it_stands
    monkeypatch.setattr(engine, "where_it_stands", lambda c: sent.append(stands(c)) or sent[-1])
    options += ["--quiet", "--engine"]
    many = ["ray", "--ray-address", cluster.address, "--ids-folder", ids]
    assert main([*map(str, ["train", path, *options, *many, "--output", tmp_path / "a"])]) == 0
    assert [type(row) for row in sent[0][:2]] == [shared_ids.FileRow] * 2
    (kept,) = ids.iterdir()
    before = (kept / "ids").stat().st_mtime_ns
    one = ["compiled", "--deterministic", "--ids-folder", ids]
    assert main([*map(str, ["train", path, *options, *one, "--output", tmp_path / "b"])]) == 0
    assert (kept / "ids").stat().st_mtime_ns == before
    names = [tmp_path / name / "vectors.txt" for name in "ab"]
    assert names[0].read_bytes() == names[1].read_bytes()
