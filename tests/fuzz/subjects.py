"""What is fuzzed: each file that the library reads, whole ones to start from, and how it is read.

A subject writes whole files into a folder and loads what stands there. Loading returns, or raises
the library's own InputError that names the file; whatever it returns is looked at.
"""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from structures import pick

import tinygrad_w2v as tw
from tinygrad_w2v import LineSentence, Word2Vec, WordVectors
from tinygrad_w2v._base.compressed import open_read
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli.order import read_base
from tinygrad_w2v._cli.request import Request, read_json, request_of
from tinygrad_w2v.text.phrase_rounds import PhraseRounds
from tinygrad_w2v.text.phrases import Phrases
from tinygrad_w2v.text.reading import read_chunks, read_lines
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import open_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint
from tinygrad_w2v.training.history import History, Mean, Record, RunState
from tinygrad_w2v.vectors import formats
from tinygrad_w2v.vectors.archive import write_archive
from tinygrad_w2v.vectors.fasttext_binary import (
    FastTextFile,
    FastTextSettingsOfFile,
    read_fasttext_binary,
    write_fasttext_binary,
)
from tinygrad_w2v.vectors.npy import words_path
from tinygrad_w2v.vectors.projector import metadata_path
from tinygrad_w2v.vectors.subword_vectors import SubwordVectors
from tinygrad_w2v.word2vec.fasttext import load_facebook_model, load_facebook_vectors
from tinygrad_w2v.word2vec.settings import TrainingSettings

Rng = np.random.Generator
PACKERS = (gzip.compress, bz2.compress, lzma.compress)


class Subject(NamedTuple):
    """Files of one kind.

    Attributes
    ----------
    write : callable
        Writes whole files into a folder, several times; at each yield they stand there.
    load : callable
        Loads the first of them in one of the ways there are.
    file : str
        Its name. The others that `write` leaves are changed as well.
    """

    file: str
    write: Callable[[Path], Iterator[None]]
    load: Callable[[Path, Rng], object]


# Vectors

WORDS = ["you", "say", "猫", "naïve", "emoji👍", "e1", "7"]
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
BESIDE: dict[str, Callable[[Path], Path]] = {"npy": words_path, "projector": metadata_path}


def vectors(name: str) -> Subject:
    """Return the subject of a format of vectors."""

    def write(folder: Path) -> Iterator[None]:
        path = folder / NAMES[name]
        for counts in (None, [9, 8, 7, 6, 5, 4, 3]):
            for dtype in (np.float32, np.float64):
                rows = np.random.default_rng(0).normal(size=(7, 3)).astype(dtype)
                formats.save(WordVectors(WORDS, rows, counts), path, name)
                yield
        if name not in ("npz", "npy", "safetensors"):
            files = [path, *([BESIDE[name](path)] if name in BESIDE else [])]
            whole = [file.read_bytes() for file in files]
            for pack in PACKERS:
                for file, data in zip(files, whole, strict=True):
                    file.write_bytes(pack(data))
                yield

    def load(path: Path, rng: Rng) -> None:
        way = int(rng.integers(0, 6))
        options = {"limit": int(rng.integers(0, 4))} if rng.random() < 0.2 else {}
        datatype = np.float64 if rng.random() < 0.3 else np.float32
        if way == 0 and name in ("npz", "npy") and not options:
            wv = formats.load(path, name, mmap=True)
            assert len(wv.index_to_key) == len(wv.vectors)
            return
        if way == 1:
            targets = ("o.npz", "o.txt", "o.npy", "o.tsv", "o.safetensors")
            target = path.with_name(targets[rng.integers(len(targets))])
            formats.convert(path, target, source_format=name, datatype=datatype, **options)
            return
        if way == 2:
            wv = formats.load(path, datatype=datatype, **options)  # whatever it is taken for
        elif way == 3 and name == "npz":
            wv = WordVectors.load(path)
        elif way == 4 and name in ("word2vec", "word2vec-binary", "glove", "fasttext"):
            binary, no_header = name == "word2vec-binary", name == "glove"
            wv = WordVectors.load_word2vec_format(
                path, binary, no_header=no_header, unicode_errors="replace", duplicates="first"
            )
        else:
            wv = formats.load(path, name, datatype=datatype, **options)
        assert len(set(wv.index_to_key)) == len(wv) == len(wv.vectors)
        assert np.isfinite(wv.vectors).all()
        assert wv.counts is None or (wv.counts >= 0).all()

    return Subject(NAMES[name], write, load)


