"""``graph``: the picture of a model's forward expression and of the gradient derived from it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli.console import note, say_lines
from tinygrad_w2v._cli.neighbors import add_vectors_option
from tinygrad_w2v._cli.parsing import Parser, path_name
from tinygrad_w2v._cli.stored_run import stored_model
from tinygrad_w2v.drawing import graph
from tinygrad_w2v.drawing.picture import Picture
from tinygrad_w2v.word2vec.settings import MODELS, TrainingSettings

# The tables of an untrained model; only their shapes are seen.
EXAMPLE_VOCABULARY = 1000


def add_options(parser: Parser) -> None:
    """Declare the options of ``graph``."""
    add_vectors_option(parser)
    parser.add_argument(
        "--model", choices=sorted(MODELS), help="draw an untrained model instead of a run's"
    )
    parser.add_argument(
        "--output",
        type=path_name,
        metavar="FILE",
        default="graph.svg",
        help="txt dot svg png html by suffix",
    )
    parser.add_argument("--backward", action="store_true", help="draw the gradient graph, too")
    parser.add_argument(
        "--compiled",
        action="store_true",
        help="draw the instructions of the compiled engine, those that share a loop in one box",
    )
    parser.add_argument("--values", action="store_true", help="show the numbers in the nodes")
    parser.add_argument("--direction", choices=["TB", "LR"], default="TB")
    parser.add_argument("--text", action="store_true", help="print it as a program, draw nothing")


def run(arguments: argparse.Namespace) -> int:
    """Draw or print the graph of a model's loss on two windows, or its instructions for one."""
    if arguments.compiled and (arguments.values or arguments.backward):
        option = "--values" if arguments.values else "--backward"
        raise InputError(
            f"--compiled draws instructions for any window, backward included: leave out {option}"
        )
    labels: dict[str, list[str]] = {}
    if arguments.model:
        settings = TrainingSettings(arguments.model)
        number = EXAMPLE_VOCABULARY
        model = settings.new_model(number)
    else:
        folder = Path(arguments.vectors)
        if not folder.is_dir():
            raise InputError(
                f"{folder} is not the folder of a run; run `tinygrad-w2v train` first, or give "
                "--model cbow to draw an untrained one"
            )
        model, settings, vocabulary = stored_model(folder)
        words = list(vocabulary.words)
        number, tables = len(words), model.state_dict()
        labels = {name: words for name in ("w_in", "w_out") if len(tables[name]) == len(words)}
    if arguments.compiled:
        picture: Picture = _compiled(model, settings, number, arguments.direction)
    else:
        loss = model.loss(settings.small_batch(number))
        picture = graph(
            loss,
            arguments.backward,
            values=arguments.values,
            direction=arguments.direction,
            labels=labels,
        )
    if arguments.text:
        say_lines(picture.text)
        return 0
    picture.save(arguments.output)
    note(f"wrote {arguments.output}")
    return 0


def _compiled(model: Any, settings: TrainingSettings, words: int, direction: Any) -> Picture:
    """The instructions of one window, whose number of contexts is open."""
    from tinygrad_w2v.compiler.inspect.picture import draw_model

    batch = settings.small_batch(words, windows=1)
    window = type(batch)(*[array[0] for array in batch])
    contexts = (("C", 2 * settings.window),)
    axes: dict[str, Any] = {"contexts": contexts, "offsets": contexts}
    axes |= {name: ("S",) for name in ("pieces", "owner") if name in window._fields}
    if settings.hs:
        axes |= {"targets": ("L",), "labels": ("L",)}
    return draw_model(model, window, axes, direction=direction)
