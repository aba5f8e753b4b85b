"""What a training takes is held against what is left before a byte of it is taken."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from tinygrad_w2v import Word2Vec, WordVectors
from tinygrad_w2v._base import memory as left
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text import numbering
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.training.engines import EngineOptions, compiled
from tinygrad_w2v.training.engines.numpy import descend
from tinygrad_w2v.vectors import formats
from tinygrad_w2v.word2vec import TrainingSettings, memory, train_vectors

TEXT = [["you", "say", "goodbye", "and", "i", "say", "hello"][i % 3 :] for i in range(400)]
MB = 10**6


class NeverRead:
    """A text that must not be needed to find out."""

    def __iter__(self):
        raise AssertionError("the text was read before the memory was looked at")


@pytest.fixture
def little(monkeypatch):
    """A machine with 100 MB left."""
    for module in (left, memory):
        monkeypatch.setattr(module, "memory_left", lambda: 100 * MB)


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (
            {"negative": 10**6},
            r"^windows with 1,000,000 negative words .*need about \d.* of",
        ),
        ({"negative": 10**6}, r"100\.0 MB are left; use a smaller negative"),
        (
            {"vector_size": 2**20, "negative": 7, "engine": "numpy"},
            r"steps over 1 windows with 8 target",
        ),
        ({"negative": 20_000, "engine": "compiled", "workers": 9}, "smaller negative or workers"),
    ],
)
def test_what_no_text_makes_smaller_is_refused_first(keywords, message) -> None:
    with pytest.raises(InputError, match=message):
        Word2Vec(NeverRead(), **keywords)


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_tables(engine) -> None:
    model = Word2Vec(vector_size=20_000, min_count=1, engine=engine, workers=1, negative=1)
    counts = {f"w{i}": 9 for i in range(1000)}
    with pytest.raises(InputError, match=r"^tables of 1,000 words with 20,000 numbers each need"):
        model.build_vocab_from_freq(counts)
    with pytest.raises(InputError, match=r"use a smaller vector_size or max_final_vocab$"):
        model.build_vocab_from_freq(counts)
    assert model.vocabulary is None
    model.vector_size = 10
    model.build_vocab_from_freq(counts)
    model.vector_size = 20_000
    with pytest.raises(InputError, match=r"^tables of 1,002 words"):
        model.build_vocab_from_freq({"new": 9, "newer": 9}, update=True)
    assert len(model.vocabulary) == 1000


@pytest.mark.usefixtures("little")
def test_other_ways_to_train(tmp_path) -> None:
    vocabulary, corpus = build_corpus(TEXT, min_count=1)
    settings = TrainingSettings(negative=10**6, sample=0)
    with pytest.raises(InputError, match="negative words need"):
        train_vectors(vocabulary, corpus, settings)
    with pytest.raises(InputError, match="negative words need"):
        train_vectors(vocabulary, corpus, settings, engine="compiled")
    model = Word2Vec(TEXT, vector_size=4, min_count=1, sample=0, epochs=1, engine="numpy")
    model.negative = 10**6
    with pytest.raises(InputError, match="negative words need"):
        model.train(TEXT, epochs=1)


@pytest.mark.usefixtures("little")
def test_the_command_names_its_flags(capsys, tmp_path) -> None:
    from tinygrad_w2v.cli import main

    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, TEXT)), encoding="utf-8")
    common = ["train", str(path), "--output", str(tmp_path / "out"), "--engine", "numpy"]
    assert main([*common, "--negative", "1000000"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tinygrad-w2v: windows with 1,000,000 negative words need about ")
    assert error.endswith("100.0 MB are left; use a smaller --negative\n")
    assert main([*common, "--batch", "20000", "--size", "10000", "--min-count", "1"]) == 2
    assert capsys.readouterr().err.endswith("use a smaller --batch or --negative or --size\n")
    assert main([*common, "--size", "1000000", "--min-count", "1"]) == 2
    assert capsys.readouterr().err.endswith("use a smaller --negative or --size\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("little")
def test_usual_trainings_are_not_refused() -> None:
    counts = np.maximum(10**6 // np.arange(1, 20_001), 5)
    for keywords in ({}, {"sg": 1}, {"hs": 1}, {"sg": 1, "shared_negatives": False}):
        for engine in ("numpy", "compiled"):
            for deterministic in (False, True):
                options = EngineOptions(engine, 2, deterministic)
                settings = Word2Vec(**keywords).settings()
                memory.check_memory(settings, options, counts, 10**7, heldout=True)


def test_vectors_of_a_file(monkeypatch, tmp_path) -> None:
    vectors = WordVectors(list(map(str, range(2000))), np.ones((2000, 2000), np.float32))
    for name in ("v.npz", "v.npy", "v.bin", "v.tsv"):
        formats.save(vectors, tmp_path / name)
    monkeypatch.setattr(left, "SMALL", 1 << 20)
    monkeypatch.setattr(left, "memory_left", lambda: 10 * MB)
    for name in ("v.npz", "v.npy", "v.bin", "v.tsv"):
        with pytest.raises(InputError, match=rf"{name}: .*need about .* and 10\.0 MB are"):
            formats.load(tmp_path / name)
        assert len(formats.load(tmp_path / name, limit=5)) == 5
    with pytest.raises(InputError, match=r"v\.npz: .*'vectors' need about 16\.0 MB of memory"):
        WordVectors.load(tmp_path / "v.npz")
    assert len(WordVectors.load(tmp_path / "v.npz", mmap=True)) == 2000
    formats.convert(tmp_path / "v.npy", tmp_path / "w.npz")  # a block at a time


def test_all_cosines(monkeypatch) -> None:
    monkeypatch.setattr(left, "memory_left", lambda: 70 * MB)
    vectors = WordVectors(list(map(str, range(5000))), np.ones((5000, 2), np.float32))
    with pytest.raises(InputError, match=r"the cosines of 5,000 words .* need about 100\.0 MB"):
        vectors.similarities()
    assert vectors.similarities(["1", "2"]).shape == (2, 2)


def test_words_that_go_on_being_new(monkeypatch) -> None:
    monkeypatch.setattr(numbering, "CHECK_EVERY", 1000)
    monkeypatch.setattr(left, "SMALL", 1000)
    monkeypatch.setattr(left, "memory_left", lambda: MB)
    sentences = [[f"{i}-{j}" for j in range(1000)] for i in range(300)]
    with pytest.raises(InputError, match=r"ones so far need about .* give max_vocab_size"):
        build_corpus(sentences, min_count=1)
    few = [[str(i % 50) for i in range(1000)]] * 300
    assert len(build_corpus(few, min_count=1)[0]) == 50


# The numbers that are counted with


def peak(run) -> int:
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("model", ["cbow", "skipgram"])
def test_they_are_low_and_not_far_from_what_is_taken(model, shared) -> None:
    rng = np.random.default_rng(0)
    text = [list(map(str, row)) for row in rng.integers(0, 50, (900, 20)).tolist()]
    vocabulary, corpus = build_corpus(text, min_count=1)
    settings = TrainingSettings(
        model, negative=60, size=50, batch=100, sample=0, shared_negatives=shared
    )
    made = settings.new_model(len(vocabulary))
    source = settings.source(corpus, vocabulary)
    sizes = memory._sizes(settings, vocabulary.counts, corpus.words)
    drawn = peak(lambda: next(source.batches(0)))
    needed = memory._plain_draws(settings, sizes).bytes
    assert 0.1 * drawn < needed < drawn
    batch = max((batch for batch, _ in source.batches(0)), key=lambda batch: batch.targets.size)
    stepped = peak(lambda: descend(made, batch, 0.01))
    needed = memory._step(settings, sizes).bytes
    assert 0.05 * stepped < needed < stepped


def test_they_are_those_of_the_compiled_engine() -> None:
    text = [list("abcdefgh")] * 900
    vocabulary, corpus = build_corpus(text, min_count=1)
    for deterministic in (False, True):
        settings = TrainingSettings("skipgram", negative=200, size=20, sample=0)
        source = settings.source(corpus, vocabulary)
        model = settings.new_model(len(vocabulary))
        run = compiled.CompiledRun(model, source, 1, deterministic=deterministic)
        room = sum(array.nbytes for arrays in source.new_room(run.stretch) for array in arrays)
        options = EngineOptions("compiled", 1, deterministic)
        sizes = memory._sizes(settings, vocabulary.counts, corpus.words)
        needed = memory._compiled_draws(settings, sizes, options).bytes
        assert 0.5 * room < needed < 2 * room
        run.close()


@pytest.mark.process
def test_a_process_with_a_limit_is_not_killed(tmp_path) -> None:
    """Nothing is left to the system, which would kill the process or fail somewhere inside."""
    pytest.importorskip("resource")
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, TEXT)), encoding="utf-8")
    code = (
        "import resource, sys; from tinygrad_w2v.cli import main;"
        "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30));"
        f"sys.exit(main(['train', {str(path)!r}, '--negative', '1000000', '--engine', 'numpy']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 2
    assert "negative words need about" in done.stderr
    assert len(done.stderr.splitlines()) == 1
