"""``neighbors`` and ``analogy``: questions to trained vectors."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

from tinygrad_w2v._base.checks import require_range
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli.console import say, say_json
from tinygrad_w2v._cli.parsing import Parser, path_name
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.formats import load


def add_vectors_option(parser: Parser) -> None:
    """Declare ``--vectors``."""
    parser.add_argument(
        "--vectors",
        type=path_name,
        default="w2v-out",
        metavar="PATH",
        help="a run's folder, or a file in any format of `convert` (default: %(default)s)",
    )


def add_neighbors_options(parser: Parser) -> None:
    """Declare the options of ``neighbors``."""
    parser.add_argument("words", nargs="+", metavar="WORD")
    _add_question_options(parser)


def add_analogy_options(parser: Parser) -> None:
    """Declare the options of ``analogy``."""
    for name in ("a", "b", "c"):
        parser.add_argument(name, metavar=name.upper())
    _add_question_options(parser)


def _add_question_options(parser: Parser) -> None:
    add_vectors_option(parser)
    parser.add_argument("--topn", type=int, default=10, metavar="N", help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print for a program")


def run_neighbors(arguments: argparse.Namespace) -> int:
    """Print the words nearest to each word."""
    vectors = _vectors(arguments)
    nearest_to = {word: vectors.most_similar(word, topn=arguments.topn) for word in arguments.words}
    if arguments.json:
        say_json(nearest_to)
        return 0
    for word, nearest in nearest_to.items():
        say(word)
        for other, cosine in nearest:
            say(f"  {cosine:.3f}  {other}")
    return 0


def run_analogy(arguments: argparse.Namespace) -> int:
    """Print the words that are to C as B is to A."""
    vectors = _vectors(arguments)
    a, b, c = arguments.a, arguments.b, arguments.c
    nearest = vectors.most_similar(positive=[b, c], negative=[a], topn=arguments.topn)
    if arguments.json:
        say_json(nearest)
        return 0
    say(f"{a} is to {b} as {c} is to")
    for word, cosine in nearest:
        say(f"  {cosine:.3f}  {word}")
    return 0


def _vectors(arguments: argparse.Namespace) -> WordVectors:
    require_range("topn", arguments.topn, 1, math.inf)
    return load_vectors(arguments.vectors)


def load_vectors(path: str) -> WordVectors:
    """Return the vectors of a run's folder or of a file.

    Raises
    ------
    InputError
        When there are none; it says how to make them.
    """
    place = file_of_vectors(path)
    try:
        return load(place)
    except OSError as error:
        raise InputError(f"{place} cannot be read: {error.strerror or error}") from error


def file_of_vectors(path: str) -> Path:
    """Return the file of vectors of a run's folder, or the file itself.

    Raises
    ------
    InputError
        When there is none; it says how to make it.
    """
    place = Path(path)
    if place.is_dir():
        known = [place / name for name in ("model.npz", "vectors.txt") if (place / name).exists()]
        if not known:
            raise InputError(f"the folder {path} holds no vectors; make them with `train`")
        place = known[0]
    if not place.exists():
        raise InputError(
            f"there are no vectors in {path}; make them with `tinygrad-w2v train`, or name others "
            "with --vectors"
        )
    return place


def neighbor_lines(vectors: WordVectors, words: list[str], topn: int) -> Iterator[str]:
    """Yield one line a word: its nearest words."""
    width = max(map(len, words), default=0)
    for word in words:
        nearest = vectors.most_similar(word, topn=topn)
        yield f"{word:>{width}}: " + ", ".join(f"{other} {cosine:.2f}" for other, cosine in nearest)
