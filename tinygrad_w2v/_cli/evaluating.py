"""``eval``: vectors against people's judgements of word pairs, and against analogies."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.checks import require_range
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli.console import say, say_json
from tinygrad_w2v._cli.neighbors import add_vectors_option, load_vectors
from tinygrad_w2v._cli.parsing import Parser, path_name
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.scores import holds_analogies, installed_test_sets


def add_options(parser: Parser) -> None:
    """Declare the options of ``eval``."""
    parser.add_argument(
        "files",
        nargs="*",
        type=path_name,
        metavar="FILE",
        help="lines of two words and a number between tabs, or of four words in sections ': name'; "
        "by default WordSim-353, SimLex-999 and Google's analogies of an installed gensim",
    )
    add_vectors_option(parser)
    parser.add_argument(
        "--restrict-vocab",
        type=int,
        default=300_000,
        metavar="N",
        help="only the N most frequent words count (default: %(default)s)",
    )
    parser.add_argument(
        "--cosmul", action="store_true", help="answer analogies by 3CosMul in place of 3CosAdd"
    )
    parser.add_argument("--case-sensitive", action="store_true", help="take words as they stand")
    parser.add_argument("--json", action="store_true", help="print for a program")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate on each file and print a line for each, and for each section of analogies."""
    require_range("restrict_vocab", arguments.restrict_vocab, 1, math.inf)
    files = {path: Path(path) for path in arguments.files} or _files_of_gensim()
    kinds = {name: holds_analogies(path) for name, path in files.items()}
    vectors = load_vectors(arguments.vectors)
    results = {
        name: (_analogies if kinds[name] else _pairs)(vectors, path, arguments)
        for name, path in files.items()
    }
    if arguments.json:
        say_json(results)
        return 0
    for name, result in results.items():
        for line in _lines(name, result):
            say(line)
    return 0


def _files_of_gensim() -> dict[str, Path]:
    files = installed_test_sets()
    if not files:
        raise InputError(
            "there is no installed gensim to take WordSim-353, SimLex-999 and the Google analogies "
            "from; name files: tinygrad-w2v eval wordsim353.tsv questions-words.txt"
        )
    return files


def _pairs(vectors: WordVectors, path: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    pearson, spearman, unknown = vectors.evaluate_word_pairs(
        path,
        restrict_vocab=arguments.restrict_vocab,
        case_insensitive=not arguments.case_sensitive,
    )
    return {
        "kind": "pairs",
        "spearman": float(spearman[0]),
        "pearson": float(pearson[0]),
        "unknown_percent": float(unknown),
    }


def _analogies(vectors: WordVectors, path: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    score, sections = vectors.evaluate_word_analogies(
        path,
        restrict_vocab=arguments.restrict_vocab,
        case_insensitive=not arguments.case_sensitive,
        similarity_function="most_similar_cosmul" if arguments.cosmul else "most_similar",
    )
    rows = [
        {
            "section": section["section"],
            "right": len(section["correct"]),
            "asked": len(section["correct"]) + len(section["incorrect"]),
        }
        for section in sections
    ]
    *rows, total = rows
    if not total["asked"]:
        raise InputError(f"{path}: every analogy has a word without a vector")
    return {
        "kind": "analogies",
        "accuracy": float(score),
        "right": total["right"],
        "asked": total["asked"],
        "sections": rows,
    }


def _lines(name: str, result: dict[str, Any]) -> list[str]:
    if result["kind"] == "pairs":
        return [
            f"{name}: Spearman {result['spearman']:.3f}, Pearson {result['pearson']:.3f}, "
            f"{100 - result['unknown_percent']:.1f}% of the pairs known"
        ]
    lines = [f"{name}: {result['accuracy']:.1%} right, {result['right']} of {result['asked']}"]
    for row in result["sections"]:
        share = f"{row['right'] / row['asked']:.1%}" if row["asked"] else "none known"
        lines.append(f"  {row['section']}: {share}, {row['right']} of {row['asked']}")
    return lines
