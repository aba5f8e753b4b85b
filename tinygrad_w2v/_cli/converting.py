"""``convert``: a file of vectors in another format, a block at a time."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from tinygrad_w2v._base.checks import require_range
from tinygrad_w2v._base.errors import InputError, WriteError
from tinygrad_w2v._cli.console import note, say_json
from tinygrad_w2v._cli.neighbors import file_of_vectors
from tinygrad_w2v._cli.parsing import Parser, path_name
from tinygrad_w2v.vectors.formats import (
    FORMATS,
    READ_ONLY,
    convert,
    format_named,
    format_of_target,
    recognise,
)


def add_options(parser: Parser) -> None:
    """Declare the options of ``convert``."""
    known = "; ".join(f"{one.name}: {' '.join(one.suffixes)}" for one in FORMATS.values())
    parser.add_argument(
        "source", type=path_name, metavar="SOURCE", help="a file of vectors, or a run's folder"
    )
    parser.add_argument(
        "target", type=path_name, metavar="TARGET", help=f"its suffix tells the format ({known})"
    )
    names = ", ".join([*FORMATS, *READ_ONLY])
    parser.add_argument(
        "--from",
        dest="source_format",
        metavar="FORMAT",
        help=f"of SOURCE, else recognised: {names}",
    )
    parser.add_argument(
        "--to", dest="target_format", metavar="FORMAT", help="of TARGET, else by its suffix"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="the first N words only")
    parser.add_argument(
        "--float64", action="store_true", help="read numbers in text as float64, not float32"
    )
    parser.add_argument(
        "--errors",
        choices=["strict", "replace", "ignore"],
        default="strict",
        help="what to do with words that are not UTF-8",
    )
    parser.add_argument("--json", action="store_true", help="print for a program")


def run(arguments: argparse.Namespace) -> int:
    """Convert, and say how many words there were."""
    if arguments.limit is not None:
        require_range("limit", arguments.limit, 1, math.inf)
    source, target = file_of_vectors(arguments.source), Path(arguments.target)
    wanted = arguments.target_format
    after = format_named(wanted) if wanted else format_of_target(target)
    if target.exists() and source.samefile(target):
        raise InputError(f"{target} is the source itself; name another target")
    given = arguments.source_format
    try:
        before = format_named(given) if given else recognise(source)
        words = convert(
            source,
            target,
            before.name,
            after.name,
            limit=arguments.limit,
            datatype="float64" if arguments.float64 else "float32",
            unicode_errors=arguments.errors,
        )
    except (WriteError, BrokenPipeError):
        raise
    except OSError as error:
        raise InputError(f"{source}: cannot be converted: {error.strerror or error}") from error
    if arguments.json:
        say_json({"words": words, "from": before.name, "to": after.name})
    else:
        note(f"wrote {target}: {words:,} words, {before.name} to {after.name}")
    return 0
