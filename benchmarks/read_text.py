"""Reading a text and encoding it, beside gensim's scan of its vocabulary alone.

    python benchmarks/read_text.py TEXT [--repeat 5] [--json]

TEXT has a sentence a line, split at white space. Ours makes the vocabulary and the ids of all
words in one reading, in memory and in a memory-mapped file; gensim's ``scan_vocab`` counts words
and encodes nothing (training does that later, in every epoch). Each is timed in turn, ``--repeat``
times, by processor time, as other programs on the machine may not be idle; the medians are
printed. Needs ``pip install '.[bench]'``.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from tinygrad_w2v.text.cutting import TextSettings
from tinygrad_w2v.text.numbering import CorpusRows, number_words
from tinygrad_w2v.text.rows import GrowingRow
from tinygrad_w2v.text.stored import open_corpus


def in_memory(path: str, settings: TextSettings) -> tuple[int, int]:
    """Read and encode; return the number of words and of learned words."""
    rows = CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))
    vocabulary = number_words(lambda: settings.chunks(path), rows, settings.rules)
    return rows.raw_words, len(vocabulary)


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
    """Time each in turn and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    logging.getLogger("gensim").setLevel(logging.ERROR)
    readers: dict[str, Callable[[str, TextSettings], tuple[int, int]]] = {
        "ours, in memory": in_memory,
        "ours, mapped files": in_files,
        "gensim, scan alone": gensim_scan,
    }
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
            "processor seconds": round(statistics.median(t for t, _ in times), 3),
            "wall seconds": round(statistics.median(t for _, t in times), 3),
        }
        for name, times in seconds.items()
    }
    if options.json:
        print(json.dumps({"words": words, "vocabulary": vocabulary, "seconds": results}))
        return 0
    print(f"{words:,} words, {vocabulary:,} learned")
    reference = results["gensim, scan alone"]["processor seconds"]
    for name, times in results.items():
        processor = times["processor seconds"]
        print(
            f"{name:20} {processor:6.2f} s of processor, {times['wall seconds']:6.2f} s in all, "
            f"{words / processor / 1e6:5.1f} M words/s, {reference / processor:4.2f} x gensim"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