def write_fasttext(folder: Path) -> Iterator[None]:
    for model, words, buckets, labels in (
        ("cbow", WORDS, 9, []),
        ("skipgram", ["</s>", "na\udcefve", "\udc80"], 3, ["__label__you"]),
        ("skipgram", WORDS, 0, []),
        ("supervised", WORDS, 5, ["__label__you", "__label__say"]),
    ):
        settings = FastTextSettingsOfFile(3, 5, 5, 1, 5, 1, "ns", model, buckets, 2, 3, 100, 1e-4)
        rows = np.random.default_rng(0).normal(size=(len(words) + buckets, 3)).astype(np.float32)
        output = rows[: len(labels if model == "supervised" else words)]
        counts, told = np.arange(len(words)), np.arange(len(labels))
        file = FastTextFile(settings, words, counts, 99, rows, output, labels, told)
        write_fasttext_binary(folder / "model.bin", file)
        yield
    whole = (folder / "model.bin").read_bytes()
    for pack in PACKERS:
        (folder / "model.bin").write_bytes(pack(whole))
        yield


def load_fasttext(path: Path, rng: Rng) -> None:
    way = int(rng.integers(0, 6))
    if way == 0:
        file = read_fasttext_binary(path)
        assert np.isfinite(file.input).all() and np.isfinite(file.output).all()
        write_fasttext_binary(path.with_name("again.bin"), file)
        with open_read(path) as stream:
            assert path.with_name("again.bin").read_bytes() == stream.read()
        return
    if way < 3:
        wv = load_facebook_vectors(path) if way == 1 else load_facebook_model(path).wv
        assert wv.has_index_for(wv.index_to_key[0])
        assert np.isfinite(wv.vectors).all() and np.isfinite(wv.vectors_ngrams).all()
        wv.save(path.with_name("wv.npz"))
        SubwordVectors.load(path.with_name("wv.npz"))
        return
    options = {"limit": int(rng.integers(0, 4))} if rng.random() < 0.2 else {}
    if way == 3:
        target = path.with_name(pick(rng, ["o.npz", "o.txt"]))
        formats.convert(path, target, "fasttext-binary", unicode_errors="replace", **options)
        return
    wv = formats.load(
        *(path, None if way == 4 else "fasttext-binary"),
        *(options.get("limit"), False, np.float32, "replace", "first"),
    )
    assert len(set(wv.index_to_key)) == len(wv) == len(wv.vectors)
    assert np.isfinite(wv.vectors).all()


def write_ngrams(folder: Path) -> Iterator[None]:
    rows = np.random.default_rng(0).normal(size=(len(WORDS) + 4, 3)).astype(np.float32)
    for counts, max_n in ((range(7), 3), (None, 3), (None, 0)):
        SubwordVectors(WORDS, rows, counts, min_n=2, max_n=max_n).save(folder / "wv.npz")
        yield


def load_ngrams(path: Path, rng: Rng) -> None:
    load = pick(rng, [SubwordVectors.load, formats.load])
    wv = load(path, mmap=rng.random() < 0.3)
    assert len(wv.index_to_key) == len(wv.vectors)
    if isinstance(wv, SubwordVectors):
        assert np.isfinite(wv.vectors_ngrams).all()
        assert "unseen" not in wv or np.shape(wv["unseen"]) == (wv.vector_size,)


def write_counts(folder: Path) -> Iterator[None]:
    wv = WordVectors(["say", "猫"], np.eye(2), [7, 5])
    wv.save_word2vec_format(folder / "v.txt", fvocab=folder / "vocab")
    (folder / "v.txt").rename(folder / "vectors.txt")
    yield
    for pack in PACKERS:
        (folder / "vocab").write_bytes(pack(b"say 7\n\xe7\x8c\xab 5\n"))
        yield


