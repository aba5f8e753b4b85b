"""Quality of rounds of many shards, and of Spark's rule: the scores of `quality.py`, several seeds.

    python benchmarks/many_shards.py TEXT [--seeds 1,2,3,4,5] [--systems NAME,...] [--output FILE]
                                     [--workers N] [--beside FILE]

A run on Ray has the bytes of the deterministic engine with as many shards, so that is what is
trained here, on one machine. *Spark's rule* is a simulation: the text is cut into P parts; in each
epoch every part trains the model from where the epoch began, alone, while the rate falls as that
of the whole; then each row becomes its mean over the parts that moved it. (Spark has it for
skip-gram with hierarchical softmax. It draws no words by frequency; here all do.)

`rate` is a multiple of the usual learning rate. Rows are added to FILE as in `quality.py`, and what
stands there is not trained again. `--beside` names the rows of one machine, which all are compared
with: free threads, and the deterministic engine, whose rounds are of four shards.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tinygrad_w2v as tw
from quality import COMMON, by_system, print_difference, read_rows, report, scores_of
from quality import SYSTEMS as ON_ONE_MACHINE

MEASURED = Path(__file__).parent / "measured"
FREE, FOUR = "compiled, 2 threads", "compiled, deterministic"


class System(NamedTuple):
    """What is trained: a system of `quality.py`, in how many parts, merged how, at which rate.

    No parts are free threads.
    """

    model: str
    parts: int
    rate: float = 1.0
    spark: bool = False

    @property
    def name(self) -> str:
        """What it is called in the rows."""
        how = f"Spark's rule, {self.parts} parts" if self.spark else f"{self.parts} shards"
        how = how if self.parts else "free threads"
        return f"{self.model}, {how}" + (f", rate x {self.rate:g}" if self.rate != 1 else "")

    def options(self) -> dict[str, Any]:
        """The keywords of `Word2Vec`."""
        options = COMMON | ON_ONE_MACHINE[self.model]
        return options | {"alpha": options["alpha"] * self.rate}


SYSTEMS = {
    system.name: system
    for system in [
        *(
            System(model, parts, rate)
            for model in ("skip-gram", "cbow word2vec rule", "skip-gram hs")
            for parts in (0, 4, 16)
            for rate in (1, 1.5, 2)
        ),
        *(
            System(model, parts, rate, spark=True)
            for model in ("skip-gram hs", "skip-gram")
            for parts in (4, 16)
            for rate in (1, 2, 4)
        ),
    ]
}


def train(system: System, text: str, seed: int, workers: int) -> tuple[list[str], np.ndarray]:
    """Words and vectors of one run."""
    options: dict[str, Any] = {"engine": "compiled", "workers": workers, "seed": seed}
    options |= system.options()
    if system.spark:
        return by_means(text, system.parts, options)
    if system.parts:
        options |= {"deterministic": True, "shards": system.parts}
    model = tw.Word2Vec(corpus_file=text, **options)
    return list(model.wv.index_to_key), model.wv.vectors


def by_means(text: str, parts: int, options: dict[str, Any]) -> tuple[list[str], np.ndarray]:
    """Words and vectors of a training whose parts are averaged once an epoch."""
    model = tw.Word2Vec(**options | {"workers": 1})
    model.build_vocab(corpus_file=text)
    epochs, fall = options["epochs"], options["alpha"] - options["min_alpha"]
    with tempfile.TemporaryDirectory() as folder:
        files = cut(Path(text), parts, Path(folder))
        for epoch in range(epochs):
            rates = [options["alpha"] - fall * done / epochs for done in (epoch, epoch + 1)]
            begun = [table.copy() for table in tables_of(model)]
            moved = [np.zeros_like(table) for table in begun]
            movers = [np.zeros((len(table), 1), np.float32) for table in begun]
            for file in files:
                for table, start in zip(tables_of(model), begun, strict=True):
                    table[...] = start
                given = {"epochs": 1, "start_alpha": rates[0], "end_alpha": rates[1]}
                model.train(corpus_file=str(file), **given)
                for k, table in enumerate(tables_of(model)):
                    moved[k] += table - begun[k]
                    movers[k] += np.any(table != begun[k], axis=1, keepdims=True)
            for k, table in enumerate(tables_of(model)):
                table[...] = begun[k] + moved[k] / np.maximum(movers[k], 1)
    return list(model.wv.index_to_key), model.wv.vectors


def tables_of(model: Any) -> list[np.ndarray]:
    """Both tables, as they are now."""
    return [model.model.w_in.data, model.model.w_out.data]


def cut(text: Path, parts: int, folder: Path) -> list[Path]:
    """Cut a text into parts of about as many lines."""
    lines = text.read_bytes().splitlines(keepends=True)
    files = [folder / f"part-{part}.txt" for part in range(parts)]
    for part, file in enumerate(files):
        first, last = (len(lines) * end // parts for end in (part, part + 1))
        file.write_bytes(b"".join(lines[first:last]))
    return files


def main() -> None:
    """Train what is missing, then report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", help="one sentence a line, words between spaces")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--systems", default=";".join(SYSTEMS), help="names between semicolons")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", default="many_shards.jsonl")
    parser.add_argument("--beside", type=Path, default=MEASURED / "quality.jsonl")
    options = parser.parse_args()
    names = options.systems.split(";")
    if unknown := set(names) - set(SYSTEMS):
        parser.error(f"unknown systems {unknown}; there are {'; '.join(SYSTEMS)}")
    output = Path(options.output)
    for seed in map(int, options.seeds.split(",")):
        for name in names:
            if any((row["system"], row["seed"]) == (name, seed) for row in read_rows(output)):
                continue
            start = time.perf_counter()
            words, vectors = train(SYSTEMS[name], options.text, seed, options.workers)
            row = {"system": name, "seed": seed, "seconds": round(time.perf_counter() - start, 1)}
            row["scores"] = scores_of(words, vectors)
            with output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    rows, beside = read_rows(output), by_system(read_rows(options.beside))
    report(rows, [])
    for name, scores in by_system(rows).items():
        for other in (FREE, FOUR):
            peer = f"{SYSTEMS[name].model}, {other}"
            print_difference(f"{name} - {other}", scores, beside.get(peer))
    for model in (
        "skip-gram",
        "cbow word2vec rule",
        "cbow true gradient",
        "skip-gram hs",
        "cbow hs",
    ):
        four, free = (beside.get(f"{model}, {other}") for other in (FOUR, FREE))
        if four is not None:
            print_difference(f"{model}, 4 shards - {FREE}", four, free)


if __name__ == "__main__":
    main()
