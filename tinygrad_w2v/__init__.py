"""An autograd mini-framework in which word2vec is a plain forward expression."""

from tinygrad_w2v import functions as functions
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

__all__ = [
    "Function",
    "RowGrad",
    "Variable",
    "__version__",
    "debug",
    "functions",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "no_grad",
    "value_and_grad",
    "vjp",
]
