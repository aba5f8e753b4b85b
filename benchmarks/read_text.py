"""Reading a text and encoding it: our table, a plain dictionary, gensim's scan alone.

    python benchmarks/read_text.py TEXT [--repeat 5] [--json]

TEXT has a sentence a line, split at white space. Ours makes the vocabulary and the ids of all
words in one reading, in memory and in a memory-mapped file. "Plain dictionary" does the same with
each word as a string and a look-up in a dictionary, in place of the table over whole arrays of
``text/word_table.py``. gensim's ``scan_vocab`` counts words and encodes nothing (training does
that later, in every epoch). Each is timed in turn, ``--repeat`` times, by processor time, since
other programs may use the machine too; the smallest times are compared, which are the least
disturbed. Needs ``pip install '.[bench]'``; without gensim its line is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from tinygrad_w2v.text import numbering
from tinygrad_w2v.text.rows import CorpusRows
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import open_corpus
from tinygrad_w2v.text.word_table import split_lines


def in_memory(path: str, settings: TextSettings) -> tuple[int, int]:
    """Read and encode; return the number of words and of learned words."""
    rows = CorpusRows()
    vocabulary = numbering.number_words(lambda: settings.chunks(path), rows, settings.rules)
    return rows.raw_words, len(vocabulary)


class PlainDictionary:
    """Has what a `WordTable` has, with a look-up in a dictionary for each word."""

    def __init__(self, numbers_of: Callable[[list[str]], Iterable[int]]) -> None:
        self._numbers_of = numbers_of

    def numbers(self, text: str) -> tuple[Any, Any]:
        """Return the number of each word, and the position after each line's last word."""
        words, ends = split_lines(text)
        return np.fromiter(self._numbers_of(words), np.int32, len(words)), ends


def with_dictionary(path: str, settings: TextSettings) -> tuple[int, int]:
    """Read and encode as above, without the table."""
    table = numbering.WordTable
    numbering.WordTable = PlainDictionary  # type: ignore[assignment, misc]
    try:
        return in_memory(path, settings)
    finally:
        numbering.WordTable = table  # type: ignore[misc]


def in_files(path: str, settings: TextSettings) -> tuple[int, int]:
    """Read and encode into files, their digests included."""
    with tempfile.TemporaryDirectory() as folder, open_corpus(path, settings, folder) as text:
        return text.corpus.raw_words, len(text.vocabulary)


def gensim_scan(path: str, settings: TextSettings) -> tuple[int, int]:
    """Count words as gensim does."""
    from gensim.models.word2vec import LineSentence, Word2Vec

    model: Any = Word2Vec(min_count=settings.rules.min_count)
    words, _ = model.scan_vocab(LineSentence(path))
    return words, sum(count >= settings.rules.min_count for count in model.raw_vocab.values())


def main() -> int:
    """Time each in turn and print the smallest times."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    logging.getLogger("gensim").setLevel(logging.ERROR)
    readers: dict[str, Callable[[str, TextSettings], tuple[int, int]]] = {
        "table, in memory": in_memory,
        "table, mapped files": in_files,
        "plain dictionary": with_dictionary,
    }
    if importlib.util.find_spec("gensim"):
        readers["gensim, scan alone"] = gensim_scan
    settings = TextSettings()
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in readers}
    found: dict[str, tuple[int, int]] = {}
    for _ in range(options.repeat):
        for name, reader in readers.items():
            wall, processor = time.perf_counter(), time.process_time()
            found[name] = reader(options.text, settings)
            took = time.process_time() - processor, time.perf_counter() - wall
            seconds[name].append(took)
    if len(set(found.values())) != 1:
        raise SystemExit(f"the readers do not agree on words and vocabulary: {found}")
    words, vocabulary = next(iter(found.values()))
    results = {
        name: {
            "processor seconds": round(min(t for t, _ in times), 3),
            "wall seconds": round(min(t for _, t in times), 3),
        }
        for name, times in seconds.items()
    }
    if options.json:
        print(json.dumps({"words": words, "vocabulary": vocabulary, "seconds": results}))
        return 0
    print(f"{words:,} words, {vocabulary:,} learned")
    reference = results["plain dictionary"]["processor seconds"]
    for name, times in results.items():
        processor = times["processor seconds"]
        print(
            f"{name:20} {processor:6.2f} s of processor, {times['wall seconds']:6.2f} s in all, "
            f"{words / processor / 1e6:4.1f} M words/s, {reference / processor:4.2f} x dictionary"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
