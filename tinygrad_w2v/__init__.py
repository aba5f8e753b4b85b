"""An autograd mini-framework in which word2vec is a plain forward expression."""

from typing import TYPE_CHECKING, Any

from tinygrad_w2v import counting as counting
from tinygrad_w2v import functions as functions
from tinygrad_w2v import nn as nn
from tinygrad_w2v import optim as optim
from tinygrad_w2v import text as text
from tinygrad_w2v._base.errors import (
    CompileError,
    EngineWarning,
    GradientError,
    GraphWarning,
    LogitsWarning,
)
from tinygrad_w2v._base.version import __version__
from tinygrad_w2v.autograd import (
    Function,
    RowGrad,
    Variable,
    debug,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    value_and_grad,
    vjp,
)
from tinygrad_w2v.functions.keyed import KeyedGenerator
from tinygrad_w2v.models import CBOW, SkipGram
from tinygrad_w2v.nn import Module, Parameter
from tinygrad_w2v.text.documents import TaggedDocument, TaggedLineDocument
from tinygrad_w2v.text.sentences import LineSentence, PathLineSentences
from tinygrad_w2v.training import Trainer
from tinygrad_w2v.vectors import KeyedVectors, WordVectors
from tinygrad_w2v.word2vec import Doc2Vec, FastText, Word2Vec

if TYPE_CHECKING:
    from tinygrad_w2v import examples
    from tinygrad_w2v import sklearn as sklearn
    from tinygrad_w2v.checking.gradients import check_grads
    from tinygrad_w2v.compiler import check_compiled
    from tinygrad_w2v.compiler.compile import compile
    from tinygrad_w2v.drawing import graph
    from tinygrad_w2v.text.phrases import (
        ENGLISH_CONNECTOR_WORDS,
        FrozenPhrases,
        Phraser,
        Phrases,
    )
    from tinygrad_w2v.training.fit import fit
    from tinygrad_w2v.training.history import History

# Packages that are imported when they are asked for; `sklearn` needs scikit-learn, so that
# `from tinygrad_w2v import *` leaves it out.
_PACKAGES = ("examples", "sklearn")
# What a training does without, or takes only if numba is there, is imported when it is asked for.
_WHERE = {
    **dict.fromkeys(
        ("ENGLISH_CONNECTOR_WORDS", "FrozenPhrases", "Phraser", "Phrases"),
        "tinygrad_w2v.text.phrases",
    ),
    "check_compiled": "tinygrad_w2v.compiler",
    "check_grads": "tinygrad_w2v.checking.gradients",
    "compile": "tinygrad_w2v.compiler",
    "fit": "tinygrad_w2v.training.fit",
    "graph": "tinygrad_w2v.drawing",
    "History": "tinygrad_w2v.training.history",
}

__all__ = [
    "CBOW",
    "ENGLISH_CONNECTOR_WORDS",
    "CompileError",
    "Doc2Vec",
    "EngineWarning",
    "FastText",
    "FrozenPhrases",
    "Function",
    "GradientError",
    "GraphWarning",
    "History",
    "KeyedGenerator",
    "KeyedVectors",
    "LineSentence",
    "LogitsWarning",
    "Module",
    "Parameter",
    "PathLineSentences",
    "Phraser",
    "Phrases",
    "RowGrad",
    "SkipGram",
    "TaggedDocument",
    "TaggedLineDocument",
    "Trainer",
    "Variable",
    "Word2Vec",
    "WordVectors",
    "__version__",
    "check_compiled",
    "check_grads",
    "compile",
    "counting",
    "debug",
    "examples",
    "fit",
    "functions",
    "grad",
    "graph",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "nn",
    "no_grad",
    "optim",
    "text",
    "value_and_grad",
    "vjp",
]


def __getattr__(name: str) -> Any:
    """Import what was left out at the start, when it is asked for."""
    if name not in (*_WHERE, *_PACKAGES):
        from tinygrad_w2v._base.unknown_names import refuse_name

        refuse_name(__name__, name, __all__)
    from importlib import import_module

    if name in _PACKAGES:
        return import_module(f"tinygrad_w2v.{name}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PACKAGES})
