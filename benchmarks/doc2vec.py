"""`Doc2Vec` beside gensim's: speed on a text, quality on documents that gensim carries.

    python benchmarks/doc2vec.py speed TEXT [--words 1000000] [--workers 2] [--rounds 2]
    python benchmarks/doc2vec.py quality [--seeds 1,2,3,4,5] [--modes NAME,...] [--output FILE]

*Speed*: TEXT is cut into documents of 100 words. Both train on them for 10 epochs (d 100, window 5,
negative 5, sample 1e-3, min_count 5), in turns, in one process; vocabularies are there, and kernels
compiled, before a clock runs. gensim reads its documents from a list and from a file; the table has
both. The fastest round counts.

*Quality*: the 300 documents of ``lee_background.cor`` (d 50, min_count 2, 40 epochs, window 5) in
two tasks. *Humans*: the vectors of the 50 documents of ``lee.cor`` are inferred (40 epochs), and
their cosines correlated (Pearson) with the mean judgement of humans (``similarities0-1.txt``: Lee,
Pincombe, Welsh 2005). *Halves*: each document is cut in two, all 600 halves are trained on, and the
score is how often a half is nearer to its other half than to another half, over all others. Every
score is added to FILE (JSON lines) as soon as it is known, and what stands there is not run again.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_w2v as tw

SCORES = ("humans", "halves")
MODES: dict[str, dict[str, Any]] = {
    "PV-DBOW": {"dm": 0},
    "PV-DBOW with words": {"dm": 0, "dbow_words": 1},
    "PV-DM mean": {"dm": 1},
    "PV-DM sum": {"dm": 1, "cbow_mean": 0},  # which overwrites dm_mean in gensim 4.4
    "PV-DM concatenated": {"dm": 1, "dm_concat": 1},
}
SPEED: dict[str, Any] = {"vector_size": 100, "window": 5, "min_count": 5, "negative": 5}
QUALITY: dict[str, Any] = {"vector_size": 50, "window": 5, "min_count": 2, "epochs": 40}
EPOCHS, LENGTH = 10, 100


# ---------------------------------------------------------------------- speed
def documents_of(path: str, words: int) -> list[list[str]]:
    """The first so many words of a text in documents of `LENGTH`."""
    found: list[str] = []
    with Path(path).open(encoding="utf-8") as lines:
        for line in lines:
            found += line.split()
            if len(found) >= words:
                break
    return [found[start : start + LENGTH] for start in range(0, words, LENGTH)]


def trainings(documents: list[list[str]], mode: dict[str, Any], workers: int) -> dict[str, Any]:
    """Functions that train for `EPOCHS`, by name; each with its vocabulary and kernel."""
    from gensim.models import doc2vec as gensim

    keywords = SPEED | mode
    keywords["workers"] = workers
    path = Path(tempfile.gettempdir(), "doc2vec-speed.txt")
    path.write_text("\n".join(map(" ".join, documents)) + "\n", encoding="utf-8")
    theirs = [gensim.TaggedDocument(words, [n]) for n, words in enumerate(documents)]
    ours = [tw.TaggedDocument(words, [n]) for n, words in enumerate(documents)]
    total = sum(map(len, documents))

    model = tw.Doc2Vec(**keywords)
    model.build_vocab(ours)
    model.train(ours[: len(ours) // 20], epochs=1)  # compiled now
    listed, filed = gensim.Doc2Vec(**keywords), gensim.Doc2Vec(**keywords)
    listed.build_vocab(theirs)
    filed.build_vocab(corpus_file=str(path))
    counted = {"total_examples": len(documents), "total_words": total, "epochs": EPOCHS}
    return {
        "ours": lambda: model.train(ours, epochs=EPOCHS),
        "gensim, list": lambda: listed.train(theirs, **counted),
        "gensim, file": lambda: filed.train(corpus_file=str(path), **counted),
    }


def speed(options: argparse.Namespace) -> None:
    """Print words a second of raw text, and the times of the faster gensim."""
    documents = documents_of(options.text, options.words)
    words = sum(map(len, documents)) * EPOCHS
    print(f"{len(documents):,} documents, {words // EPOCHS:,} words, {options.workers} workers")
    print(f"{'':<22}{'ours':>12}{'gensim, list':>14}{'gensim, file':>14}{'times':>8}")
    for name in options.modes.split(","):
        each = trainings(documents, MODES[name], options.workers)
        best = dict.fromkeys(each, math.inf)
        for _ in range(options.rounds):
            for system, train in each.items():
                start = time.perf_counter()
                train()
                best[system] = min(best[system], time.perf_counter() - start)
        rates = {system: words / seconds for system, seconds in best.items()}
        times = rates["ours"] / max(rates["gensim, list"], rates["gensim, file"])
        cells = "".join(
            f"{rate:>{w},.0f}" for rate, w in zip(rates.values(), (12, 14, 14), strict=True)
        )
        print(f"{name:<22}{cells}{times:>8.2f}", flush=True)


# ---------------------------------------------------------------------- quality
def lee(name: str) -> list[list[str]]:
    """Documents that gensim carries, its words in lower case."""
    from gensim.utils import simple_preprocess

    lines = data(name).read_text(encoding="iso-8859-1").splitlines()
    return [simple_preprocess(line) for line in lines]


def data(name: str) -> Path:
    """A file of gensim's tests."""
    spec = importlib.util.find_spec("gensim")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "test" / "test_data" / name


