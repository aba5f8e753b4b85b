"""`Trainer`: the loop of the book, for any module that returns its mean loss.

for each epoch:
shuffle;  for each batch:  loss = model(x, t);  loss.backward();  clip;  step
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.language import Language
from tinygrad_w2v._base.notebook import html_table
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v._base.randomness import generator
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.nn.module import Module
from tinygrad_w2v.optim.arguments import checked_parameters
from tinygrad_w2v.optim.clipping import clip_grads
from tinygrad_w2v.optim.optimizer import Optimizer


class Interval(NamedTuple):
    """What is noted every `eval_interval` iterations, and at the end of a `fit`."""

    epoch: int  # epochs begun, over all calls of `fit`
    iteration: int  # iterations done, over all calls of `fit`
    loss: float  # mean over the samples since the interval before
    seconds: float  # since the `fit` began


class Intervals(list[Interval]):
    """The intervals of a training, in a notebook a table of the first and the last of them."""

    def _repr_html_(self) -> str:
        shown = [*self[:5], *self[-5:]] if len(self) > 10 else self
        rows = [
            [f"{h.epoch}", f"{h.iteration}", f"{h.loss:.4g}", f"{h.seconds:.2f}"] for h in shown
        ]
        left_out = [["…"] * 4] if len(self) > 10 else []
        rows[5:5] = left_out
        return html_table(rows, Interval._fields, f"{len(self):,} intervals", named=False)


class Trainer:
    """Train a model on arrays, in shuffled batches.

    Parameters
    ----------
    model : Module
        ``model(x_batch, t_batch)`` returns the mean loss over the batch, a Variable.
    optimizer : Optimizer
        One without parameters is bound to the model's. Parameters that it does not hold are frozen.

    Attributes
    ----------
    history : list of Interval
        Epoch, iteration, mean loss and elapsed seconds of each interval.
    losses : list of float
        The mean losses alone.
    interrupted : bool
        Whether the last `fit` was ended by Ctrl-C.

    Raises
    ------
    InputError
        If the model has no Parameters, or the optimizer has others.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> class Line(tw.Module):
    ...     def __init__(self):
    ...         self.slope = tw.Parameter(0.0)
    ...     def forward(self, x, t):
    ...         return ((self.slope * x - t) ** 2).mean()
    >>> x = np.linspace(-1, 1, 10)
    >>> trainer = tw.Trainer(Line(), tw.optim.SGD(lr=0.5))
    >>> trainer.fit(x, 2 * x, max_epoch=20, batch_size=4, quiet=True)
    >>> round(float(trainer.model.slope), 3), len(trainer.losses)
    (2.0, 3)
    >>> trainer  # doctest: +ELLIPSIS
    Trainer(Line, SGD(lr=0.5) of 1 parameter(s); trained 20 epochs, 60 iterations, loss ... last)
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = trainer.plot(f"{folder}/loss.svg")
    """

    def __init__(self, model: Module, optimizer: Optimizer) -> None:
        if not callable(model) or not hasattr(model, "parameters"):
            raise InputError(
                f"Trainer: the model is of type {type(model).__name__}; give a tw.Module, and the "
                "optimizer after it"
            )
        if not isinstance(optimizer, Optimizer):
            raise InputError(
                f"Trainer: the optimizer is {optimizer!r}; give one, such as `tw.optim.Adam()`"
            )
        owned = checked_parameters(f"Trainer of {type(model).__name__}", model.parameters())
        if not optimizer.parameters:
            optimizer.bind(owned)
        elif not {id(p) for p in optimizer.parameters} & {id(p) for p in owned}:
            raise InputError(
                f"Trainer: the optimizer's parameters are none of {type(model).__name__}'s: make "
                "the optimizer without parameters, or with `model.parameters()`"
            )
        self.model = model
        self.optimizer = optimizer
        self.history = Intervals()
        self.interrupted = False
        self._epochs = self._iterations = 0
        self._eval_interval = 0

    @property
    def losses(self) -> list[float]:
        """Mean loss of each interval."""
        return [interval.loss for interval in self.history]

    if not TYPE_CHECKING:  # a checker reports unknown attributes itself

        def __getattr__(self, name: str) -> Any:
            from tinygrad_w2v._base.unknown_names import attribute_of

            return attribute_of(self, name, "Trainer")

    @knowing(epochs="max_epoch", epoch="max_epoch", max_epochs="max_epoch", batch="batch_size")
    def fit(
        self,
        x: Any,
        t: Any,
        max_epoch: int = 10,
        batch_size: int = 32,
        max_grad: float | None = None,
        eval_interval: int | None = 20,
        rng: np.random.Generator | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        """Train for `max_epoch` rounds over all samples; called again, it goes on.

        Ctrl-C ends it at once and keeps what was learned (`interrupted` is True then).

        Parameters
        ----------
        x, t : array ``(samples, ...)``
            Inputs and targets.
        max_epoch : int
            How often all samples are gone through.
        batch_size : int
            Samples a step; what is left at an epoch's end makes a smaller batch.
        max_grad : float, optional
            Clip the gradients to this common norm; see `clip_grads`.
        eval_interval : int, optional
            Iterations over which a loss is averaged; None: one epoch.
        rng : numpy.random.Generator, optional
            Shuffles each epoch; by default ``default_rng(0)``.
        quiet : bool
            Show no progress.

        Raises
        ------
        InputError
            If `x` and `t` do not fit, a number is not positive, or the model returns no loss.
        NonFiniteError
            If the loss is NaN or infinite; the parameters are those of the step before.
        """
        inputs, targets = _checked_samples(x, t)
        steps_in_epoch = -(-len(inputs) // _positive("batch_size", batch_size))
        interval = steps_in_epoch if eval_interval is None else eval_interval
        self._eval_interval = _positive("eval_interval", interval)
        samples = len(inputs) * _positive("max_epoch", max_epoch)
        if max_grad is not None and not max_grad > 0:
            raise InputError(f"Trainer.fit: max_grad is {max_grad}; give a positive number or None")
        rng = generator(rng)
        parameters = self.model.parameters()
        mean = _Mean(time.perf_counter())
        self.interrupted = False
        self.model.train()
        try:
            with Progress(samples, "samples", "training", quiet=quiet) as progress:
                for _ in range(max_epoch):
                    self._epochs += 1
                    for batch in _batches(len(inputs), batch_size, rng):
                        loss = self._step(inputs[batch], targets[batch], parameters, max_grad)
                        self._iterations += 1
                        mean.add(loss, len(batch))
                        if self._iterations % self._eval_interval == 0:
                            self._note(mean)
                        progress.update(len(batch), loss=mean.latest(), epoch=self._epochs)
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            self._note(mean)

    def plot(
        self,
        path: PathLike | None = None,
        ylim: tuple[float, float] | None = None,
        *,
        title: str = "",
        floor: float | None = None,
        floor_label: str | None = None,
        lang: Language = "en",
    ) -> Any:
        """Draw the losses, into a file (svg, png, pdf, jpg) or, without `path`, on the screen.

        Parameters
        ----------
        path : path, optional
            The picture to write; needs no display.
        ylim : (float, float), optional
            Lower and upper end of the axis of the loss.
        title : str
            A heading.
        floor : float, optional
            The lowest loss that is possible, drawn as a line.
        floor_label : str, optional
            What the line is called; its number if not given.
        lang : {"en", "ja"}
            The language of the labels.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        InputError
            If there is no loss yet, or the file cannot be written.
        """
        from tinygrad_w2v.drawing.curves.loss_curve import plot_losses

        return plot_losses(
            self.losses,
            path,
            ylim,
            eval_interval=self._eval_interval or None,
            title=title,
            floor=floor,
            floor_label=floor_label,
            lang=lang,
        )

    def __repr__(self) -> str:
        what = f"{type(self.model).__name__}, {self.optimizer!r}"
        seen = ", ".join(f"{name} {value}" for name, value in self._seen().items())
        return f"Trainer({what}; {seen or 'not trained yet'})"

    def _repr_html_(self) -> str:
        """Show how far it is, with the curve of the loss."""
        from tinygrad_w2v.drawing.curves.small_curve import small_curve

        rows = {"model": type(self.model).__name__, "optimizer": repr(self.optimizer)}
        return html_table((rows | self._seen()).items(), caption="Trainer") + small_curve(
            self.losses
        )

    def _seen(self) -> dict[str, str]:
        """What has been trained, in words."""
        if not self.history:
            return {}
        first, last = self.losses[0], self.losses[-1]
        seen = {
            "trained": f"{self._epochs:,} epochs, {self._iterations:,} iterations",
            "loss": f"{first:.4g} at first, {last:.4g} at last",
        }
        return seen | ({"stopped": "by Ctrl-C"} if self.interrupted else {})

    def _step(
        self, x: AnyArray, t: AnyArray, parameters: list[Any], max_grad: float | None
    ) -> float:
        """One step; returns the mean loss of the batch before it."""
        for parameter in parameters:
            parameter.grad = None
        self.optimizer.zero_grad()
        result = self.model(x, t)
        if not isinstance(result, Variable) or result.size != 1:
            raise InputError(
                f"Trainer.fit: {type(self.model).__name__}(x, t) returned {_kind(result)}: it "
                "must return the mean loss of the batch, a Variable of one number"
            )
        loss = float(result)
        if not math.isfinite(loss):
            raise NonFiniteError(
                f"the loss is {loss} at iteration {self._iterations + 1} (epoch {self._epochs}, "
                f"lr {self.optimizer.lr:g}): lower the learning rate, or clip with max_grad=1.0; "
                "inside `with tw.debug():` the op that made it is named"
            )
        result.backward(np.ones(result.shape, result.dtype))
        if max_grad is not None:
            clip_grads(self.optimizer.parameters, max_grad)  # what is frozen has no part in it
        self.optimizer.step()
        return loss

    def _note(self, mean: _Mean) -> None:
        """Close the interval, if it holds anything."""
        if mean.count:
            seconds = time.perf_counter() - mean.start
            self.history.append(Interval(self._epochs, self._iterations, mean.close(), seconds))


class _Mean:
    """Mean loss over samples since the last `close`: a short batch counts for what it holds."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.total = 0.0
        self.count = 0
        self._last = math.nan

    def add(self, loss: float, count: int) -> None:
        self.total += loss * count
        self.count += count

    def latest(self) -> float:
        """The mean so far; just after `close` that of the interval which was closed."""
        return self.total / self.count if self.count else self._last

    def close(self) -> float:
        self._last = self.total / self.count
        self.total, self.count = 0.0, 0
        return self._last


def _batches(samples: int, batch_size: int, rng: np.random.Generator) -> Iterator[IntArray]:
    order = rng.permutation(samples)
    for start in range(0, samples, batch_size):
        yield order[start : start + batch_size]


def _checked_samples(x: Any, t: Any) -> tuple[AnyArray, AnyArray]:
    inputs, targets = (
        np.asarray(part._data if isinstance(part, Node) else part) for part in (x, t)
    )
    for name, part in (("x", inputs), ("t", targets)):
        if part.ndim == 0:
            raise InputError(f"Trainer.fit: {name} is one number; give an array of samples")
    if len(inputs) != len(targets):
        raise InputError(
            f"Trainer.fit: x has {len(inputs)} samples and t has {len(targets)}: both count "
            "samples along their first axis, and must have as many"
        )
    if len(inputs) == 0:
        raise InputError("Trainer.fit: x has no samples; is the text longer than its window?")
    return inputs, targets


def _positive(name: str, number: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise InputError(f"Trainer.fit: {name} is {number!r}; give a whole number from 1")
    return int(number)


def _kind(result: Any) -> str:
    if isinstance(result, Variable):
        return f"a Variable of shape {result.shape}"
    return f"a {type(result).__name__}"
