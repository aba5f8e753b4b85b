"""The errors and warnings of this library: each names the thing, the place and the remedy.

Every error also is the built-in error that a caller would expect (a `ShapeError` is a
`ValueError`), so that no one has to know these names to catch them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias


class Setting(NamedTuple):
    """A setting that a message names, which each front end writes in its own words.

    `name` is a keyword of `Word2Vec`; the command line writes ``--min-count 3`` for what is written
    here as Python.

    Examples
    --------
    >>> print(Setting("min_count", 3), Setting("engine", "compiled"), Setting("window"))
    min_count=3 engine='compiled' window
    """

    name: str
    value: Any = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value!r}"


class TinygradError(Exception):
    """Base of all errors that this library raises on purpose.

    Parameters
    ----------
    problem
        What is wrong: a text, or a sequence of texts, of a `Setting` where one is named, and of
        errors whose texts are repeated.
    setting
        The name of the setting that the text begins with, if it does.
    remedy
        What to do, as the end of the text.

    Examples
    --------
    >>> error = InputError("must be 1 or more, not 0", setting="window")
    >>> str(error), error.told(lambda setting: f"--{setting.name}")
    ('window must be 1 or more, not 0', '--window must be 1 or more, not 0')
    >>> str(InputError("no word is left", remedy=("use ", Setting("min_count", 3))))
    'no word is left; use min_count=3'
    """

    parts: tuple[str | Setting, ...] = ()

    def __init__(
        self, problem: Message = "", *, setting: str | None = None, remedy: Message = ""
    ) -> None:
        named = () if setting is None else (Setting(setting), " ")
        self.parts = flat((named, problem, ("; ", remedy) if remedy else ()))
        super().__init__(*([written(self.parts)] if self.parts else []))

    def told(self, write: Write) -> str:
        """Return the text in the words of a front end, which writes the settings."""
        return written(self.parts, write) if self.parts else str(self)


def written(message: Message, write: Write = str) -> str:
    """Return a message as text.

    Examples
    --------
    >>> written(("use ", Setting("workers", 1)))
    'use workers=1'
    """
    parts = flat(message)
    return "".join(write(part) if isinstance(part, Setting) else part for part in parts)


def flat(message: Message) -> tuple[str | Setting, ...]:
    """Return the parts of a message, those of messages and errors in it among them."""
    if isinstance(message, TinygradError):
        return message.parts
    if isinstance(message, str | Setting):
        return (message,) if message else ()
    return tuple([part for inner in message for part in flat(inner)])


Message: TypeAlias = "str | Setting | TinygradError | Sequence[Message]"
Write = Callable[[Setting], str]


class ShapeError(TinygradError, ValueError):
    """The shapes of an op's inputs do not fit each other, or a gradient's shape is wrong."""


class NonScalarError(TinygradError, ValueError):
    """``backward()`` without ``grad`` on a value of more than one element."""


class NoGraphError(TinygradError, RuntimeError):
    """`backward` of a value from which no leaf can be reached."""


class MissingGradientError(TinygradError, AttributeError):
    """``x.grad.data`` was read where ``x.grad`` is None."""


class MissingRuleError(TinygradError, TypeError):
    """An op has no derivative rule, or a NumPy function has no op."""


class NonDifferentiableError(TinygradError, TypeError):
    """Derivatives were asked with respect to data that has none (integers, text, objects)."""


class InPlaceError(TinygradError, RuntimeError):
    """An array that backward needs was written into after forward had saved it."""


class NonFiniteError(TinygradError, FloatingPointError):
    """An op made NaN or infinity out of finite inputs."""


class GradientError(TinygradError, AssertionError):
    """A derivative rule and the numerical derivative differ.

    ``report`` is what `check_grads` had measured by then.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> class Square(tw.Function):
    ...     def forward(self, x):
    ...         self.save(x)
    ...         return x**2
    ...     def backward(self, g):
    ...         return g * self.saved[0]  # 2 is missing
    >>> try:
    ...     tw.check_grads(lambda x: Square()(x), 3.0)
    ... except tw.GradientError as error:
    ...     print(error)
    ...     report = error.report
    check_grads: the gradient of f is wrong at x (first order)
      backward rule      3
      finite difference  6 ...
    """

    report: Any = None


class InputError(TinygradError, ValueError):
    """A user's text, file or option cannot be used; the message is one clear line."""


class PlaceError(InputError, IndexError):
    """An id or an index of a window is no place of what it indexes."""


class WriteError(TinygradError, OSError):
    """A file could not be written: a full disk, a lost folder; what stood there stands."""


class MissingDependencyError(TinygradError, ImportError):
    """An optional library or program is needed; the message says what to install."""


class CompileError(TinygradError, TypeError):
    """A model cannot be compiled: an op, an index or a use of a size has no instruction.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> class Median(tw.Module):
    ...     def __init__(self):
    ...         self.w = tw.Parameter(np.ones(3))
    ...     def loss(self, example):
    ...         return F.sort(self.w * example["x"])[..., 1].sum()
    >>> try:
    ...     tw.compile(Median(), {"x": np.ones(3)})
    ... except tw.CompileError as error:
    ...     print(str(error).splitlines()[0])
    np.argsort cannot be compiled: a kernel orders nothing; np.max, np.min, ...
    """


class GraphWarning(UserWarning):
    """A value left the graph while derivatives were taken: they do not see what became of it.

    Examples
    --------
    >>> import warnings
    >>> import tinygrad_w2v as tw
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", tw.GraphWarning)
    ...     try:
    ...         tw.grad(lambda x: float(x) * x)(2.0)
    ...     except tw.GraphWarning as warning:
    ...         print(warning)
    float() of a Variable leaves the graph while derivatives are taken, ...
    """


class LogitsWarning(UserWarning):
    """A loss was given probabilities where it wants scores: it makes probabilities itself.

    Examples
    --------
    >>> import warnings
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> scores = tw.Variable([[0.0, 1.0]])
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", tw.LogitsWarning)
    ...     try:
    ...         F.cross_entropy(F.softmax(scores), [1])
    ...     except tw.LogitsWarning as warning:
    ...         print(warning)
    cross_entropy: the logits were made by softmax, but cross_entropy applies softmax itself: ...
    """


class EngineWarning(UserWarning):
    """Something runs by a way that is many times slower than another; the message says why.

    Examples
    --------
    To stop where it would be slow:

    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> class Median(tw.Module):
    ...     def __init__(self):
    ...         self.w = tw.Parameter(np.ones(3))
    ...     def loss(self, example):
    ...         return F.sort(self.w * example["x"])[..., 1].sum()
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", tw.EngineWarning)
    ...     try:
    ...         tw.fit(Median(), {"x": np.ones((2, 3))}, progress=False)
    ...     except tw.EngineWarning as warning:
    ...         print(warning)
    training runs on the NumPy engine, which is many times slower: ...
    """