def load_counts(path: Path, rng: Rng) -> None:
    wv = WordVectors.load_word2vec_format(path.with_name("vectors.txt"), fvocab=path)
    assert wv.counts is not None and (wv.counts >= 0).all()


# Models, modules, runs

TEXT = [["you", "say", "猫", "goodbye"]] * 9


def write_models(folder: Path) -> Iterator[None]:
    for keywords in ({}, {"hs": 1, "negative": 0}, {"sg": 1, "hs": 1}):
        model = Word2Vec(TEXT, vector_size=3, sample=0, epochs=1, engine="numpy", **keywords)
        model.save(folder / "word2vec.model")
        yield


def load_model(path: Path, rng: Rng) -> None:
    model = Word2Vec.load(path)
    assert np.isfinite(model.wv.vectors).all()
    assert len(model.wv) == len(model.vocabulary)
    model.settings()
    assert model.get_latest_training_loss() is not None
    assert model.predict_output_word([0]) is not None


def write_modules(folder: Path) -> Iterator[None]:
    tw.nn.Linear(2, 3).save(folder / "layer.npz")
    yield
    np.savez_compressed(folder / "layer.npz", **tw.nn.Linear(2, 3).state_dict())
    yield


def write_fasttexts(folder: Path) -> Iterator[None]:
    for keywords in ({}, {"hs": 1, "negative": 0}, {"sg": 1, "max_n": 0}):
        model = tw.FastText(
            TEXT, vector_size=3, sample=0, epochs=1, bucket=5, engine="numpy", **keywords
        )
        model.save(folder / "fasttext.model")
        yield


def load_fasttext_model(path: Path, rng: Rng) -> None:
    if rng.random() < 0.3:
        SubwordVectors.load(path)
        return
    model = tw.FastText.load(path)
    assert np.isfinite(model.wv.vectors).all()
    assert len(model.wv) == len(model.vocabulary)
    model.settings()
    assert model.predict_output_word([0]) is not None
    model.save_facebook_model(path.with_name("again.bin"))


def load_module(path: Path, rng: Rng) -> None:
    layer = tw.nn.Linear(2, 3)
    layer.load(path)
    assert layer.weight.shape == (2, 3)
    assert layer.weight.dtype == np.float32


def write_base(folder: Path) -> Iterator[None]:
    rows = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    write_archive(folder / "model.npz", TEXT[0], rows, np.arange(9, 5, -1), {"w_out": rows})
    yield


def load_base(path: Path, rng: Rng) -> None:
    saved = read_base(path).model
    assert len(saved.vocabulary) == len(saved.tables["w_in"])


def write_checkpoints(folder: Path) -> Iterator[None]:
    table = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    (folder / "checkpoint-1.npz").unlink(missing_ok=True)
    record = Record(1, 5, 0.5, 0.025, 1.0)
    history = History([record], [0.5], [0.75], 5, 1.0)
    state = RunState(2, 5, 9.0, 0.02, Mean(0.5, 3), Mean(0.25, 1), history, 4.0)
    about = {"settings": dataclasses.asdict(TrainingSettings()), "engine": {"name": "numpy"}}
    Checkpoints(folder, lambda: {"w_in": table}, about).save(state)
    yield


def load_checkpoint(path: Path, rng: Rng) -> None:
    found = newest_checkpoint(path.parent)
    assert found is not None
    assert isinstance(found.state.epoch, int)
    json.dumps(found.state.to_json())


def description() -> dict[str, object]:
    """Return the settings of a run."""
    return {
        "text": {
            "sources": ["novel.txt"],
            "tokenizer": "words",
            "lower": True,
            "errors": "strict",
            "max_vocab_size": None,
            "trim_rule": None,
        },
        "heldout": {"share": 0.1},
        "early_stopping": 3,
        "update": None,
        "settings": dataclasses.asdict(TrainingSettings()),
    }


def write_settings(folder: Path) -> Iterator[None]:
    text = json.dumps(description())
    (folder / "settings.json").write_text(text, encoding="utf-8")
    yield
    text = json.dumps({"request": Request(["novel.txt"], heldout=0.1).to_json()})
    (folder / "settings.json").write_text(text, encoding="utf-8")
    yield


