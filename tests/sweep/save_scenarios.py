"""Files that are written where older ones stand: one of the two is there, whole."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from file_operations import Ended, Lost, Scenario

from tinygrad_w2v import Parameter, Word2Vec, WordVectors, nn
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import open_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors import formats
from tinygrad_w2v.vectors.fasttext_binary import (
    FastTextFile,
    FastTextSettingsOfFile,
    write_fasttext_binary,
)


class Saved(Scenario):
    """Something is written where an older one stands: one of the two is there, whole."""

    def __init__(
        self,
        name: str,
        write: Callable[[Path, int], Any],
        read: Callable[[Path], Any],
        old: bool = True,
    ) -> None:
        self.name, self.write, self.read, self.has_old = name, write, read, old

    def prepare(self, root: Path) -> None:
        if self.has_old:
            self.write(root / self.name, 0)
            self.old = self.read(root / self.name)

    def act(self, root: Path) -> int:
        self.write(root / self.name, 1)
        return 0

    def learn(self, root: Path) -> None:
        self.new = self.read(root / self.name)
        self.names = sorted(path.name for path in root.iterdir())

    def check(self, root: Path, ended: Ended, how: str) -> None:
        try:
            found = self.read(root / self.name)
        except FileNotFoundError:
            if self.has_old:
                raise Lost("the old one is gone") from None
            found = None
        if found != self.new and (ended.status == 0 or (self.has_old and found != self.old)):
            raise Lost(f"what is there is neither the old nor the new one: {found!r:.200}")
        self.write(root / self.name, 1)
        if self.read(root / self.name) != self.new:
            raise Lost("it cannot be written again")
        if how != "kill" and sorted(path.name for path in root.iterdir()) != self.names:
            raise Lost(f"files are left over: {sorted(path.name for path in root.iterdir())}")


def vectors(number: int) -> WordVectors:
    """Return words and vectors, others for another number."""
    words = [f"w{number}_{i}" for i in range(4)]
    table = np.arange(2 * len(words), dtype=np.float32).reshape(-1, 2) + number
    return WordVectors(words, table, counts=list(range(9, 9 - len(words), -1)))


def told(found: WordVectors) -> tuple[Any, ...]:
    """Return all of them, to be compared."""
    counts = None if found.counts is None else found.counts.tolist()
    return found.index_to_key, found.vectors.tolist(), counts


def load(path: Path) -> Any:
    """Load a file of any format."""
    return told(formats.load(path))


def converted(path: Path, number: int) -> None:
    """Convert into the format of a path."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "v.npz")
        vectors(number).save(source)
        formats.convert(source, path)


class Layer(nn.Module):
    """A module with one table."""

    def __init__(self, number: int) -> None:
        self.weight = Parameter(np.full((3, 2), float(number)))


def read_layer(path: Path) -> Any:
    """Return the table of a file of it."""
    if not path.exists():
        raise FileNotFoundError
    layer = Layer(-1)
    layer.load(path)
    return layer.weight.data.tolist()


def read_vocabulary(path: Path) -> Any:
    """Return the words of a file."""
    if not path.exists():
        raise FileNotFoundError
    return Vocabulary.load(path).words


def save_model(path: Path, number: int) -> None:
    """Save a model whose words are others for another number."""
    model = Word2Vec(vector_size=2, min_count=1)
    model.build_vocab_from_freq({f"w{number}": 2, "x": 1})
    model.save(path)


def save_counted(path: Path, number: int) -> None:
    """Save vectors with a file of counts."""
    vectors(number).save_word2vec_format(path, fvocab=path.with_suffix(".vocab"))


def save_fasttext(path: Path, number: int) -> None:
    """Save a model of fastText."""
    settings = FastTextSettingsOfFile(2, 5, 5, 1, 5, 1, "ns", "cbow", 0, 3, 6, 100, 1e-4)
    words, table, counts = told(vectors(number))
    rows = np.array(table, np.float32)
    file = FastTextFile(settings, words, np.array(counts), 99, rows, rows)
    write_fasttext_binary(path, file)


def load_counted(path: Path) -> Any:
    """Load the two."""
    return told(WordVectors.load_word2vec_format(path, fvocab=path.with_suffix(".vocab")))


def read_corpus(path: Path) -> Any:
    """Return the ids of a text, which are there afterwards."""
    settings = TextSettings(rules=VocabularyRules(min_count=1))
    text = open_corpus(path, settings, path.parent / "ids")
    return text.vocabulary.words, text.corpus.ids.tolist(), text.corpus.offsets.tolist()


class Numbered(Saved):
    """The ids of a text, which are kept."""

    def prepare(self, root: Path) -> None:
        text = "you say goodbye\nand i say hello\n"
        (root / self.name).write_text(text, encoding="utf-8")


SAVES: dict[str, Scenario] = {
    "vectors": Saved(
        "v.npz", lambda path, n: vectors(n).save(path), lambda p: told(formats.load(p))
    ),
    "counts": Saved("v.txt", save_counted, load_counted),
    "fasttext-binary": Saved("m.bin", save_fasttext, load),
    "model": Saved("m.npz", save_model, lambda path: list(Word2Vec.load(path).wv.index_to_key)),
    "module": Saved("l.npz", lambda path, n: Layer(n).save(path), read_layer),
    "vocabulary": Saved(
        "v.json", lambda path, n: Vocabulary([f"w{n}", "x"], [2, 1]).save(path), read_vocabulary
    ),
    "corpus": Numbered("text.txt", lambda path, n: read_corpus(path), read_corpus, old=False),
    **{
        f"{'new ' if not old else ''}{form}": Saved(f"vectors{suffix}", converted, load, old)
        for old in (True, False)
        for form, suffix in (
            *((each.name, each.suffixes[0]) for each in formats.FORMATS.values()),
            ("packed", ".tsv.gz"),
        )
    },
}
