"""What optimizers are given is looked at first: parameters, shares, arrays in place of lists."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.nn.module import Module


def of_arrays(update: Callable[..., None]) -> Callable[..., None]:
    """A rule that refuses the lists which the book's ``update(params, grads)`` takes."""

    @functools.wraps(update)
    def checked(self: Any, x: Any, *rest: Any) -> None:
        if type(x) in (list, tuple, dict):
            from tinygrad_w2v._base.book_names import answer

            text = answer("update", "Optimizer")
            raise InputError(f"{type(self).__name__}.update takes one array{text}")
        update(self, x, *rest)

    return checked


def checked_parameters(owner: str, parameters: Iterable[Any]) -> list[Variable]:
    """`parameters` as a list, if they are leaves that can be learned, each once.

    Raises
    ------
    InputError
        That names `owner` and the parameter.
    """
    if isinstance(parameters, Module):
        raise InputError(f"{owner}: a Module was given; give `model.parameters()`")
    if isinstance(parameters, Node):
        raise InputError(f"{owner}: a single Variable was given; give a list, `[v]`")
    if not isinstance(parameters, Iterable):
        raise InputError(
            f"{owner}: the parameters are {parameters!r}; give a list of them, and a rate as "
            f"`lr=0.01`, as in `{owner.rpartition(' ')[2]}(lr={parameters!r})`"
        )
    listed = list(parameters)
    if not listed:
        raise InputError(
            f"{owner}: the list of parameters is empty: assign `tw.Parameter(...)` to attributes "
            "of the model"
        )
    first: dict[int, int] = {}
    for i, parameter in enumerate(listed):
        earlier = first.setdefault(id(parameter), i)
        if not isinstance(parameter, Variable):
            fault = f"is of type {type(parameter).__name__}; give tw.Parameter"
        elif parameter.creator is not None:
            fault = (
                f"is the result of {parameter.creator.label}: only leaves can be changed; give "
                "the Parameters that it was computed from"
            )
        elif parameter.dtype.kind != "f":
            fault = f"is of {parameter.dtype}, which has no gradients; use `.astype(np.float32)`"
        elif earlier != i:
            fault = f"came before as parameter {earlier}; give each once: `model.parameters()`"
        else:
            continue
        raise InputError(f"{owner}: {name_of(i, parameter)} {fault}")
    return listed


def checked_share(owner: str, name: str, value: float) -> float:
    """`value` as a float, if it is a share such as a decay rate: at least 0 and less than 1."""
    number = float(value)
    if not 0.0 <= number < 1.0:
        raise InputError(f"{owner}: {name} is {number:g}; give a number from 0 to below 1")
    return number


def name_of(position: int, parameter: Any) -> str:
    """Return what a message calls a parameter."""
    name = getattr(parameter, "name", None)
    return f"parameter {position}" + (f" ({name})" if name else "")
