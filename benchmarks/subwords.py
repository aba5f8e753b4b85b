"""Vectors with subwords beside fastText's own: words/s and quality, several seeds.

    python benchmarks/subwords.py TEXT --peer PYTHON [--seeds 1,2,3,4,5] [--systems NAME,...]
                                  [--bucket 2000000] [--workers 2] [--epochs 5] [--output FILE]

Both train on the same text with the same settings (d 100, window 5, negative 5, sample 1e-3,
min_count 5, n-grams of 3 to 6 characters, alpha 0.05, which is fastText's), each run in a process
of its own, one after the other. PYTHON is the interpreter of an environment with a port of
fastText, see `fasttext_peer.py`. Vectors are scored by gensim as in `quality.py`; the time has the
reading of the text in it, and for the compiled engine the compilation.

Every row is added to FILE (JSON lines) when it is known, and what stands there is not trained
again. At the end it prints means with standard errors, differences to fastText, and for each system
the ratio of its words/s to fastText's, by the median over seeds.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from quality import SCORES, by_system, print_difference, read_rows, scores_of, summary

COMMON: dict[str, Any] = {"vector_size": 100, "window": 5, "min_count": 5, "negative": 5}
COMMON |= {"sample": 1e-3, "min_n": 3, "max_n": 6, "alpha": 0.05, "hs": 0}
SYSTEMS: dict[str, dict[str, Any]] = {
    "fastText skip-gram": {"sg": 1},
    "skip-gram": {"sg": 1},
    "skip-gram shared": {"sg": 1, "shared_negatives": True},
    "fastText cbow": {"sg": 0},
    "cbow": {"sg": 0},
}


def ours(order: dict[str, Any]) -> None:
    """Train once and print words/s and the memory at its highest, as JSON."""
    import tinygrad_w2v as tw

    save, text = order.pop("save"), order.pop("text")
    start = time.perf_counter()
    model = tw.FastText(corpus_file=text, engine="compiled", **order)
    seconds = time.perf_counter() - start
    model.save_facebook_model(save)
    words = int(model.vocabulary.counts.sum()) * model.epochs
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"words/s": words / seconds, "peak bytes": peak}))


def run(system: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """A row: one training in its own process, and its scores."""
    from tinygrad_w2v.vectors.subword_vectors import SubwordVectors

    program = [sys.executable, __file__, "--one"]
    if system.startswith("fastText"):
        program = [options.peer, str(Path(__file__).with_name("fasttext_peer.py"))]
    given = COMMON | SYSTEMS[system] | {"seed": seed, "bucket": options.bucket}
    given |= {"text": options.text, "workers": options.workers, "epochs": options.epochs}
    with tempfile.TemporaryDirectory() as folder:
        given["save"] = str(Path(folder, "model.bin"))
        done = subprocess.run([*program, json.dumps(given)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{system}, seed {seed}:\n{done.stderr}")
        told = json.loads(done.stdout.splitlines()[-1])
        vectors = SubwordVectors.load_facebook_vectors(given["save"])
    known = [n for n, word in enumerate(vectors.index_to_key) if word != "</s>"]
    words = [vectors.index_to_key[n] for n in known]
    row = {"system": system, "seed": seed, "bucket": options.bucket, "epochs": options.epochs}
    return row | told | {"scores": scores_of(words, vectors.vectors[known])}


def peer_of(system: str) -> str:
    """The system of fastText's that another is compared with."""
    return "fastText cbow" if system == "cbow" else "fastText skip-gram"


def report(rows: list[dict[str, Any]]) -> None:
    """Print means, standard errors, differences to fastText, and ratios of speed."""
    found = by_system(rows)
    speed = {
        name: statistics.median(row["words/s"] for row in rows if row["system"] == name)
        for name in found
    }
    print(f"{'system':<42}{'seeds':>6}" + "".join(f"{name:>18}" for name in SCORES))
    for system, scores in found.items():
        cells = "".join(
            f"{mean:>10.3f} ± {error:.3f}" for mean, error in zip(*summary(scores), strict=True)
        )
        print(f"{system:<42}{len(scores):>6}  {cells}")
    print("\ndifferences; a target is not below -0.01 - 2 standard errors")
    for system, scores in found.items():
        if (peer := peer_of(system)) != system:
            print_difference(f"{system} - {peer}", scores, found.get(peer))
    print("\nwords/s, and how many times fastText's")
    for system, words in speed.items():
        peer = peer_of(system)
        ratio = f"{words / speed[peer]:>8.2f}" if peer != system and peer in speed else ""
        print(f"{system:<42}{words:>12,.0f}{ratio}")


def main() -> None:
    """Train what is missing, then report."""
    if sys.argv[1:2] == ["--one"]:
        ours(json.loads(sys.argv[2]))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", help="one sentence a line, words between spaces")
    parser.add_argument("--peer", default=sys.executable, help="Python with a port of fastText")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--bucket", type=int, default=2_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--output", default="subwords.jsonl")
    options = parser.parse_args()
    output, systems = Path(options.output), options.systems.split(",")
    if unknown := set(systems) - set(SYSTEMS):
        parser.error(f"unknown systems {unknown}; there are {', '.join(SYSTEMS)}")
    rows = read_rows(output)
    for seed in map(int, options.seeds.split(",")):
        for system in systems:
            if any(row["system"] == system and row["seed"] == seed for row in rows):
                continue
            rows.append(run(system, seed, options))
            with output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    report(rows)


if __name__ == "__main__":
    main()
