"""The graph: Variables, ops, reverse-mode differentiation. Nothing here knows a model, or an op.

The core is four files, read in this order: `node`, `function`, `backward`, `variable`. They lean on
`modes`, `constants`, `dispatch` and `array_interface`. Beside them are three rooms: `rowgrad`
(gradients of a few rows of a table), `transforms` (functions of functions) and `debugging` (what
errors say, what `debug` watches). The ops, those behind Python's operators too, are in
`tinygrad_w2v.functions`.
"""

from typing import TYPE_CHECKING, Any

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.modes import debug, no_grad
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.autograd.transforms import (
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from tinygrad_w2v.autograd.variable import Variable

if TYPE_CHECKING:
    from tinygrad_w2v.checking.gradients import check_grads

__all__ = [
    "Function",
    "RowGrad",
    "Variable",
    "check_grads",
    "debug",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "no_grad",
    "value_and_grad",
    "vjp",
]


def __getattr__(name: str) -> Any:
    """Import the gradient checker when it is asked for: it stands above this package."""
    if name == "check_grads":
        from tinygrad_w2v.checking.gradients import check_grads

        return check_grads
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
