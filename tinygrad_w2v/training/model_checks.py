"""A model of a user's is tried, before it is trained: is its loss what an engine takes it for?

Both engines follow the gradient of a sum over windows: NumPy's of some hundred windows at once, the
compiled one's of one window after another. A loss that averages would be learned hundreds of times
too slowly by the one, and be another model in the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.autograd import no_grad
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.nn import Module
from tinygrad_w2v.nn.trial import Trial

TOLERANCE = 1e-4  # of the loss; a sum in single precision is off by less
RUNS = 16  # of a loss that draws random numbers
_ROWS = 64  # at both ends of a table: what a small batch reads


def check_sum(model: Any, batch: Any) -> None:
    """Check that twice the batch is twice the loss.

    Parameters
    ----------
    model : Module
        With ``loss(batch)``.
    batch : NamedTuple or dict of arrays
        Some examples.

    Raises
    ------
    InputError
        That says what to write.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> class Mean(tw.CBOW):
    ...     def loss(self, batch):
    ...         return super().loss(batch) / batch.center.size
    >>> from tinygrad_w2v.word2vec.settings import TrainingSettings, small_batch
    >>> batch = small_batch(9, TrainingSettings(window=2))
    >>> check_sum(tw.CBOW(9, 4), batch)
    >>> check_sum(Mean(9, 4), batch)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: the loss of twice the batch is 1 times as large, not \
twice: Mean.loss(batch) must be the sum over the batch's windows: ...
    """
    twice = _mapped(lambda array: np.concatenate([array, array]), batch)
    with _for_trial(model):
        one, two = _loss(model, batch), _loss(model, twice)
        if not _differ(two, 2 * one):
            return
        if _loss(model, batch) != one:  # it draws random numbers, as dropout does
            one = math.fsum(_loss(model, batch) for _ in range(RUNS))
            two = math.fsum(_loss(model, twice) for _ in range(RUNS))
            if two > 1.5 * one:
                return
    times = f"{two / one:.4g}" if one else "infinitely many"
    raise InputError(
        f"the loss of twice the batch is {times} times as large, not twice: "
        f"{type(model).__name__}.loss(batch) must be the sum over the batch's windows: end it with "
        "`.sum()`, not `.mean()`, multiply what averages, such as F.cross_entropy, by "
        "`batch.center.size`, and add nothing that is there once a batch"
    )


def check_example(model: Any, example: Any) -> None:
    """Check that one example without leading axes has the loss that it has as a batch of one.

    Parameters
    ----------
    model
        As for `check_sum`.
    example : NamedTuple or dict of arrays
        Without leading axes.

    Raises
    ------
    CompileError
        That says what to write.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> class Own(tw.Module):
    ...     def __init__(self):
    ...         self.w = tw.Parameter(np.ones((9, 4), np.float32))
    ...     def loss(self, batch):
    ...         return (self.w[batch["ids"]].sum(axis=1) ** 2).sum()
    >>> check_example(Own(), {"ids": np.array([1, 2, 3, 4])})
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.CompileError: Own.loss is given one window, without an axis for the \
batch in front, so its axes are counted from the end, such as `axis=-1`: it is ...
    """
    alone = _mapped(lambda array: np.asarray(array)[None], example)
    with _for_trial(model):
        right = _loss(model, alone)
        if _loss(model, alone) != right:
            return  # it is random, and is refused when it is traced
        try:
            loss = _loss(model, example)
        except (ValueError, IndexError, TypeError) as error:
            raise CompileError(f"{_TRAILING.format(type(model).__name__)}: {error}") from error
    if _differ(loss, right):
        raise CompileError(
            f"{_TRAILING.format(type(model).__name__)}: it is {loss:.6g} for one window, and "
            f"{right:.6g} for a batch of this window alone"
        )


def _mapped(change: Callable[[Any], Any], batch: Any) -> Any:
    """The same kind of batch with all arrays changed."""
    if isinstance(batch, Mapping):
        return {name: change(array) for name, array in batch.items()}
    return type(batch)(*map(change, batch))


_TRAILING = (
    "{0}.loss is given one window, without an axis for the batch in front, so its axes are counted "
    "from the end, such as `axis=-1`"
)


def _differ(loss: float, right: float) -> bool:
    return abs(loss - right) > TOLERANCE * max(abs(loss), abs(right))  # no NaN differs


def _loss(model: Any, batch: Any) -> float:
    with no_grad(), np.errstate(all="ignore"):
        loss = model.loss(batch)
    if not isinstance(loss, Node) or np.size(loss._data) != 1:
        shape = getattr(loss, "shape", None)
        given = f"a {type(loss).__name__}" + ("" if shape is None else f" of the shape {shape}")
        raise InputError(
            f"{type(model).__name__}.loss(batch) returned {given}: return one number that depends "
            "on the Parameters, the sum over the batch's windows, such as `losses.sum()`"
        )
    return float(loss)  # type: ignore[arg-type]


@contextmanager
def _for_trial(model: Module) -> Iterator[None]:
    """Give the tables numbers that tell losses apart, as long as the block runs."""
    rng = np.random.default_rng(0)
    kept: list[tuple[Any, Any]] = []
    with Trial(model):
        try:
            for parameter in model.parameters():
                data = parameter.data
                for part in (data[:_ROWS], data[_ROWS:][-_ROWS:]) if data.ndim else ():
                    if not part.flags.writeable:
                        continue  # frozen, and a mapped file, say
                    kept.append((part, part.copy()))
                    part += 0.1 * rng.normal(size=part.shape)
            yield
        finally:
            for part, before in kept:
                part[...] = before
