"""`tw.graph`: the graph of a Variable as text, as DOT, as a picture, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.checks import require_number, switch
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.language import Language
from tinygrad_w2v._base.listing import Line
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.drawing.layout.dot import Direction
from tinygrad_w2v.drawing.layout.symbols import with_symbols
from tinygrad_w2v.drawing.options import Detail, Notation, Options, check_labels, labels_of
from tinygrad_w2v.drawing.picture import Picture
from tinygrad_w2v.drawing.reading.grouping import grouped
from tinygrad_w2v.drawing.reading.program import Program
from tinygrad_w2v.drawing.reading.reader import Reader, read, why_not
from tinygrad_w2v.drawing.reading.summary import collapse as collapsed
from tinygrad_w2v.drawing.reading.text import lines_of, text_of

# The page and the animation are imported when one is made: most programs make none.
if TYPE_CHECKING:
    from tinygrad_w2v.drawing.page.passes import Passes


class Graph(Picture):
    """A drawing of the graph behind a Variable; made by `graph`.

    It shows itself in a notebook, and ``print(g)`` prints the program. It writes nothing on the
    Variables.
    """

    def __init__(
        self,
        variable: Variable,
        backward: bool,
        options: Options,
        direction: Direction,
        max_nodes: int,
        timeout: float,
    ) -> None:
        self.options = options
        self._variable = variable
        self._backward = backward
        program = self._read(backward, options.gradients)
        values = program.values.values()
        check_labels(options.labels, {v.name: v.shape for v in values if v.kind != "number"})
        super().__init__(collapsed(program, options.collapse), direction, max_nodes, timeout)
        self._lang = options.lang

    def _read(self, backward: bool, gradients: bool = False) -> Program:
        options = self.options
        shown = options.values, gradients, options.notation, options.detail
        return read(self._variable, backward, *shown)

    @cached_property
    def text(self) -> str:
        """Forward and backward as a program, one line an op.

        Where the value has no gradient, the listing ends with the reason.
        """
        return text_of(collapsed(self._both(), self.options.collapse))

    def _drawn(self, program: Program) -> Program:
        """A program with its repeated structures as boxes, and with symbols, as was asked for."""
        program = grouped(program) if self.options.group else program
        return with_symbols(program) if self.options.symbols else program

    def _both(self) -> Program:
        """Forward and backward; where there is no backward, forward and the reason."""
        try:
            return self._read(True)
        except Exception as error:  # a user's rule may raise anything; the forward part is true
            return replace(self._read(False), note=why_not(error))

    def svg(self, animated: bool = False) -> str:
        """The picture as SVG text.

        Parameters
        ----------
        animated : bool
            Show both passes over the forward graph, one after the other: values appear op by op,
            then gradients flow back. It moves wherever a picture can stand, without a script;
            readers who ask for less motion see the end of it.

        Raises
        ------
        MissingDependencyError, RenderError
            If there is no layout engine, or it fails.
        InputError
            For an animation of more than 60 ops.
        """
        if not switch("animated", animated):
            return super().svg()
        from tinygrad_w2v.drawing.page.animation import animated as animation
        from tinygrad_w2v.drawing.page.moments import Moments
        from tinygrad_w2v.drawing.page.views import views_of

        shown, whole, passes, _ = self._page_parts(self._lang)
        views, values = views_of(shown, passes, self._direction, self._timeout)
        down = self._direction == "TB"
        moments = Moments(views[0], values, whole, passes, self._lang)
        return animation(views[0], moments, self._lang, down)

    def save(self, path: PathLike, animated: bool = False) -> None:
        """Write the graph as `Picture.save` does; an SVG can be `animated`, as by `svg`."""
        target = Path(path)
        if switch("animated", animated) and target.suffix.lower() != ".svg":
            raise InputError(f"only an SVG can be animated: end {target.name!r} in .svg")
        self._save(target, lambda: self.svg(animated))

    def _page_parts(self, lang: Language) -> tuple[Program, Program, Passes, list[Line]]:
        from tinygrad_w2v.drawing.page.passes import passes_of

        reader = Reader(self._variable)
        options = self.options
        whole = reader.program(False, False, False, options.notation, options.detail)
        passes = passes_of(reader, whole, options, lang)
        shown = self._drawn(collapsed(whole, options.collapse))
        return shown, whole, passes, lines_of(self._both())


@knowing(backwards="backward", language="lang")
def graph(
    v: Variable,
    backward: bool = False,
    *,
    values: bool = False,
    gradients: bool = False,
    direction: Direction = "TB",
    collapse: str | Iterable[str] = (),
    group: bool = True,
    detail: Detail = "ops",
    notation: Notation = "gh",
    symbols: bool = False,
    labels: Mapping[str, Any] | None = None,
    lang: Language = "en",
    max_nodes: int = 8000,
    timeout: float = 30.0,
) -> Graph:
    """Draw the graph that computed `v`.

    Variables are ellipses and ops are boxes; the calls of a module are framed. A parameter or
    constant is drawn at each of its uses, and so is a value that the backward pass reads again.
    Drawing never writes ``.grad``.

    Parameters
    ----------
    v : Variable
        The result, a loss for example.
    backward : bool
        Also draw the graph of its gradients. (`.text` always prints both.)
    values : bool
        Show the numbers in the nodes: all of them where they are few, else their range.
    gradients : bool
        Show the gradient of `v` for each value in its node.
    direction : {"TB", "LR"}
        From top to bottom, or from left to right.
    collapse : str or iterable of str
        Names of modules to draw as one box.
    group : bool
        Draw repeated structures, such as ten look-ups of one table, as one box. (`.text` always
        lists them all.)
    detail : {"ops", "book"}
        How the backward pass is shown: the ops that compute it, or for each op of the forward
        pass one step for each input, as a textbook writes it: ``(softmax(x) - t) / N * g``.
    notation : {"gh", "dh", "dL/dh"}
        How the gradient of ``h`` is called; L stands for the name of the result.
    symbols : bool
        Name ops by their symbols, ``+ - × / @``, where they have a usual one.
    labels : dict, optional
        Words for a value's rows, ``{"w_in": words}``, or for its rows and columns,
        ``{"w_in": (words, features)}``; a page shows them beside the numbers.
    lang : {"en", "ja"}
        Language of the page.
    max_nodes : int
        A larger graph is drawn as a summary, with a warning.
    timeout : float
        Seconds that a layout may take.

    Returns
    -------
    Graph
        With ``.text .dot .svg() .png() .html() .save(path)``; a notebook shows it.

    Raises
    ------
    TypeError
        If `v` is not a Variable.
    InputError
        For an unknown option.
    NonDifferentiableError
        If the gradient is asked of a value that has none.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> x, w = tw.Variable([[1.0, 2.0]], name="x"), tw.Variable([[3.0], [4.0]], name="w")
    >>> h = x @ w
    >>> print(tw.graph(h * h).text)
    forward
      x      (1, 2)  variable
      w      (2, 1)  variable
      h1     (1, 1)  = matmul(x, w)
      y      (1, 1)  = multiply(h1, h1)
    <BLANKLINE>
    backward
      gy     (1, 1)  = ones
      gh1_1  (1, 1)  = multiply(gy, h1)
      gh1_2  (1, 1)  = multiply(gy, h1)
      gh1    (1, 1)  = add(gh1_1, gh1_2)
      gx     (1, 2)  = matmul(gh1, swapaxes(w, -1, -2))
      gw     (2, 1)  = matmul(swapaxes(x, -1, -2), gh1)
    """
    if not isinstance(v, Variable):
        raise TypeError(
            f"graph draws a Variable, the result of a computation, not {type(v).__name__}: "
            "run the model first, for example `tw.graph(model.loss(batch))`"
        )
    if direction not in get_args(Direction):
        raise InputError(f"direction must be 'TB' or 'LR', not {direction!r}")
    require_number("max_nodes", max_nodes, whole=True)
    require_number("timeout", timeout)
    if max_nodes < 1:
        raise InputError(f"max_nodes must be at least 1, not {max_nodes}")
    if not timeout > 0:
        raise InputError(f"timeout must be a positive number of seconds, not {timeout}")
    options = Options(
        values=switch("values", values),
        gradients=switch("gradients", gradients),
        collapse=_names(collapse),
        group=switch("group", group),
        detail=detail,
        notation=notation,
        symbols=switch("symbols", symbols),
        labels=labels_of(labels),
        lang=lang,
    )
    return Graph(v, switch("backward", backward), options, direction, max_nodes, timeout)


def _names(collapse: Any) -> tuple[str, ...]:
    names = (collapse,) if isinstance(collapse, str) or not np.iterable(collapse) else collapse
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"collapse must be the name of a module, or several, not {name!r:.60}")
    return tuple(names)
