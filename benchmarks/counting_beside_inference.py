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
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from tinygrad_w2v import LineSentence, Word2Vec
from tinygrad_w2v.counting import cooccurrence, count_vectors, ppmi, svd_vectors
from tinygrad_w2v.text import build_corpus, builtin_corpus_lines, tokenize
from tinygrad_w2v.text.growth import grow_vocabulary
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.bootstrap import bootstrap_intervals
from tinygrad_w2v.vectors.correlation import ranks

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
    sentences = list(tokenize(builtin_corpus_lines()))
    if options.words is None:
        return sentences
    ends = np.cumsum([len(sentence) for sentence in sentences])
    return sentences[: int(np.searchsorted(ends, options.words)) + 1]


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
    grown = grow_vocabulary(vocabulary, build_corpus(new, 1)[0], options.min_count).vocabulary
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


# ---------------------------------------------------------------------- the report
def report(rows: list[dict[str, Any]], rng: np.random.Generator, resamples: int) -> None:
    """Print the tables."""
    runs = [row for row in rows if row["job"] == "vectors"]
    by_system = {
        system: found
        for system in SYSTEMS
        if (found := [row for row in runs if row["system"] == system])
    }
    if by_system:
        report_costs(by_system)
        tests = {name: of_pairs(by_system, name) for name in PAIRS}
        tests["analogies"] = of_analogies(by_system)
        report_scores(list(by_system), tests, rng, resamples)
        report_neighbors(by_system)
    added = [row for row in rows if row["job"] == "new word"]
    if added:
        report_new_word(added)


class Test(NamedTuple):
    """What systems are asked."""

    scores: Callable[[Any], list[list[float]]]  # of some items: one a run, for each system
    groups: Any  # of each item, to be drawn together
    coverage: str


def report_costs(by_system: dict[str, list[dict[str, Any]]]) -> None:
    """Print seconds and memory."""
    print("| | runs | engine | seconds, reading included | peak memory |\n|---|---|---|---|---|")
    for system, rows in by_system.items():
        for engine in sorted({row["engine"] for row in rows}):
            group = [row for row in rows if row["engine"] == engine]
            seconds = [row["seconds"] for row in group]
            memory = max(row["peak bytes"] for row in group) / 1e9
            spread = f" ({min(seconds):.1f} to {max(seconds):.1f})" if len(group) > 1 else ""
            cells = (system, len(group), engine, f"{np.median(seconds):.1f}{spread}")
            print("| " + " | ".join(map(str, cells)) + f" | {memory:.2f} GB |")


def of_pairs(by_system: dict[str, list[dict[str, Any]]], name: str) -> Test:
    """Return how a file of word pairs is scored."""
    table = {
        system: np.array([[cosine for _, cosine in row["pairs"][name]] for row in rows], float)
        for system, rows in by_system.items()
    }
    known = ~np.any([np.isnan(cosines).any(axis=0) for cosines in table.values()], axis=0)
    cosines = [cosines[:, known] for cosines in table.values()]
    first = next(iter(by_system.values()))[0]
    gold = np.array([judgement for judgement, _ in first["pairs"][name]])[known]

    def scores(items: Any) -> list[list[float]]:
        judged = ranks(gold[items])
        return [
            [np.corrcoef(judged, ranks(run[items]))[0, 1] for run in system] for system in cosines
        ]

    return Test(scores, np.arange(len(gold)), f"{len(gold)} of {len(known)} pairs")


def of_analogies(by_system: dict[str, list[dict[str, Any]]]) -> Test:
    """Return how analogies are scored, which are drawn by the pair that they begin with."""
    table = [
        np.array([list("".join(row["analogies"])) for row in rows]) for rows in by_system.values()
    ]
    known = ~np.any([(letters == "?").any(axis=0) for letters in table], axis=0)
    right = [(letters[:, known] == "r") for letters in table]
    sizes = [len(group) for group in next(iter(by_system.values()))[0]["analogies"]]
    groups = np.repeat(np.arange(len(sizes)), sizes)[known]

    def scores(items: Any) -> list[list[float]]:
        return [system[:, items].mean(axis=1).tolist() for system in right]

    coverage = f"{known.sum()} of {len(known)} questions, in {len(set(groups))} groups"
    return Test(scores, groups, coverage)


