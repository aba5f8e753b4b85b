"""Count-based and inference-based word vectors of one text, side by side.

PPMI with truncated SVD, CBOW and skip-gram are made of the same text with the same dimensions,
window and vocabulary, and are asked the same: WordSim-353, SimLex-999, Google's analogies, the
neighbours of some words, the seconds, the memory, and what it costs to add a word.

    python benchmarks/counting_beside_inference.py [TEXT] [--seeds 1,2,3,4,5] [--engine auto]
        [--output FILE] [--new-word WORD] [--neighbors WORD,...] [--words N]

TEXT has a sentence a line, words between blanks; without it, it is the built-in corpus, of which
``--words N`` takes the beginning only. Each run is a process of its own, so that its peak of memory
is its own. What it finds is added to FILE (JSON lines), and what stands there is not run again: a
comparison may be stopped, gone on with, and finished with another engine. ``--engine`` is handed to
``Word2Vec``. The tables that are printed at the end are Markdown.

Each score comes with two kinds of doubt. ± is the standard error over the seeds: how far another
training would move it. The interval is a bootstrap over the pairs or questions, paired for the
differences: how far another test set of this kind would. Analogies that begin with the same pair
of words are drawn together, as they are far from independent. The seed draws the starting weights,
windows and negative words of CBOW and skip-gram; PPMI + SVD has nothing to draw but the vector that
the iteration of the SVD starts from, on which the result depends by rounding only, and, where it
subsamples, the words left out.

Needs ``pip install '.[count,bench]'`` (gensim for its evaluation files only, or ``--data FOLDER``).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import itertools
import json
import math
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from comparison_tables import report
from tinygrad_w2v import LineSentence, Word2Vec
from tinygrad_w2v.counting import cooccurrence, count_vectors, ppmi, svd_vectors
from tinygrad_w2v.text import build_corpus, builtin_corpus_lines, tokenize
from tinygrad_w2v.vectors import WordVectors

# The second one treats the text as word2vec does: a word at distance d counts as often as the
# shrunk window reaches it, and frequent words are thinned out.
COUNTING: dict[str, dict[str, Any]] = {
    "PPMI + SVD": {},
    "PPMI + SVD, word2vec's windows": {"distance_weighting": "linear", "sample": 1e-3},
}
INFERENCE: dict[str, dict[str, Any]] = {"CBOW": {"sg": 0}, "skip-gram": {"sg": 1}}
SYSTEMS = [*COUNTING, *INFERENCE]
PAIRS = {"WordSim-353": "wordsim353.tsv", "SimLex-999": "simlex999.txt"}
ANALOGIES = "questions-words.txt"
PROBES = "list,class,exception,integer,string,file,array,true"
WORD_TO_ADD = "tuple"


# ---------------------------------------------------------------------- one run
def sentences_of(options: argparse.Namespace) -> Any:
    """Return the text as sentences that can be read again."""
    if options.text is not None:
        return LineSentence(options.text)
    most = math.inf if options.words is None else options.words
    sentences: list[list[str]] = []
    words = 0
    for sentence in tokenize(builtin_corpus_lines()):
        sentences.append(sentence)
        words += len(sentence)
        if words >= most:
            break
    return sentences


def vectors_of(system: str, sentences: Any, seed: int, options: argparse.Namespace) -> Any:
    """Return the vectors that one system makes of a text; of `Word2Vec` the whole model."""
    if system in COUNTING:
        vocabulary, corpus = build_corpus(sentences, options.min_count)
        keywords = {"dim": options.dim, "window": options.window, "seed": seed}
        return count_vectors(corpus, vocabulary, **keywords, **COUNTING[system])
    return Word2Vec(
        sentences,
        vector_size=options.dim,
        window=options.window,
        min_count=options.min_count,
        epochs=options.epochs,
        seed=seed,
        workers=1,
        engine=options.engine,
        **INFERENCE[system],
    )


def measured(system: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Make vectors, and return what they cost and how they answer."""
    sentences = sentences_of(options)
    start = time.perf_counter()
    made = vectors_of(system, sentences, seed, options)
    row: dict[str, Any] = {"seconds": round(time.perf_counter() - start, 2)}
    row["peak bytes"] = peak_memory()
    wv: WordVectors = made if isinstance(made, WordVectors) else made.wv
    row["vocabulary"] = len(wv)
    row["pairs"] = {
        name: [
            [pair.judgement, None if pair.cosine is None else round(pair.cosine, 6)]
            for pair in wv.judge_word_pairs(options.data / file, options.restrict_pairs)
        ]
        for name, file in PAIRS.items()
    }
    # Right, wrong and unknown as letters, by the pair of words that the questions begin with.
    answered = wv.answer_word_analogies(options.data / ANALOGIES, options.restrict_analogies)
    by_first_pair = itertools.groupby(answered, key=lambda a: (a.section, a.words[:2]))
    letter = {True: "r", False: "w", None: "?"}
    row["analogies"] = ["".join(letter[a.right] for a in group) for _, group in by_first_pair]
    probes = [word for word in options.neighbors.split(",") if word in wv]
    row["neighbors"] = {word: nearest(wv, word) for word in probes}
    return row


