"""``doctor``: what this installation has and how fast it is, to be pasted into a report."""

from __future__ import annotations

import argparse
import importlib.util
from importlib.metadata import version
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import GradientError, MissingDependencyError, TinygradError
from tinygrad_w2v._base.version import versions
from tinygrad_w2v._cli.console import say, say_json
from tinygrad_w2v._cli.machine import blas
from tinygrad_w2v._cli.parsing import Parser
from tinygrad_w2v.autograd import check_grads
from tinygrad_w2v.drawing.layout.fonts import advice, coverage
from tinygrad_w2v.drawing.layout.raster import NO_RESVG
from tinygrad_w2v.drawing.layout.render import engines
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.text.resources import cores
from tinygrad_w2v.training.engines import has_numba
from tinygrad_w2v.word2vec.settings import TrainingSettings, small_batch
from tinygrad_w2v.word2vec.training import train_vectors

OPTIONAL = (
    *("numba", "scipy", "safetensors", "matplotlib", "graphviz", "tqdm", "janome", "gensim"),
    *("resvg_py", "sklearn"),
)
SCRIPTS = {"Japanese": "あア語", "Korean": "한", "Arabic": "ب", "Thai": "ด", "emoji": "😀"}


def add_options(parser: Parser) -> None:
    """Declare the options of ``doctor``."""
    parser.add_argument("--json", action="store_true", help="print for a program")


def run(arguments: argparse.Namespace) -> int:
    """Print the report; the status is 1 when something does not work."""
    values = report()
    if arguments.json:
        say_json(values)
    else:
        for name, value in values.items():
            say(f"{name:>18}: {value}")
    return 0 if values["gradients"] == "right" else 1


def report() -> dict[str, Any]:
    """Return versions, what is installed, and the outcome of a self-test of two seconds."""
    installed = [name for name in OPTIONAL if importlib.util.find_spec(name)]
    numba_here = has_numba()
    renderers = [f"{engine.name} ({engine.path})" for engine in engines()]
    return versions() | {
        "cores": cores(),
        "blas": blas(),
        "engines": "numpy, compiled" if numba_here else "numpy",
        "compiled engine": _compiler(numba_here),
        "installed": ", ".join(installed) or "none",
        "missing": ", ".join(sorted(set(OPTIONAL) - set(installed))) or "none",
        "graph renderer": ", ".join(renderers) or "none: pip install graphviz-pure",
        "fonts of pictures": _fonts(),
        "gradients": _gradients(),
        **_speeds(),
    }


def _compiler(numba_here: bool) -> str:
    """Which numba there is, and where kernels are kept."""
    if not numba_here:
        return "no numba: pip install 'tinygrad_w2v[fast]'"
    from tinygrad_w2v.compiler.codegen.kernel_cache import FOLDER_VARIABLE, kernels_folder

    folder = kernels_folder()
    where = folder or f"memory; set {FOLDER_VARIABLE} to a folder to keep them"
    return f"numba {version('numba')}, kernels in {where}"


def _fonts() -> str:
    """Which font writes Japanese and others in a PNG and in a curve, or what to install."""
    try:
        found = {script: coverage(frozenset(text)) for script, text in SCRIPTS.items()}
    except MissingDependencyError as error:
        return str(error)
    fonts = [
        f"{script}: {advice(one.missing) if one.missing else one.families[0].name}"
        for script, one in found.items()
    ]
    extra = "" if importlib.util.find_spec("resvg_py") else "graphs as PNG: " + NO_RESVG + "; "
    return extra + "; ".join(fonts)


def _gradients() -> str:
    """Whether the gradients of both models agree with central differences."""
    for name in ("cbow", "skipgram"):
        settings = TrainingSettings(name, size=4)
        model = settings.new_model(12)
        batch = small_batch(12, settings)
        rng = np.random.default_rng(0)
        model.w_out.data = rng.normal(size=model.w_out.shape).astype(np.float32)
        try:
            check_grads(model, batch)
        except GradientError as error:
            return f"wrong in {name}: {error}"
    return "right"


def _speeds() -> dict[str, Any]:
    """Words a second of the default training on a text of words drawn by Zipf's law."""
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, 3001)
    ids = rng.choice(3000, size=(4000, 20), p=share / share.sum())
    text = build_corpus([list(map(str, row)) for row in ids.tolist()])
    history = train_vectors(*text, TrainingSettings(epochs=2)).history
    speeds: dict[str, Any] = {"words per second": round(history.words / history.seconds)}
    if has_numba():
        settings, threads = TrainingSettings(epochs=20), cores()
        try:
            history = train_vectors(*text, settings, engine="compiled", workers=threads).history
            speeds["compiled"] = round(history.words / history.seconds)
        except (TinygradError, OSError) as error:
            speeds["compiled"] = f"fails: {error}"
    return speeds