def load_settings(path: Path, rng: Rng) -> None:
    request = request_of(read_json(path, "check the path"), str(path))
    assert Request.from_json(request.to_json(), str(path)) == request
    json.dumps(request.to_json())


def write_requests(folder: Path) -> Iterator[None]:
    text = json.dumps({"request": Request(["novel.txt"], heldout=0.1).to_json()})
    (folder / "run.json").write_text(text, encoding="utf-8")
    yield


def load_request(path: Path, rng: Rng) -> None:
    Request.from_json(read_json(path, "begin anew").get("request", {}), str(path))


# Texts


def write_vocabularies(folder: Path) -> Iterator[None]:
    Vocabulary(["say", "猫", "\ud800", "a\tb"], [7, 5, 2, 1]).save(folder / "v.json")
    yield


def load_vocabulary(path: Path, rng: Rng) -> None:
    vocabulary = Vocabulary.load(path)
    assert (vocabulary.counts >= 0).all()
    assert len(vocabulary.word_to_id) == len(vocabulary)


# Phrases


def write_phrases(folder: Path) -> Iterator[None]:
    sentences = [["new", "york", "times"], ["san", "猫"]] * 3
    found = Phrases(sentences, min_count=1, threshold=0.1, connector_words=["of"])
    found.save(folder / "phrases.json")
    yield
    found.freeze().save(folder / "phrases.json")
    yield
    PhraseRounds([found.freeze(), found.freeze()]).save(folder / "phrases.json")
    yield


def load_phrases(path: Path, rng: Rng) -> None:
    try:
        rounds = PhraseRounds.load(path)
    except InputError as error:
        if "load it with Phrases.load" not in str(error):
            raise
        phrases = Phrases.load(path)
        phrases.add_vocab([["new", "york"]])
        assert all(phrases[["new", "york", "of", "times"]])
    else:
        assert all(chunk.words for chunk in rounds.chunks(["new york\n"]))


def text(suffix: str, pack: Callable[[bytes], bytes]) -> Subject:
    """Return the subject of texts, plain or compressed."""

    def write(folder: Path) -> Iterator[None]:
        data = "You say goodbye, 猫!\r\nand I say naïve hello.\n\n\u2028 e1\u3000e2\tx\n".encode()
        (folder / f"text{suffix}").write_bytes(pack(data * 3))
        yield
        (folder / f"text{suffix}").write_bytes(pack(b"\xef\xbb\xbf" + data))
        yield

    return Subject(f"text{suffix}", write, load_text)


def load_text(path: Path, rng: Rng) -> None:
    way = int(rng.integers(0, 5))
    if way == 0:
        assert all(sentence for sentence in LineSentence(path))
    elif way == 1:
        rules = VocabularyRules(min_count=1)
        settings = TextSettings(str(rng.choice(["words", "whitespace"])), rules=rules)
        with open_corpus(path, settings, path.parent / "ids") as stored:
            assert stored.corpus.words <= stored.corpus.raw_words
    elif way == 2:
        assert all("\n" not in line for line in read_lines(path, "replace"))
    elif way == 3:
        words = "".join(read_chunks(path, "replace")).split()
        lines = [word for line in read_lines(path, "replace") for word in line.split()]
        assert words == lines
    else:
        Word2Vec(vector_size=2, min_count=1, engine="numpy").build_vocab(corpus_file=path)


def write_stored(folder: Path) -> Iterator[None]:
    (folder / "say.txt").write_text("you say\nso you say\n" * 9, encoding="utf-8")
    settings = TextSettings(rules=VocabularyRules(min_count=2))
    made = open_corpus(folder / "say.txt", settings, folder).folder
    for file in made.iterdir():
        file.rename(folder / file.name)
    made.rmdir()
    yield


