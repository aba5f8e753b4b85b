"""``check``: every derivative rule, and every model, against central differences.

With ``--compiled``: what the compiled engine makes of the models, against the graph.
"""

from __future__ import annotations

import argparse
import sys

from tinygrad_w2v._cli.parsing import Parser


def add_options(parser: Parser) -> None:
    """Declare the options of ``check``."""
    parser.add_argument(
        "--compiled",
        action="store_true",
        help="compare the compiled engine with the graph, step by step, instead",
    )
    parser.add_argument("--json", action="store_true", help="print for a program")


def run(arguments: argparse.Namespace) -> int:
    """Print the table; the status is 1 when a derivative is wrong."""
    if arguments.compiled:
        from tinygrad_w2v._cli.compiled import table

        return 0 if table(arguments.json) else 1
    from tinygrad_w2v.checking.all_ops import main_table

    return 0 if main_table(sys.stdout, arguments.json) else 1