def report_scores(
    systems: list[str], tests: dict[str, Test], rng: np.random.Generator, resamples: int
) -> None:
    """Print the scores of each system and the differences of each two, a column for each test."""
    two = list(itertools.combinations(range(len(systems)), 2))
    names = [*systems, *(f"{systems[i]} - {systems[j]}" for i, j in two)]
    columns = [scored(test, len(systems), two, rng, resamples) for test in tests.values()]
    rows = [
        f"| {name} | " + " | ".join(cells) + " |"
        for name, *cells in zip(names, *columns, strict=True)
    ]
    head = " | ".join(f"{name}: {test.coverage}" for name, test in tests.items())
    rule = "|---" * (len(tests) + 1) + "|"
    print(f"\n| score ± standard error (95% interval) | {head} |\n{rule}")
    print("\n".join(rows[: len(systems)]))
    print("\nin bold: the interval does not hold 0\n")
    print(f"| difference | {' | '.join(tests)} |\n{rule}")
    print("\n".join(rows[len(systems) :]))


def scored(
    test: Test,
    systems: int,
    two: list[tuple[int, int]],
    rng: np.random.Generator,
    resamples: int,
) -> list[str]:
    """Return the cells of a column: of each system, then of each difference."""
    if len(set(test.groups)) < 3:
        return ["too few known"] * (systems + len(two))
    runs = test.scores(np.arange(len(test.groups)))

    def means_and_differences(items: Any) -> list[float]:
        means = [float(np.mean(one)) for one in test.scores(items)]
        return means + [means[i] - means[j] for i, j in two]

    with np.errstate(invalid="ignore"):  # a sample of one pair many times has no correlation
        found = bootstrap_intervals(means_and_differences, test.groups, rng, resamples)
    errors = [standard_error(one) for one in runs]
    cells = [
        f"{mean:.3f}{error_text(error)} ({low:.3f} to {high:.3f})"
        for mean, low, high, error in zip(*found, errors, strict=False)
    ]
    errors = [float(np.hypot(errors[i], errors[j])) for i, j in two]
    differences = zip(*(part[len(runs) :] for part in found), errors, strict=True)
    for mean, low, high, error in differences:
        cell = f"{mean:+.3f}{error_text(error)} ({low:+.3f} to {high:+.3f})"
        cells.append(cell if low <= 0 <= high else f"**{cell}**")
    return cells


def standard_error(scores: list[float]) -> float:
    """Return that of the mean of some runs; NaN of a single one."""
    return float(np.std(scores, ddof=1) / len(scores) ** 0.5) if len(scores) > 1 else float("nan")


def error_text(error: float) -> str:
    """Return `` ± error``, nothing where it is not known."""
    return "" if np.isnan(error) else f" ± {error:.3f}"


def report_neighbors(by_system: dict[str, list[dict[str, Any]]]) -> None:
    """Print the neighbours of the first seed, a column for each system."""
    first = [rows[0]["neighbors"] for rows in by_system.values()]
    if first[0]:
        print("\n| | " + " | ".join(by_system) + " |\n" + "|---" * (len(by_system) + 1) + "|")
        for word in first[0]:
            print(f"| *{word}* | " + " | ".join(", ".join(near[word]) for near in first) + " |")


def report_new_word(rows: list[dict[str, Any]]) -> None:
    """Print what a new word cost."""
    old, new = rows[0]["sentences"]
    word = rows[0]["word"]
    print(f"\nadding *{word}*: {new:,} sentences that hold it, after {old:,} that do not\n")
    print(
        "(of ten neighbours; beside it, how many two seeds have in common that both begin anew)\n"
    )
    print("| | add | anew | neighbours as if begun anew | neighbours that old words keep |")
    print("|---|---|---|---|---|")
    for row in rows:
        anew = set(row["anew"])
        shared, usual = (len(anew & set(row[name])) for name in ("updated", "other seed"))
        kept, usually = (10 * row[name] for name in ("old neighbours kept", "kept by another seed"))
        print(
            f"| {row['system']} | {row['update seconds']:.1f} s | {row['anew seconds']:.1f} s "
            f"| {shared} ({usual}) | {kept:.1f} ({usually:.1f}) |"
        )
    print(f"\n| neighbours of *{word}* | when added | anew |\n|---|---|---|")
    for row in rows:
        updated, anew = (", ".join(row[name][:5]) for name in ("updated", "anew"))
        print(f"| {row['system']} | {updated} | {anew} |")


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
    report(rows, np.random.default_rng(0), options.resamples)


if __name__ == "__main__":
    main()
