"""All ops under one roof: ``import tinygrad_w2v.functions as F``.

NumPy's names and argument names where NumPy has the function. Variables in, Variables out; arrays
and lists in, arrays out. Importing this package also makes NumPy's own functions (``np.exp(v)``)
work on Variables.
"""

from tinygrad_w2v.autograd.arithmetic import (
    abs,
    add,
    divide,
    matmul,
    multiply,
    negative,
    power,
    subtract,
)
from tinygrad_w2v.autograd.reduction import max, mean, min, sum
from tinygrad_w2v.autograd.shaping import (
    broadcast_to,
    expand_dims,
    reshape,
    squeeze,
    swapaxes,
    transpose,
)
from tinygrad_w2v.functions.activations import leaky_relu, log_sigmoid, relu, sigmoid, softplus
from tinygrad_w2v.functions.elementwise import (
    arctan,
    cos,
    cosh,
    exp,
    expm1,
    log,
    log1p,
    log2,
    logaddexp,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
)
from tinygrad_w2v.functions.selection import clip, maximum, minimum, where

__all__ = [
    "abs",
    "add",
    "arctan",
    "broadcast_to",
    "clip",
    "cos",
    "cosh",
    "divide",
    "exp",
    "expand_dims",
    "expm1",
    "leaky_relu",
    "log",
    "log1p",
    "log2",
    "log_sigmoid",
    "logaddexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "power",
    "relu",
    "reshape",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "square",
    "squeeze",
    "subtract",
    "sum",
    "swapaxes",
    "tan",
    "tanh",
    "transpose",
    "where",
]