def load_stored(path: Path, rng: Rng) -> None:
    """Put the files of ids where a run looks for them; they are taken if whole, else made anew."""
    settings = TextSettings(rules=VocabularyRules(min_count=2))
    names = ("ids", "offsets", "vocabulary.json", "corpus.json")
    with open_corpus(path.with_name("say.txt"), settings, path.parent / "made") as right:
        whole = (right.vocabulary.words, right.corpus.ids.tolist(), right.corpus.offsets.tolist())
        place = right.folder
    place.mkdir()
    for name in names:
        (place / name).write_bytes(path.with_name(name).read_bytes())
    with open_corpus(path.with_name("say.txt"), settings, path.parent / "made") as text:
        found = (text.vocabulary.words, text.corpus.ids.tolist(), text.corpus.offsets.tolist())
        ids, offsets = np.array(found[1]), np.array(found[2])
    if not text.reused:
        assert found == whole
    assert ids.min() >= 0 and ids.max() < len(found[0])
    assert offsets[0] == 0 and offsets[-1] == len(ids) and (np.diff(offsets) >= 0).all()


FEW = WordVectors(["a", "b", "c", "d"], np.array([[1, 0], [2, 1], [0, 1], [3, 2]]))


def write_pairs(folder: Path) -> Iterator[None]:
    lines = "# words\na\tb\t9\na\tc\t1.5\nb\tC\t2\na\tz\t5\n"
    (folder / "pairs.tsv").write_text(lines, encoding="utf-8")
    yield
    (folder / "pairs.tsv").write_bytes(gzip.compress(lines.encode()))
    yield


def load_pairs(path: Path, rng: Rng) -> None:
    _, spearman, unknown = FEW.evaluate_word_pairs(path)
    assert 0 <= unknown <= 100
    assert not abs(spearman[0]) > 1


def write_analogies(folder: Path) -> Iterator[None]:
    lines = ": one\na b c d\nd c b a\n: two\nb a d C\na b z y\n"
    (folder / "analogies.txt").write_text(lines, encoding="utf-8")
    yield


def load_analogies(path: Path, rng: Rng) -> None:
    similarity = pick(rng, ["most_similar", "most_similar_cosmul"])
    score, _ = FEW.evaluate_word_analogies(path, similarity_function=similarity)
    assert 0 <= score <= 1


SUBJECTS: dict[str, Subject] = {
    **{name: vectors(name) for name in NAMES},
    "fasttext-binary": Subject("model.bin", write_fasttext, load_fasttext),
    "ngrams": Subject("wv.npz", write_ngrams, load_ngrams),
    "fvocab": Subject("vocab", write_counts, load_counts),
    "model": Subject("word2vec.model", write_models, load_model),
    "fasttext-model": Subject("fasttext.model", write_fasttexts, load_fasttext_model),
    "module": Subject("layer.npz", write_modules, load_module),
    "update": Subject("model.npz", write_base, load_base),
    "checkpoint": Subject("checkpoint-1.npz", write_checkpoints, load_checkpoint),
    "settings": Subject("settings.json", write_settings, load_settings),
    "request": Subject("run.json", write_requests, load_request),
    "vocabulary": Subject("v.json", write_vocabularies, load_vocabulary),
    "phrases": Subject("phrases.json", write_phrases, load_phrases),
    "text": text(".txt", bytes),
    "text.gz": text(".gz", gzip.compress),
    "text.bz2": text(".bz2", bz2.compress),
    "text.xz": text(".xz", lzma.compress),
    "stored": Subject("ids", write_stored, load_stored),
    "pairs": Subject("pairs.tsv", write_pairs, load_pairs),
    "analogies": Subject("analogies.txt", write_analogies, load_analogies),
}


def whole_files(name: str, folder: Path) -> list[list[tuple[Path, bytes]]]:
    """Return whole files to start from: each a list of (path, bytes), the subject's own first."""
    subject = SUBJECTS[name]
    own = folder / subject.file
    found = []
    for _ in subject.write(folder):
        files = sorted(folder.iterdir(), key=lambda path: (path != own, path.name))
        found.append([(path, path.read_bytes()) for path in files])
    for path in folder.iterdir():
        path.unlink()
    return found


def is_clear(name: str, error: InputError, files: list[tuple[Path, bytes]]) -> bool:
    """Say whether an error tells which file, or which word of it, cannot be used."""
    message = str(error)
    placed = any(str(path) in message for path, _ in files) or "(row " in message
    # A text that can be read, and says too little to learn from, may be several files.
    return "\n" not in message and (
        placed or (name.startswith(("text", "stored")) and "words" in message)
    )
