"""Options of ``train`` under the names of `Word2Vec`'s keywords, where ours are others.

So each keyword has a flag. Those that change nothing are taken with one note, as the class does.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.parsing import Parser

# Of gensim's keywords, those that say how it works and not what it computes.
WITHOUT_EFFECT = ("batch_words", "hashfxn", "null_word", "sorted_vocab", "comment")


def add_gensim_options(parser: Parser) -> None:
    """Declare them."""
    group = parser.add_argument_group("gensim's names")
    group.add_argument(
        "--sg",
        dest="model",
        type=_choice("0", "cbow", "1", "skipgram"),
        metavar="{0,1}",
        default=argparse.SUPPRESS,
        help="1: --model skipgram",
    )
    for name, dest, help_text in (
        ("--cbow-mean", "cbow_mean", "0: --no-cbow-mean"),
        ("--shrink-windows", "shrink_windows", "0: --no-shrink-windows"),
    ):
        group.add_argument(
            name,
            dest=dest,
            type=_choice("0", False, "1", True),
            metavar="{0,1}",
            default=argparse.SUPPRESS,
            help=help_text,
        )
    group.add_argument(
        "--trim-rule",
        metavar="MODULE:FUNCTION",
        help="(word, count, min_count) to 0: by the count, 1: leave it out, 2: keep it",
    )
    group.add_argument(
        "--compute-loss",
        action="store_true",
        help="always on: history.jsonl and loss.svg hold the loss",
    )
    for name in WITHOUT_EFFECT:
        flag = "--" + name.replace("_", "-")
        group.add_argument(flag, metavar="X", help="without effect here")


def _choice(first: str, value: Any, second: str, other: Any) -> Callable[[str], Any]:
    """Return a function from one of two words to what it stands for."""

    def convert(word: str) -> Any:
        if word not in (first, second):
            raise argparse.ArgumentTypeError(f"{word!r} is neither {first} nor {second}")
        return value if word == first else other

    return convert


def note_gensim_options(arguments: argparse.Namespace) -> None:
    """Say which of the given options change nothing."""
    ignored = [arguments.given[name] for name in WITHOUT_EFFECT if name in arguments.given]
    if ignored:
        which = ", ".join(ignored)
        note(f"note: {which}: taken for gensim's sake, without effect", arguments.quiet)