def trained(system: str, documents: list[list[str]], seed: int, workers: int) -> Any:
    """A model of gensim's or of ours."""
    mode = MODES[system.removeprefix("gensim ")]
    keywords = QUALITY | mode | {"seed": seed, "workers": workers}
    if system.startswith("gensim"):
        from gensim.models import doc2vec as gensim

        theirs = [gensim.TaggedDocument(words, [n]) for n, words in enumerate(documents)]
        return gensim.Doc2Vec(theirs, **keywords)
    ours = [tw.TaggedDocument(words, [n]) for n, words in enumerate(documents)]
    return tw.Doc2Vec(ours, **keywords)


def cosines_of(vectors: Any) -> np.ndarray:
    """The cosines of all pairs of rows."""
    rows = np.asarray(vectors, np.float64)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def humans(system: str, seed: int, workers: int) -> float:
    """The correlation of inferred documents' cosines with what humans say of them."""
    model = trained(system, lee("lee_background.cor"), seed, workers)
    cosines = cosines_of([model.infer_vector(words) for words in lee("lee.cor")])
    said = np.loadtxt(data("similarities0-1.txt"))
    pairs = np.triu_indices(len(said), 1)
    return float(np.corrcoef(cosines[pairs], said[pairs])[0, 1])


def halves(system: str, seed: int, workers: int) -> float:
    """How often a half is nearer to its other half than to another one."""
    documents = lee("lee_background.cor")
    cut = [
        part for words in documents for part in (words[: len(words) // 2], words[len(words) // 2 :])
    ]
    cosines = cosines_of(trained(system, cut, seed, workers).dv.vectors)
    number = np.arange(len(cut))
    own = cosines[number, number ^ 1]
    others = number[None] // 2 != number[:, None] // 2
    return float((own[:, None] > cosines)[others].mean())


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file; none where there is no file yet."""
    if path.exists():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def quality(options: argparse.Namespace) -> None:
    """Run what is missing, then print means and standard errors."""
    path = Path(options.output)
    rows = list(rows_of(path))
    names = [f"{whose}{mode}" for mode in options.modes.split(",") for whose in ("gensim ", "")]
    for seed in map(int, options.seeds.split(",")):
        for name in names:
            if any(row["system"] == name and row["seed"] == seed for row in rows):
                continue
            start = time.perf_counter()
            scores = [task(name, seed, options.workers) for task in (humans, halves)]
            seconds = round(time.perf_counter() - start, 1)
            row = {"system": name, "seed": seed, "seconds": seconds, "scores": scores}
            rows.append(row)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    print(f"{'system':<30}{'seeds':>6}" + "".join(f"{name:>18}" for name in SCORES))
    for name in names:
        found = np.array([row["scores"] for row in rows if row["system"] == name])
        spread = found.std(axis=0, ddof=1) if len(found) > 1 else np.full(2, math.nan)
        errors = spread / math.sqrt(len(found))
        cells = "".join(
            f"{m:>10.3f} ± {e:.3f}" for m, e in zip(found.mean(axis=0), errors, strict=True)
        )
        print(f"{name:<30}{len(found):>6}  {cells}")


def main() -> None:
    """Measure one of both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["speed", "quality"])
    parser.add_argument("text", nargs="?", help="of speed: a UTF-8 text")
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--modes", default=None, help=", ".join(MODES))
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--output", default="doc2vec.jsonl")
    options = parser.parse_args()
    if options.what == "speed":
        if options.text is None:
            parser.error("speed needs a text")
        options.modes = options.modes or "PV-DBOW,PV-DM mean"
        speed(options)
    else:
        options.modes = options.modes or ",".join(MODES)
        quality(options)


if __name__ == "__main__":
    main()
