"""The table of cases, a family a file: every op in its variants."""

from importlib import import_module
from pkgutil import iter_modules

from tinygrad_w2v.checking.case import Case

FAMILIES = [name for _, name, _ in iter_modules(__path__)]
CASES: list[Case] = [
    case for family in FAMILIES for case in import_module(f"{__name__}.{family}").CASES
]

__all__ = ["CASES", "FAMILIES"]
