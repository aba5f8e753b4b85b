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
from tinygrad_w2v.functions.activations import (
    leaky_relu,
    log_sigmoid,
    logaddexp,
    relu,
    sigmoid,
    softplus,
)
from tinygrad_w2v.functions.elementwise import (
    arctan,
    cos,
    cosh,
    exp,
    expm1,
    log,
    log1p,
    log2,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
)
from tinygrad_w2v.functions.joining import (
    concatenate,
    flip,
    moveaxis,
    repeat,
    split,
    stack,
)
from tinygrad_w2v.functions.lookup import embedding, take, take_along_axis, to_dense
from tinygrad_w2v.functions.losses import cosine_similarity, cross_entropy, sigmoid_cross_entropy
from tinygrad_w2v.functions.products import dot, einsum, inner, outer, tensordot
from tinygrad_w2v.functions.regularization import dropout, stop_gradient
from tinygrad_w2v.functions.segments import segment_sum
from tinygrad_w2v.functions.selection import clip, maximum, minimum, where
from tinygrad_w2v.functions.statistics import (
    cumsum,
    log_softmax,
    logsumexp,
    prod,
    softmax,
    std,
    var,
)

__all__ = [
    "abs",
    "add",
    "arctan",
    "broadcast_to",
    "clip",
    "concatenate",
    "cos",
    "cosh",
    "cosine_similarity",
    "cross_entropy",
    "cumsum",
    "divide",
    "dot",
    "dropout",
    "einsum",
    "embedding",
    "exp",
    "expand_dims",
    "expm1",
    "flip",
    "inner",
    "leaky_relu",
    "log",
    "log1p",
    "log2",
    "log_sigmoid",
    "log_softmax",
    "logaddexp",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "moveaxis",
    "multiply",
    "negative",
    "outer",
    "power",
    "prod",
    "relu",
    "repeat",
    "reshape",
    "segment_sum",
    "sigmoid",
    "sigmoid_cross_entropy",
    "sign",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "stop_gradient",
    "subtract",
    "sum",
    "swapaxes",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "to_dense",
    "transpose",
    "var",
    "where",
]
