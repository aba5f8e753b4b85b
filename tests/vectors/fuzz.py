"""Mutate files and load them: each is read, or refused with one clear error.

    python tests/vectors/fuzz.py --seconds 600 [--only npz] [--seed 1]

All formats of vectors, and what else a user may hand over: models, vocabularies, checkpoints,
settings, texts, files to evaluate on. Each gets the seconds. A file of vectors that is read must
give finite rows, one a word, and nothing may take long or much memory. What breaks these rules is
printed with its bytes, to be kept as a test; the exit status is then 1.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import bz2
import dataclasses
import gzip
import json
import lzma
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinygrad_w2v import LineSentence, Word2Vec, WordVectors
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli.request import read_json
from tinygrad_w2v._cli.results import request_of
from tinygrad_w2v.text.cutting import TextSettings
from tinygrad_w2v.text.numbering import VocabularyRules
from tinygrad_w2v.text.reading import read_lines
from tinygrad_w2v.text.stored import open_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint
from tinygrad_w2v.training.run import RunState
from tinygrad_w2v.vectors import formats
from tinygrad_w2v.vectors.npy import words_path
from tinygrad_w2v.vectors.projector import metadata_path
from tinygrad_w2v.word2vec.settings import TrainingSettings

SLOW = 2.0  # seconds for a file of some hundred bytes
MEMORY = 2 << 30  # bytes of address space beyond what the process has at its start
INTERESTING = [
    b"\x00", b"\n", b"\r\n", b" ", b"\t", b"  ", b"\xff", b"\xef\xbb\xbf", b"nan", b"-inf",
    b"1e999", b"1e-999", b"0x10", b"1_0", b"-", b".", b"e", b"+1", b"99999999999999999999",
    b"18446744073709551615", b"-1", b"9223372036854775807", b"2147483648", b"\\", b"\\ud800",
    b"\\u00", b"(", b"((((((((", b"{", b"}", b"[", b"'", b"\"", b"O", b"|O", b">f8", b"<f2",
    b"\x80\x04", b"\x1f\x8b", b"PK\x05\x06", b"\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f", b"True", b"False", b", ",
]  # fmt: skip

# How a file is named, and which files beside it are mutated with it.
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


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return `data` with some bytes changed, removed, repeated, or put elsewhere."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(0, len(changed) + 1))
        until = min(len(changed), at + int(rng.choice([1, 1, 2, 4, 8, 40])))
        kind = rng.integers(0, 8)
        if kind == 0:
            del changed[at:until]
        elif kind == 1:
            changed[at:until] = rng.integers(0, 256, until - at, dtype=np.uint8).tobytes()
        elif kind == 2:
            changed[at:at] = INTERESTING[rng.integers(len(INTERESTING))]
        elif kind == 3:
            piece = INTERESTING[rng.integers(len(INTERESTING))]
            changed[at : at + len(piece)] = piece
        elif kind == 4:
            changed[at:at] = changed[at:until] * int(rng.choice([1, 2, 50]))
        elif kind == 5 and at < len(changed):
            changed[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 6:
            digits = [i for i, byte in enumerate(changed[:2000]) if 48 <= byte < 58]
            if digits:
                changed[int(rng.choice(digits))] = int(rng.integers(48, 58))
        elif rng.random() < 0.3:
            del changed[at:]
    return bytes(changed)


def read(path: Path, name: str, rng: np.random.Generator) -> None:
    """Load a file in one of the ways there are; raise AssertionError where it is wrong."""
    way = int(rng.integers(0, 5))
    options = {"limit": int(rng.integers(0, 4))} if rng.random() < 0.2 else {}
    datatype = np.float64 if rng.random() < 0.3 else np.float32
    if way == 0 and name in ("npz", "npy") and not options:
        vectors = formats.load(path, name, mmap=True)
        assert len(vectors.index_to_key) == len(vectors.vectors)
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
    else:
        wv = formats.load(path, name, datatype=datatype, **options)
    assert len(set(wv.index_to_key)) == len(wv) == len(wv.vectors)
    assert np.isfinite(wv.vectors).all()


class Other(NamedTuple):
    """A file that holds no vectors alone: its name, what writes some of them, and what loads it."""

    file: str
    write: Callable[[Path], Iterator[None]]  # a file stands there whenever it yields
    load: Callable[[Path, np.random.Generator], object]


def write_models(path: Path) -> Iterator[None]:
    """Write models of each objective."""
    text = [["you", "say", "猫", "goodbye"]] * 9
    for keywords in ({}, {"hs": 1, "negative": 0}, {"sg": 1, "hs": 1}):
        Word2Vec(text, vector_size=3, sample=0, epochs=1, **keywords).save(path)
        yield


def load_model(path: Path, rng: np.random.Generator) -> None:
    """Load a model and use it."""
    model = Word2Vec.load(path)
    assert np.isfinite(model.wv.vectors).all()
    assert len(model.wv) == len(model.vocabulary)


def write_vocabularies(path: Path) -> Iterator[None]:
    """Write a vocabulary."""
    Vocabulary(["say", "猫", "\ud800", "a\tb"], [7, 5, 2, 1]).save(path)
    yield


def write_checkpoints(path: Path) -> Iterator[None]:
    """Write a checkpoint; `path` is its name when it is the first."""
    path.unlink(missing_ok=True)
    table = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    Checkpoints(path.parent, lambda: {"w_in": table}, {"seed": 1}).save(RunState(epoch=2, batch=5))
    yield


def write_settings(path: Path) -> Iterator[None]:
    """Write the settings of a run, as plain JSON."""
    description = {
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
    path.write_text(json.dumps(description), encoding="utf-8")
    yield


def write_texts(path: Path) -> Iterator[None]:
    """Write a text, plain and compressed."""
    data = "You say goodbye, 猫!\r\nand I say naïve hello.\n\n\u2028 e1\n".encode() * 3
    for pack in (bytes, gzip.compress, bz2.compress, lzma.compress):
        path.write_bytes(pack(data))
        yield


def load_text(path: Path, rng: np.random.Generator) -> None:
    """Read a text in one of the ways there are."""
    way = int(rng.integers(0, 4))
    if way == 0:
        assert all(sentence for sentence in LineSentence(path))
    elif way == 1:
        rules = VocabularyRules(min_count=1)
        settings = TextSettings(str(rng.choice(["words", "whitespace"])), rules=rules)
        with tempfile.TemporaryDirectory() as folder:
            stored = open_corpus(path, settings, folder)
            assert stored.corpus.words <= stored.corpus.raw_words
    elif way == 2:
        assert all("\n" not in line for line in read_lines(path, "replace"))
    else:
        model = Word2Vec(vector_size=2, min_count=1)
        model.build_vocab(corpus_file=path)


def write_pairs(path: Path) -> Iterator[None]:
    """Write word pairs, and analogies."""
    path.write_text("# words\na\tb\t9\na\tc\t1.5\nb\tC\t2\na\tz\t5\n", encoding="utf-8")
    yield
    path.write_text(": one\na b c d\nd c b a\n: two\nb a d C\na b z y\n", encoding="utf-8")
    yield


def load_pairs(path: Path, rng: np.random.Generator) -> None:
    """Evaluate on a file."""
    wv = WordVectors(["a", "b", "c", "d"], np.array([[1, 0], [2, 1], [0, 1], [3, 2]]))
    if rng.random() < 0.5:
        wv.evaluate_word_pairs(path)
    else:
        score, _ = wv.evaluate_word_analogies(path)
        assert 0 <= score <= 1


OTHERS = {
    "model": Other("word2vec.model", write_models, load_model),
    "vocabulary": Other("v.json", write_vocabularies, lambda path, rng: Vocabulary.load(path)),
    "checkpoint": Other(
        "checkpoint-1.npz", write_checkpoints, lambda path, rng: newest_checkpoint(path.parent)
    ),
    "settings": Other(
        "settings.json",
        write_settings,
        lambda path, rng: request_of(read_json(path, "check the path"), str(path)),
    ),
    "text": Other("text.txt", write_texts, load_text),
    "evaluation": Other("pairs.tsv", write_pairs, load_pairs),
}


def seeds(name: str, folder: Path) -> list[list[tuple[Path, bytes]]]:
    """Return whole files to start from: each a list of (path, bytes), the table first."""
    if name in OTHERS:
        path = folder / OTHERS[name].file
        return [[(path, path.read_bytes())] for _ in OTHERS[name].write(path)]
    path = folder / NAMES[name]
    files = [path, BESIDE[name](path)] if name in BESIDE else [path]
    found = []
    words = ["you", "say", "猫", "naïve", "emoji👍", "e1", "7"]
    for counts in (None, [9, 8, 7, 6, 5, 4, 3]):
        for dtype in (np.float32, np.float64):
            rows = np.random.default_rng(0).normal(size=(7, 3)).astype(dtype)
            formats.save(WordVectors(words, rows, counts), path, name)
            found.append([(file, file.read_bytes()) for file in files])
    if name not in ("npz", "npy", "safetensors"):
        for compress in (gzip.compress, bz2.compress, lzma.compress):
            found.append([(file, compress(data)) for file, data in found[0]])
    return found


def fuzz(name: str, seconds: float, seed: int, folder: Path) -> tuple[int, int, int]:
    """Load mutated files for so long; return how many were read, refused and wrong."""
    rng = np.random.default_rng([seed, len(name), *name.encode()])
    whole = seeds(name, folder)
    counts = {"read": 0, "refused": 0, "wrong": 0}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        files = list(whole[rng.integers(len(whole))])
        for place in range(len(files)):
            if place == 0 or rng.random() < 0.5:
                path, data = files[place]
                files[place] = path, mutate(data, rng)
        for path, data in files:
            path.write_bytes(data)
        state = rng.bit_generator.state
        start = time.monotonic()
        try:
            if name in OTHERS:
                OTHERS[name].load(files[0][0], rng)
            else:
                read(files[0][0], name, rng)
            outcome = "read"
        except InputError as error:
            # A word that the target cannot hold is named by its row; a text that can be read, and
            # says too little to learn from, may be several files.
            placed = str(files[0][0].parent) in str(error) or "(row " in str(error)
            placed |= name == "text" and "words" in str(error)
            outcome = "refused" if placed else "wrong"
            if not placed:
                report(name, files, f"the error does not name the file: {error}", state)
        except Exception:
            outcome = "wrong"
            report(name, files, traceback.format_exc(), state)
        if time.monotonic() - start > SLOW:
            outcome = "wrong"
            report(name, files, f"took {time.monotonic() - start:.1f} seconds", state)
        counts[outcome] += 1
    return counts["read"], counts["refused"], counts["wrong"]


def report(name: str, files: list[tuple[Path, bytes]], what: str, state: object) -> None:
    """Print what went wrong, and the bytes that did it."""
    lines = what.strip().splitlines()
    print(f"\n{name}: " + "\n".join(lines[-8:]), file=sys.stderr)
    for path, data in files:
        print(f"  {path.name}: {data[:3000]!r}", file=sys.stderr)


def limit_memory() -> None:
    """Let an allocation of gigabytes fail instead of filling the machine."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def main() -> int:
    """Fuzz the formats that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600, help="for each format")
    parser.add_argument("--only", choices=[*NAMES, *OTHERS], action="append")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    if Path("/proc/self/statm").exists():
        limit_memory()
    warnings.simplefilter("error")
    print(f"seed {options.seed}")
    failed = 0
    for name in options.only or [*NAMES, *OTHERS]:
        with tempfile.TemporaryDirectory() as folder:
            found = fuzz(name, options.seconds, options.seed, Path(folder))
        print(f"{name:16} {found[0]:8} read {found[1]:8} refused {found[2]:4} wrong", flush=True)
        failed += found[2]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
