"""Files of word vectors and queries to them: this library against gensim.

200,000 words of 100 dimensions are saved and loaded in word2vec's text and binary formats, and
1,000 words are asked for their ten nearest, one by one and as a batch. Both libraries run in one
process, one thread, in turns; the ratio of the best times is what counts, as shared machines are
noisy. A ratio of 3 means that ours takes a third of gensim's time. The second ratio is that of
processor time: what is written is also forced to the disk here, which gensim leaves to the system,
and on a shared machine seconds also count what others do.

    python benchmarks/vector_files.py [--words 200000] [--dim 100] [--rounds 3] [--json]

Needs ``pip install '.[bench]'``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import tinygrad_w2v as tw

Work = Callable[[], object]


def pairs(folder: Path, words: int, dim: int, queries: int) -> dict[str, tuple[Work, Work]]:
    """Return what is measured: its name, our work and gensim's."""
    from gensim.models import KeyedVectors

    rng = np.random.default_rng(0)
    keys = [f"{'abcdefghij'[i % 10]}word{i}" for i in range(words)]
    vectors = rng.normal(scale=0.3, size=(words, dim)).astype(np.float32)
    ours = tw.WordVectors(keys, vectors)
    theirs = KeyedVectors(dim)
    theirs.add_vectors(keys, vectors)
    asked = [keys[i] for i in rng.integers(0, words, size=queries)]

    doubles = tw.WordVectors(keys, vectors.astype(np.float64))
    theirs64 = KeyedVectors(dim, dtype=np.float64)
    theirs64.add_vectors(keys, doubles.vectors)

    def load(library: type, name: str, binary: bool, **options: object) -> Work:
        return lambda: library.load_word2vec_format(str(folder / name), binary=binary, **options)

    def save(vectors: object, name: str, binary: bool) -> Work:
        return lambda: vectors.save_word2vec_format(str(folder / name), binary=binary)

    return {
        "save text": (save(ours, "ours.txt", False), save(theirs, "theirs.txt", False)),
        "load text, ours": (
            load(tw.WordVectors, "ours.txt", False),
            load(KeyedVectors, "ours.txt", False),
        ),
        "load text, gensim's": (
            load(tw.WordVectors, "theirs.txt", False),
            load(KeyedVectors, "theirs.txt", False),
        ),
        "save binary": (save(ours, "ours.bin", True), save(theirs, "theirs.bin", True)),
        "load binary": (
            load(tw.WordVectors, "ours.bin", True),
            load(KeyedVectors, "ours.bin", True),
        ),
        "save text, float64": (
            save(doubles, "ours64.txt", False),
            save(theirs64, "theirs64.txt", False),
        ),
        "load text, float64": (
            load(tw.WordVectors, "theirs64.txt", False, datatype=np.float64),
            load(KeyedVectors, "theirs64.txt", False, datatype=np.float64),
        ),
        f"{queries} queries, one by one": (
            lambda: [ours.most_similar(word) for word in asked],
            lambda: [theirs.most_similar(word) for word in asked],
        ),
        # gensim has no call for several words; this is what its users write.
        f"{queries} queries, a batch": (
            lambda: ours.most_similar_batch(asked),
            lambda: [theirs.most_similar(word) for word in asked],
        ),
    }


def best_times(work: tuple[Work, Work], rounds: int) -> dict[str, list[float]]:
    """Return the best seconds, and of the processor, of ours and gensim's, run in turns."""
    best = {"seconds": [float("inf")] * 2, "processor": [float("inf")] * 2}
    for _ in range(rounds):
        for place, run in enumerate(work):
            seconds, processor = time.perf_counter(), time.process_time()
            run()
            times = {
                "seconds": time.perf_counter() - seconds,
                "processor": time.process_time() - processor,
            }
            for clock, taken in times.items():
                best[clock][place] = min(best[clock][place], taken)
    return best


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        works = pairs(Path(folder), options.words, options.dim, options.queries)
        for name, work in works.items():  # what is loaded was saved by the lines before
            best = best_times(work, options.rounds)
            ratios = {clock: theirs / max(ours, 1e-9) for clock, (ours, theirs) in best.items()}
            found[name] = {**best, "ratios": ratios}
            if not options.json:
                ours, theirs = best["seconds"]
                print(
                    f"{name:28} {ours:7.2f} s, gensim {theirs:7.2f} s: {ratios['seconds']:5.1f} x "
                    f"(processor {ratios['processor']:5.1f} x)",
                    flush=True,
                )
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