def with_a_word_more(system: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Make vectors of the sentences without a word, add those that have it, and begin anew."""
    sentences, word = list(sentences_of(options)), options.new_word
    old = [sentence for sentence in sentences if word not in sentence]
    new = [sentence for sentence in sentences if word in sentence]
    if sum(sentence.count(word) for sentence in new) < options.min_count:
        raise SystemExit(f"{word!r} stands less than {options.min_count} times in the text")
    if system in COUNTING:
        before, after, seconds = recounted(system, old, new, seed, options)
    else:
        model = vectors_of(system, old, seed, options)
        before = WordVectors(model.wv.index_to_key, model.wv.vectors.copy())
        start = time.perf_counter()
        model.build_vocab(new, update=True)
        model.train(new, total_examples=len(new), epochs=options.epochs)
        seconds = time.perf_counter() - start
        after = model.wv
    start = time.perf_counter()
    anew = vectors_of(system, sentences, seed, options)
    anew_seconds = time.perf_counter() - start
    other = vectors_of(system, sentences, seed + 1, options)
    anew, other = (made if isinstance(made, WordVectors) else made.wv for made in (anew, other))
    return {
        "word": word,
        "sentences": [len(old), len(new)],
        "added": len(after) - len(before),
        "update seconds": round(seconds, 2),
        "anew seconds": round(anew_seconds, 2),
        "updated": nearest(after, word, 10),
        "anew": nearest(anew, word, 10),
        "other seed": nearest(other, word, 10),
        "old neighbours kept": kept_neighbours(before, after),
        "kept by another seed": kept_neighbours(anew, other),
    }


def kept_neighbours(one: WordVectors, other: WordVectors) -> float:
    """Return the share of 10 neighbours that frequent words have in common in both.

    Words that only the other has stand behind in it, and are left out.
    """
    probes = one.index_to_key[:1000:5]
    answers = (wv.most_similar_batch(probes, 10, restrict_vocab=len(one)) for wv in (one, other))
    shared = [
        len({w for w, _ in a} & {w for w, _ in b}) / 10 for a, b in zip(*answers, strict=True)
    ]
    return round(float(np.mean(shared)), 3)


def recounted(
    system: str, old: list[Any], new: list[Any], seed: int, options: argparse.Namespace
) -> tuple[WordVectors, WordVectors, float]:
    """Return vectors before and after more text, and the seconds it took.

    Counts add up, so only the new sentences are counted; the matrix is then decomposed anew.
    """
    keywords = {"window": options.window, "seed": seed, **COUNTING[system]}
    vocabulary, corpus = build_corpus(old, options.min_count)
    counts = cooccurrence(corpus, vocabulary, **keywords)
    before = svd_vectors(ppmi(counts), options.dim, rng=np.random.default_rng(seed))
    start = time.perf_counter()
    grown = vocabulary.grown(build_corpus(new, 1)[0], options.min_count).vocabulary
    counts.resize(len(grown), len(grown))
    counts = counts + cooccurrence(new, grown, **keywords)
    rng = np.random.default_rng(seed)
    after = svd_vectors(ppmi(counts), options.dim, vocabulary=grown, rng=rng)
    return before, after, time.perf_counter() - start


def nearest(wv: WordVectors, word: str, topn: int = 5) -> list[str]:
    """Return the words nearest to a word."""
    return [near for near, _ in wv.most_similar(word, topn=topn)]


def peak_memory() -> int:
    """Bytes that this process has held in memory at most so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


# ---------------------------------------------------------------------- runs and their file
def data_folder() -> Path:
    """Return where gensim keeps its test data, without importing it."""
    found = importlib.util.find_spec("gensim")
    if found is None or found.origin is None:
        raise SystemExit("gensim is not installed: give --data FOLDER with wordsim353.tsv, ...")
    return Path(found.origin).parent / "test" / "test_data"


def setting_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return what rows must have in common to be compared."""
    if options.text is None:
        whole = "" if options.words is None else f", the first {options.words} words"
        text = "built-in corpus" + whole
    else:
        with options.text.open("rb") as file:
            text = f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"
    names = ("dim", "window", "min_count", "epochs", "restrict_pairs", "restrict_analogies")
    return {"text": text} | {name: getattr(options, name) for name in names}


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the runs that stand in a file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing, each in a process of its own, then report."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", nargs="?", type=Path, help="default: the built-in corpus")
    parser.add_argument("--words", type=int, help="of the built-in corpus, only so many")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--systems", default=";".join(SYSTEMS), help="names between semicolons")
    parser.add_argument("--engine", choices=["auto", "numpy", "compiled"], default="auto")
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--restrict-pairs", type=int, default=60_000)
    parser.add_argument("--restrict-analogies", type=int, default=30_000)
    parser.add_argument("--neighbors", help="words; those of the built-in corpus have a default")
    parser.add_argument("--new-word", help="add this word, held back; likewise")
    parser.add_argument("--resamples", type=int, default=5000)
    parser.add_argument("--data", type=Path, help="the folder of the evaluation files")
    parser.add_argument("--output", type=Path, default=Path("counting_beside_inference.jsonl"))
    parser.add_argument("--only", nargs=3, help=argparse.SUPPRESS)  # job, system, seed
    options = parser.parse_args(arguments)
    built_in = options.text is None
    options.data = options.data or data_folder()
    options.neighbors = options.neighbors or (PROBES if built_in else "")
    options.new_word = options.new_word or (WORD_TO_ADD if built_in else None)
    systems = [name.strip() for name in options.systems.split(";")]
    if unknown := set(systems) - set(SYSTEMS):
        parser.error(f"unknown systems {sorted(unknown)}; there are {'; '.join(SYSTEMS)}")
    setting = setting_of(options)
    if options.only:
        job, system, seed = options.only
        found = (measured if job == "vectors" else with_a_word_more)(system, int(seed), options)
        row = {"job": job, "system": system, "seed": int(seed), "setting": setting}
        engine = "SciPy" if system in COUNTING else options.engine
        with options.output.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row | {"engine": engine} | found) + "\n")
        return
    seeds = options.seeds.split(",")
    jobs = [("vectors", system, seed) for seed in seeds for system in systems]
    if options.new_word:
        jobs += [("new word", system, seeds[0]) for system in systems]
    there = [row for row in read_rows(options.output) if row["setting"] == setting]
    done = {(row["job"], row["system"], str(row["seed"])) for row in there}
    for job in jobs:
        if job not in done:
            print(*job, file=sys.stderr, flush=True)
            command = [sys.executable, str(Path(__file__).resolve()), *arguments, "--only", *job]
            subprocess.run(command, check=True)
    rows = [row for row in read_rows(options.output) if row["setting"] == setting]
    report(rows, SYSTEMS, list(PAIRS), np.random.default_rng(0), options.resamples)


if __name__ == "__main__":
    main()
