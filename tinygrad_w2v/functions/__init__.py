"""All ops under one roof: ``import tinygrad_w2v.functions as F``.

NumPy's names and argument names where NumPy has the function. Variables in, Variables out; arrays
and lists in, arrays out. Importing this package also makes NumPy's own functions (``np.exp(v)``)
work on Variables.

A file holds one family, and what it offers stands in its ``__all__``. A function with the name of
one of NumPy's is that function's rule; further names are declared with `implements`.
"""

import types as _types
import typing as _typing

from tinygrad_w2v.functions import methods as _methods
from tinygrad_w2v.functions.activations import *
from tinygrad_w2v.functions.arithmetic import *
from tinygrad_w2v.functions.casting import *
from tinygrad_w2v.functions.contractions import *
from tinygrad_w2v.functions.diagonals import *
from tinygrad_w2v.functions.elementwise import *
from tinygrad_w2v.functions.hyperbolic import *
from tinygrad_w2v.functions.joining import *
from tinygrad_w2v.functions.lookup import *
from tinygrad_w2v.functions.losses import *
from tinygrad_w2v.functions.norms import *
from tinygrad_w2v.functions.probabilities import *
from tinygrad_w2v.functions.products import *
from tinygrad_w2v.functions.rearranging import *
from tinygrad_w2v.functions.recurrence import *
from tinygrad_w2v.functions.reductions import *
from tinygrad_w2v.functions.remainders import *
from tinygrad_w2v.functions.running import *
from tinygrad_w2v.functions.segments import *
from tinygrad_w2v.functions.selection import *
from tinygrad_w2v.functions.shape import *
from tinygrad_w2v.functions.sorting import *
from tinygrad_w2v.functions.statistics import *
from tinygrad_w2v.functions.trigonometry import *

__all__ = [
    name
    for name, value in sorted(globals().items())
    if isinstance(value, _types.FunctionType) and value.__module__.startswith(f"{__name__}.")
]

_methods.install({name: globals()[name] for name in __all__})


def __getattr__(name: str) -> _typing.NoReturn:
    from tinygrad_w2v._base.unknown_names import refuse_name

    refuse_name(__name__, name, __all__)
