"""Keyword arguments that a function does not have: which one was meant."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def knowing(**elsewhere: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function answer an unknown keyword with the one that was meant.

    Parameters
    ----------
    **elsewhere : str
        What an argument is called in the book, in PyTorch or in an older gensim, and here.

    Examples
    --------
    >>> @knowing(top="topn")
    ... def nearest(word, topn=10):
    ...     return topn
    >>> nearest("you", top=3)
    Traceback (most recent call last):
    TypeError: nearest() has no argument 'top': write `topn=`
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            check_keywords(function, kwargs, elsewhere)
            return function(*args, **kwargs)

        return checked

    return decorate


def check_keywords(
    function: Callable[..., Any], given: Iterable[str], elsewhere: Mapping[str, str]
) -> None:
    """Refuse keywords that a function does not have.

    Raises
    ------
    TypeError
        That says which one was meant.
    """
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    for unknown in given:
        if unknown not in names and not code.co_flags & inspect.CO_VARKEYWORDS:
            called = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
            raise TypeError(
                f"{called}() has no argument {unknown!r}{_meant(unknown, names, elsewhere)}"
            )


def _meant(unknown: str, names: tuple[str, ...], elsewhere: Mapping[str, str]) -> str:
    if unknown in elsewhere:
        return f": write `{elsewhere[unknown]}=`"
    from difflib import get_close_matches

    given = [name for name in names if name != "self"]
    near = get_close_matches(unknown, given, n=1)
    if near:
        return f": did you mean `{near[0]}=`?"
    return f": it takes {', '.join(given)}"
