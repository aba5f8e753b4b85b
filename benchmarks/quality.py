"""Quality of the vectors beside gensim's: WordSim-353, SimLex-999, analogies; several seeds.

Both train on the same text with the same settings (d 100, window 5, negative 5, sample 1e-3,
min_count 5, 5 epochs); both are scored by gensim, with the files that it carries
(``restrict_vocab`` 60,000 for pairs, 30,000 for analogies).

    python benchmarks/quality.py TEXT [--seeds 1,2,3,4,5] [--systems NAME,...] [--output FILE]
                                 [--engine numpy|compiled] [--workers N] [--deterministic]
                                 [--before FILE]

`--before` names such a file of an earlier commit, whose systems are compared, too. `--engine` and
`--workers` are of our systems, whose rows bear them in their names unless they are the NumPy
engine's; gensim's rows are of one thread.

Every score is added to FILE (JSON lines) when it is known, and what stands there is not trained
again, so a run may be stopped and gone on with. At the end it prints the means with their standard
errors, and the differences to gensim. A run takes minutes; all of them take hours.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

SCORES = ("WordSim-353", "SimLex-999", "analogies")
COMMON: dict[str, Any] = {"vector_size": 100, "window": 5, "min_count": 5, "epochs": 5}
COMMON |= {"negative": 5, "sample": 1e-3, "min_alpha": 1e-4}
SYSTEMS: dict[str, dict[str, Any]] = {
    "gensim skip-gram": {"sg": 1, "alpha": 0.025},
    "gensim cbow": {"sg": 0, "alpha": 0.05},
    "skip-gram": {"sg": 1, "alpha": 0.025},
    "skip-gram per pair": {"sg": 1, "alpha": 0.025, "shared_negatives": False},
    "cbow word2vec rule": {"sg": 0, "alpha": 0.05, "compat": "word2vec"},
    "cbow true gradient": {"sg": 0, "alpha": 0.15, "compat": "gradient"},
    "gensim skip-gram hs": {"sg": 1, "alpha": 0.025, "hs": 1, "negative": 0},
    "gensim cbow hs": {"sg": 0, "alpha": 0.05, "hs": 1, "negative": 0},
    "skip-gram hs": {"sg": 1, "alpha": 0.025, "hs": 1, "negative": 0},
    "cbow hs": {"sg": 0, "alpha": 0.05, "hs": 1, "negative": 0, "compat": "word2vec"},
}


def train(
    system: str, text: str, seed: int, engine: str, workers: int, deterministic: bool
) -> tuple[list[str], np.ndarray]:
    """Words and vectors of one run."""
    options = COMMON | SYSTEMS[system]
    if system.startswith("gensim"):
        from gensim.models import Word2Vec

        model = Word2Vec(corpus_file=text, seed=seed, workers=1, **options)
    else:
        import tinygrad_w2v as tw

        where: dict[str, Any] = {"engine": engine, "workers": workers}
        where["deterministic"] = deterministic
        model = tw.Word2Vec(corpus_file=text, seed=seed, **where, **options)
    return list(model.wv.index_to_key), model.wv.vectors


def scores_of(words: list[str], vectors: np.ndarray) -> list[float]:
    """The three scores, as gensim gives them."""
    import gensim
    from gensim.models import KeyedVectors

    data = Path(gensim.__file__).parent / "test" / "test_data"
    keyed = KeyedVectors(vectors.shape[1])
    keyed.add_vectors(words, vectors)
    pairs = [
        keyed.evaluate_word_pairs(str(data / name), restrict_vocab=60_000)[1][0]
        for name in ("wordsim353.tsv", "simlex999.txt")
    ]
    analogies = keyed.evaluate_word_analogies(
        str(data / "questions-words.txt"), restrict_vocab=30_000
    )[0]
    return [float(score) for score in (*pairs, analogies)]


def label(system: str, engine: str, workers: int, deterministic: bool) -> str:
    """What a system is called in the rows."""
    if system.startswith("gensim") or engine == "numpy":
        return system
    if deterministic:
        return f"{system}, {engine}, deterministic"  # the same for any number of threads
    return f"{system}, {engine}, {workers} thread{'s' if workers > 1 else ''}"


def report(rows: list[dict[str, Any]], before: list[dict[str, Any]]) -> None:
    """Print means, standard errors, and differences to gensim and to an earlier engine."""
    found, earlier = by_system(rows), by_system(before)
    print(f"{'system':<42}{'seeds':>6}" + "".join(f"{name:>18}" for name in SCORES))
    for system, scores in found.items():
        cells = "".join(
            f"{mean:>10.3f} ± {error:.3f}" for mean, error in zip(*summary(scores), strict=True)
        )
        print(f"{system:<42}{len(scores):>6}  {cells}")
    print("\ndifferences; a target is not below -0.01 - 2 standard errors")
    for system, scores in found.items():
        peer = gensim_of(system)
        if peer != system:
            print_difference(f"{system} - gensim", scores, found.get(peer))
        print_difference(f"{system} - before", scores, earlier.get(system))


def by_system(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """The scores of each system, ``(seeds, 3)``."""
    names = dict.fromkeys(row["system"] for row in rows)
    return {
        name: np.array([row["scores"] for row in rows if row["system"] == name]) for name in names
    }


def gensim_of(system: str) -> str:
    """The system of gensim's that another is compared with."""
    name = system.removeprefix("gensim ").partition(",")[0]
    kind = "skip-gram" if name.startswith("skip-gram") else "cbow"
    return f"gensim {kind}{' hs' if name.endswith(' hs') else ''}"


def print_difference(title: str, scores: np.ndarray, peer: np.ndarray | None) -> None:
    """Print the difference of two systems' means, where both have several seeds."""
    if peer is None or len(scores) < 2 or len(peer) < 2:
        return
    (mean, error), (other, other_error) = summary(scores), summary(peer)
    spread = np.hypot(error, other_error)
    cells = "".join(f"{d:>+10.3f} ± {e:.3f}" for d, e in zip(mean - other, spread, strict=True))
    print(f"{title:<48}  {cells}")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file; none where there is no file yet."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def summary(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and their standard errors, ``(3,)`` each."""
    error = scores.std(axis=0, ddof=1) if len(scores) > 1 else np.full(3, math.nan)
    return scores.mean(axis=0), error / math.sqrt(len(scores))


def main() -> None:
    """Train what is missing, then report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", help="one sentence a line, words between spaces")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--engine", choices=["numpy", "compiled"], default="numpy")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--output", default="quality.jsonl")
    parser.add_argument("--before", type=Path, help="a file of the same kind, of an earlier commit")
    options = parser.parse_args()
    output = Path(options.output)
    rows = read_rows(output)
    systems = options.systems.split(",")
    if unknown := set(systems) - set(SYSTEMS):
        parser.error(f"unknown systems {unknown}; there are {', '.join(SYSTEMS)}")
    for seed in map(int, options.seeds.split(",")):
        for system in systems:
            where = (options.engine, options.workers, options.deterministic)
            name = label(system, *where)
            if any(row["system"] == name and row["seed"] == seed for row in rows):
                continue
            start = time.perf_counter()
            words, vectors = train(system, options.text, seed, *where)
            seconds = time.perf_counter() - start
            rows.append({"system": name, "seed": seed, "seconds": round(seconds, 1)})
            rows[-1]["scores"] = scores_of(words, vectors)
            with output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    report(rows, read_rows(options.before) if options.before else [])


if __name__ == "__main__":
    main()
