"""Do the backward rules agree with numbers? `check_grads` measures every slope and compares.

The first order compares the gradients of a function, or of a Module's loss, with differences of
its values (`order_check`). The second is the same check on the gradients themselves, as a
function of the arguments and of the weights that the outputs are given; and so on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_w2v._base.checks import require_number
from tinygrad_w2v._base.errors import GradientError, InputError
from tinygrad_w2v._base.language import Language, check_language
from tinygrad_w2v._base.randomness import generator
from tinygrad_w2v.autograd.debugging.leaving import watching
from tinygrad_w2v.autograd.transforms.recorded_call import name_of
from tinygrad_w2v.checking.checkable import Checkable, Gradients, checkable
from tinygrad_w2v.checking.findings import message
from tinygrad_w2v.checking.gradient_report import GradientReport
from tinygrad_w2v.checking.measurement import Comparison
from tinygrad_w2v.checking.order_check import OrderCheck, Tolerance
from tinygrad_w2v.drawing.options import Labels, check_labels, labels_of


def check_grads(
    f: Any,
    *args: Any,
    order: int = 1,
    eps: float | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    rng: np.random.Generator | None = None,
    verbose: bool = False,
    labels: Mapping[str, Any] | None = None,
    lang: Language = "en",
) -> GradientReport:
    """Compare the gradients of ``f`` with central differences; return a report if they agree.

    Everything is computed in float64, whatever the arguments' dtype. Arrays of at most 64 entries
    are checked entry by entry, larger ones along random directions (among the entries that the
    gradient reaches, and among the others) and in single entries. Of several outputs, or an output
    of many elements, a random projection with fixed weights is differentiated.

    Parameters
    ----------
    f : callable or Module
        Returns a Variable, or nested tuples, lists and dicts of them. Of a Module, or a method of
        one, every parameter is checked: of ``f.loss(*args)`` where there is a `loss` that takes
        them, else of ``f(*args)``; its data and dtypes are restored.
    *args
        Arrays, numbers, Variables, row gradients, nested tuples, lists and dicts of them. Integer
        arrays and other objects are handed on and not differentiated; Python's integers, too,
        unless nothing else is there.
    order : int
        2 checks the second derivatives as well, 3 the third, and so on.
    eps : float, optional
        The step, relative to the size of the value (1e-5). Given, no other step is tried.
    rtol, atol : float, optional
        Allowed error relative to the slope (1e-6), and absolute (by default what rounding makes).
    rng : numpy.random.Generator, optional
        Draws weights and directions; ``default_rng(0)`` by default.
    verbose : bool
        Print one line for each argument and order.
    labels : dict, optional
        By the name of an argument or parameter the words of its rows (a list, or `id_to_word`),
        or a pair of those of its rows and of its columns: ``{"w_in": words}``. Errors and the
        report then name an entry by its words, too.
    lang : {"en", "ja"}
        The language of the report in a notebook and on its page.

    Returns
    -------
    GradientReport
        Always true. It prints as a summary; a notebook and ``.save("report.html")`` show rule,
        measurement, difference and uncertainty of each entry, and the worst of them. Of a large
        array it holds the entries and directions that were measured, never the array.

    Raises
    ------
    GradientError
        When a rule and the finite difference differ: with the worst entry, both numbers, the
        relative error, whether it looks like a kink, and what to do. Also when a rule writes into
        an array that it was given, when a value is not finite, when `f` is not deterministic, and
        when there is nothing to compare. Its ``report`` is that of all that was measured.
    InputError
        For an option that cannot be: the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> f = lambda x, w: np.tanh(x @ w)
    >>> print(tw.check_grads(f, np.ones((2, 3)), np.ones((3, 2)), order=2))  # doctest: +ELLIPSIS
    check_grads: the gradients of f agree with finite differences
      first order: 2 arrays, 12 entries, worst relative error ...
    >>> class Square(tw.Function):
    ...     def forward(self, x):
    ...         self.save(x)
    ...         return x * x
    ...     def backward(self, g):
    ...         (x,) = self.saved
    ...         return g * x  # the factor 2 is missing
    >>> tw.check_grads(lambda x: Square()(x), np.array([1.0, 3.0]))
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.GradientError: check_grads: the gradient of f is wrong at x[...
    """
    tolerance = _tolerance(eps, rtol, atol)
    check_language(lang)
    require_number("order", order, whole=True)
    if order < 1:
        raise InputError(f"must be 1, 2, ..., not {order}", setting="order")
    report = GradientReport(name_of(f), int(order), atol, lang)
    try:
        with watching():
            checked = checkable(f, args)
            report.function = checked.name
            words = _words(checked, labels)
            for compared in _comparisons(checked, report.order, tolerance, generator(rng), words):
                report.comparisons.append(compared)
                if verbose:
                    sys.stdout.write(compared.line() + "\n")
            if report.worst is not None and report.worst.wrong:
                raise GradientError(message(report.worst))
    except GradientError as error:
        report.failure, error.report = str(error), report
        raise
    return report


def _tolerance(eps: float | None, rtol: float | None, atol: float | None) -> Tolerance:
    """The tolerance that was asked for, refused where it is none."""
    for name, value in (("eps", eps), ("rtol", rtol), ("atol", atol)):
        if value is None:
            continue
        require_number(name, value)
        if not (value > 0 or (value == 0 and name != "eps")) or value == np.inf:
            least = "more than 0" if name == "eps" else "0 or more"
            raise InputError(f"must be a finite number, {least}, not {value}", setting=name)
    return Tolerance(eps, rtol, atol)


def _comparisons(
    checked: Checkable,
    order: int,
    tolerance: Tolerance,
    rng: np.random.Generator,
    words: list[Labels],
) -> Iterator[Comparison]:
    """What is measured of each array, order by order; the first order with an error is the last."""
    hidden = 0.0
    with checked.prepared():
        for level in range(1, order + 1):
            check = OrderCheck(checked, level, tolerance, rng, hidden)
            compared = check.run()
            # Behind the arrays stand the gradients of outputs, which nobody gave words for.
            none = [Labels()] * (len(compared) - len(words))
            yield from map(_labelled, compared, [*words, *none])
            if any(comparison.wrong for comparison in compared):
                return
            hidden = check.scale
            if level < order:
                checked = Gradients(checked, check.weights)


# ---------------------------------------------------------------------- words
def _words(checked: Checkable, labels: Any) -> list[Labels]:
    """The words of each array that is checked, where `labels` gives any."""
    given = labels_of(labels)
    rows = [checked.labelled_rows(number) for number in range(len(checked.values))]
    shapes = {name: shape for name, (shape, _) in zip(checked.names, rows, strict=True)}
    found = []
    for name, (shape, held) in zip(checked.names, rows, strict=True):
        # Each by itself: two arrays of one name may have different shapes.
        check_labels(given, {**shapes, name: shape}, f"the check of {checked.name}")
        words = given.get(name, Labels())
        if held is not None and words.rows:
            words = words._replace(rows=tuple([words.rows[int(row)] for row in held]))
        found.append(words)
    return found


def _labelled(comparison: Comparison, words: Labels) -> Comparison:
    """The comparison with the words of what was measured; the table may have many more."""
    met = [m.index for m in comparison.entries if m.index]
    rows, columns = (
        {index[axis]: its_words[index[axis]] for index in met} if its_words else {}
        for axis, its_words in enumerate(words)
    )
    return replace(comparison, words=(rows, columns))
