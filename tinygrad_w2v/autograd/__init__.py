"""The graph: Variables, ops, reverse-mode differentiation. Nothing here knows a model.

Read it in this order: `node`, `function`, `arithmetic` (the ops behind the operators),
`variable`, `backward`, `rows`; then `constants`, `modes`, `dispatch`, `diagnosis`, `missing`; then
`leaving`, `transforms`, `check`.
"""

from tinygrad_w2v.autograd.check import check_grads
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.modes import debug, no_grad
from tinygrad_w2v.autograd.rows import RowGrad
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
