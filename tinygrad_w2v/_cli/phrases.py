"""``phrases``: the phrases of a text into a file, for ``train --phrases`` and for `Phraser`."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

from tinygrad_w2v._base.checks import require_range
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import check_target
from tinygrad_w2v._base.terminal import pasted
from tinygrad_w2v._cli.console import note, say, say_json
from tinygrad_w2v._cli.parsing import Parser, path_name
from tinygrad_w2v._cli.request import Request
from tinygrad_w2v._cli.texts import check_sources, found_phrases
from tinygrad_w2v.text.phrase_rounds import PhraseSettings
from tinygrad_w2v.text.phrase_scores import SCORERS, connector_words
from tinygrad_w2v.text.tokenizing import get_tokenizer
from tinygrad_w2v.vectors.word2vec_header import what_is_wrong

DEFAULT_FILE = "phrases.json"


def add_options(parser: Parser) -> None:
    """Declare the options of ``phrases``."""
    usual = PhraseSettings()
    parser.add_argument(
        "sources",
        nargs="*",
        type=path_name,
        metavar="CORPUS",
        help="UTF-8 text: files (.gz .bz2 .xz too) or folders; by default the built-in corpus",
    )

    def add(flag: str, told: str, **more: object) -> None:
        parser.add_argument(flag, help=told, **more)  # type: ignore[arg-type]

    shown = " (default: %(default)s)"
    add("--output", f"the file{shown}", type=path_name, default=DEFAULT_FILE, metavar="FILE")
    add("--overwrite", "replace FILE", action="store_true")
    add(
        "--rounds",
        f"2 finds phrases of up to four words, 3 of up to eight{shown}",
        type=int,
        default=usual.rounds,
        metavar="N",
    )
    add(
        "--min-count",
        f"what comes fewer times is no phrase{shown}",
        type=float,
        default=5,
        metavar="N",
    )
    add(
        "--threshold",
        f"a phrase scores above this: higher, fewer phrases{shown}",
        type=float,
        default=10,
        metavar="T",
    )
    add(
        "--scoring",
        f"the score; npmi is from -1 to 1{shown}",
        choices=[*SCORERS],
        default=usual.scoring,
    )
    add(
        "--delimiter",
        f"what is put between the words of a phrase{shown}",
        default=usual.delimiter,
        metavar="TEXT",
    )
    add(
        "--connector-words",
        "words that may stand inside a phrase, with commas between them, or english",
        metavar="WORDS",
    )
    add(
        "--max-vocab-size",
        "forget rare words and pairs when there are more: bounds the memory" + shown,
        type=int,
        default=usual.max_vocab_size,
        metavar="N",
    )
    request = Request()
    names = "words, whitespace, ja, or MODULE:FUNCTION"
    add("--tokenizer", names + shown, default=request.tokenizer, metavar="NAME")
    add("--no-lower", "keep capitals", action="store_false", dest="lower")
    add(
        "--errors",
        f"what to do with bytes that are not UTF-8{shown}",
        choices=["strict", "replace"],
        default=request.errors,
    )
    add("--topn", f"how many to print{shown}", type=int, default=20, metavar="N")
    add("--quiet", "say nothing of how it goes", action="store_true")
    add("--json", "print for a program", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Find phrases, write them, print the best."""
    require_range("topn", arguments.topn, 0, 10**9)
    path = Path(arguments.output)
    settings = PhraseSettings(
        rounds=arguments.rounds,
        min_count=arguments.min_count,
        threshold=arguments.threshold,
        scoring=arguments.scoring,
        delimiter=arguments.delimiter,
        connector_words=connector_words(arguments.connector_words),
        max_vocab_size=arguments.max_vocab_size,
    )
    # Before the text is read: vectors.txt has to hold the phrases.
    wrong = what_is_wrong(f"new{arguments.delimiter}york")
    if wrong is not None:
        raise InputError(
            f"{arguments.delimiter!r} would make words of which one {wrong}; use _",
            setting="delimiter",
        )
    if path.exists() and not arguments.overwrite:
        raise InputError(f"{path} is there already; replace it with --overwrite, or name another")
    check_target(path)
    get_tokenizer(arguments.tokenizer, arguments.lower)
    check_sources(arguments.sources)
    request = Request(
        sources=arguments.sources,
        tokenizer=arguments.tokenizer,
        lower=arguments.lower,
        errors=arguments.errors,
    )
    found = found_phrases(request, settings, arguments.quiet or arguments.json)
    found.save(path)
    scores = found.scores()
    best = list(itertools.islice(scores.items(), arguments.topn))
    if arguments.json:
        of_each = [len(each.phrasegrams) for each in found.rounds]
        say_json({"output": str(path), "phrases": len(scores), "rounds": of_each, "best": best})
        return 0
    width = max((len(phrase) for phrase, _ in best), default=0)
    for phrase, score in best:
        say(f"{phrase:{width}}  {score:.6g}")
    again = " ".join(map(pasted, [*arguments.sources, "--phrases", str(path)]))
    note(
        f"wrote {path}: {len(scores):,} phrases; train with them: tinygrad-w2v train {again}",
        arguments.quiet,
    )
    return 0
