"""``check``: every derivative rule, and every model, against central differences."""

from __future__ import annotations

import argparse
import sys

from tinygrad_w2v._cli.parsing import Parser


def add_options(parser: Parser) -> None:
    """Declare the options of ``check``."""
    parser.add_argument("--json", action="store_true", help="print for a program")


def run(arguments: argparse.Namespace) -> int:
    """Print the table; the status is 1 when a derivative is wrong."""
    from tinygrad_w2v.checking.report import main_table

    return 0 if main_table(sys.stdout, arguments.json) else 1
