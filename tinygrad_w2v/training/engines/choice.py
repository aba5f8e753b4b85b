"""Which engine runs a training, and why.

A native engine is taken where there is one and the model can be compiled, and what was taken is
always said.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, MissingDependencyError
from tinygrad_w2v.optim.optimizer import Optimizer
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.training.engines.engine import Engine, EngineOptions
from tinygrad_w2v.training.engines.numpy import NumpyRun
from tinygrad_w2v.training.model_checks import check_example

COMPILES = "numba is installed and the model compiles"
INSTALL = "pip install 'tinygrad_w2v[fast]'"


def choose_engine(
    options: EngineOptions,
    model: Any,
    source: Source,
    why: str = "asked for",
    optimizer: Optimizer | None = None,
) -> Engine:
    """Return what will run a training.

    Parameters
    ----------
    options : EngineOptions
        ``"auto"`` takes the compiled engine where numba is installed and the model compiles; else
        NumPy's has `fell_back`, and whoever asked for it is to say so, by `Engine.warn` or aloud.
    model : Module
        ``loss(batch)`` is the sum over a batch of examples.
    source : Source
        What is drawn.
    why : str
        Why an engine that is not ``"auto"`` is wanted.
    optimizer : Optimizer, optional
        Whose rule is followed; plain gradient descent by default.

    Raises
    ------
    InputError
        For another name, or no worker.
    CompileError, MissingDependencyError
        When ``"compiled"`` is wanted, and cannot be.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.sources import WindowSource
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 50)
    >>> source = WindowSource(corpus, vocabulary.counts)
    >>> engine = choose_engine(EngineOptions("numpy"), tw.CBOW(3, 4), source)
    >>> engine.name, engine.workers, engine.reproducible
    ('numpy', 1, True)
    """
    options.check()
    engine: Engine
    if options.engine in ("compiled", "ray") or (options.engine == "auto" and has_numba()):
        try:
            engine = _compiled(options, model, source, optimizer)
            engine.why = COMPILES if options.engine == "auto" else why
            return engine
        except Exception as error:
            # Whatever goes wrong in the model itself goes wrong in the other engine, too, and is
            # raised there; what only a trace cannot do must not end a training.
            if options.engine != "auto":
                raise
            why = _why_not(error)
    elif options.engine == "auto":
        why = f"numba is not installed: {INSTALL} makes training several times as fast"
    engine = NumpyRun(model, source, optimizer)
    engine.why, engine.fell_back = why, options.engine == "auto"
    return engine


def has_numba() -> bool:
    """Whether numba is installed; it is not imported to find out.

    Examples
    --------
    >>> has_numba() in (True, False)
    True
    """
    return importlib.util.find_spec("numba") is not None


def _compiled(
    options: EngineOptions, model: Any, source: Source, optimizer: Optimizer | None
) -> Engine:
    # Here, as numba takes long to import.
    from tinygrad_w2v.training.engines.compiled import CompiledRun

    check_example(model, source.example())
    workers, deterministic = int(options.workers), options.deterministic
    # What a model holds in double precision is computed in it.
    wide = any(parameter.dtype == np.float64 for parameter in model.parameters())
    dtype = np.float64 if wide else np.float32
    if options.engine == "ray":
        from tinygrad_w2v.distributed.engine import RayRun

        run: CompiledRun = RayRun(model, source, options, optimizer, dtype)
    else:
        shards = options.parts()
        run = CompiledRun(model, source, workers, optimizer, dtype, deterministic, shards=shards)
    run.prepare()
    return run


def _why_not(error: Exception) -> str:
    """Why the compiled engine is not taken."""
    if isinstance(error, MissingDependencyError):
        cause = error.__cause__
        return str(error) if cause is None else f"numba cannot be imported: {cause}"
    told = _in_one_line(error)
    if not isinstance(error, CompileError):
        told = f"{type(error).__name__}: {told}"
    return f"the compiled engine cannot run this model: {told}"


def _in_one_line(error: BaseException) -> str:
    """A message with the line where an op was applied, and nothing between."""
    first, *others = str(error).splitlines() or [""]
    places = [line.strip() for line in others if line.strip().startswith("applied at")]
    return ", ".join([first, *places])
