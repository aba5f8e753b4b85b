"""The errors and warnings of this library: each names the thing, the place and the remedy.

Every error also is the built-in error that a caller would expect (a `ShapeError` is a
`ValueError`), so that no one has to know these names to catch them.
"""


class TinygradError(Exception):
    """Base of all errors that this library raises on purpose."""


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
    """A derivative rule and the numerical derivative differ."""


class InputError(TinygradError, ValueError):
    """A user's text, file or option cannot be used; the message is one clear line."""


class PlaceError(InputError, IndexError):
    """An id or an index of a window is no place of what it indexes."""


class WriteError(TinygradError, OSError):
    """A file could not be written: a full disk, a lost folder; what stood there stands."""


class MissingDependencyError(TinygradError, ImportError):
    """An optional library or program is needed; the message says what to install."""


class CompileError(TinygradError, TypeError):
    """A model cannot be compiled: an op, an index or a use of a size has no instruction."""


class GraphWarning(UserWarning):
    """A value left the graph while derivatives were taken: they do not see what became of it."""


class LogitsWarning(UserWarning):
    """A loss was given probabilities where it wants scores: it makes probabilities itself."""


class EngineWarning(UserWarning):
    """Something runs by a way that is many times slower than another; the message says why."""
