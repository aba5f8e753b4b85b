"""`tw.graph`: a graph as text, as DOT, as a picture, as a page.

`Picture` shows any program; `Graph` is that of a Variable.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.checks import switch
from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.language import Language, check_language
from tinygrad_w2v._base.listing import Line
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.drawing.animation import animated as animation
from tinygrad_w2v.drawing.diagram import Diagram, diagram_of
from tinygrad_w2v.drawing.dot import Direction, dot_of
from tinygrad_w2v.drawing.grouping import grouped
from tinygrad_w2v.drawing.moments import Moments
from tinygrad_w2v.drawing.options import Detail, Notation, Options, check_labels, labels_of
from tinygrad_w2v.drawing.page import in_notebook, page_of
from tinygrad_w2v.drawing.passes import Passes, passes_of
from tinygrad_w2v.drawing.program import Program
from tinygrad_w2v.drawing.raster import png_of
from tinygrad_w2v.drawing.reader import Reader, read, why_not
from tinygrad_w2v.drawing.render import LayoutTimeoutError, RenderError, render, user_stacklevel
from tinygrad_w2v.drawing.summary import collapse as collapsed
from tinygrad_w2v.drawing.summary import summarised
from tinygrad_w2v.drawing.svg import finished, plain_html
from tinygrad_w2v.drawing.symbols import with_symbols
from tinygrad_w2v.drawing.text import HEADINGS, lines_of, text_of
from tinygrad_w2v.drawing.views import MOST_STEPS, views_of

# A graph with more nodes than LARGE is summarised if its layout takes longer than PATIENCE seconds.
LARGE, PATIENCE = 1000, 4.0


class Picture:
    """A program that shows itself: as text, as DOT, as a picture, as a page.

    Parameters
    ----------
    program : Program
        What is drawn.
    direction : {"TB", "LR"}
    max_nodes : int
        A larger one is drawn as a summary, with a warning.
    timeout : float
        Seconds that a layout may take.
    """

    headings = HEADINGS  # of the parts of the text

    def __init__(
        self, program: Program, direction: Direction, max_nodes: int, timeout: float
    ) -> None:
        self._program = program
        self._direction: Direction = direction
        self._max_nodes = max_nodes
        self._timeout = timeout
        self._svg: str | None = None
        self._lang: Language = "en"

    # ------------------------------------------------------------------ text
    @cached_property
    def text(self) -> str:
        """The program, one line an op."""
        return text_of(self._program, self.headings)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        name = self._program.values[self._program.result].name
        kind, ops = type(self).__name__, len(self._program.steps)
        return f"<{kind} of {name}: {ops} ops; print it, or save it as svg, png or html>"

    # ------------------------------------------------------------------ pictures
    @cached_property
    def _diagram(self) -> Diagram:
        message = "" if self._program.forward else "a leaf: no op that was recorded made it"
        diagram = diagram_of(self._drawn(self._program), message)
        count = len(diagram.nodes)
        if count > self._max_nodes:
            return self._summary(f"{count} nodes are more than max_nodes={self._max_nodes}")
        return diagram

    def _drawn(self, program: Program) -> Program:
        """What of a program is drawn: all of it."""
        return program

    def _summary(self, reason: str) -> Diagram:
        ops = len(self._program.steps)
        program = summarised(self._program)
        message = f"summary of {ops} ops in {len(program.steps)} boxes: {reason}"
        warnings.warn(
            f"the graph is drawn as a {message}; `.text` lists every op, `collapse=` and "
            "`max_nodes=` choose what is drawn",
            UserWarning,
            stacklevel=user_stacklevel(),
        )
        return diagram_of(program, message)

    @property
    def dot(self) -> str:
        """The graph in Graphviz's language."""
        return dot_of(self._diagram, self._direction)

    def svg(self) -> str:
        """The picture as SVG text.

        Raises
        ------
        MissingDependencyError
            If no layout engine is installed; `dot` and `text` work without one.
        RenderError
            If the engine fails or exceeds the time limit.
        """
        if self._svg is None:
            laid_out = self._render("svg").decode("utf-8")
            self._svg = finished(laid_out, self._diagram, self._description())
        return self._svg

    def png(self) -> bytes:
        """The picture as the bytes of a PNG file.

        Where the engine's own font lacks a character, the fonts of the system are taken; this
        needs the extra ``png``. A warning says what is missing.

        Raises
        ------
        MissingDependencyError, RenderError
            As `svg`.
        """
        return png_of(self._diagram.words, self.svg, lambda: self._render("png"))

    def html(self, lang: Language | None = None) -> str:
        """A page that needs nothing else, in which the graph is stepped through.

        Parameters
        ----------
        lang : {"en", "ja"}, optional
            Language of the page; that of the picture if it is left out.

        Raises
        ------
        MissingDependencyError, RenderError
            As `svg`.
        """
        lang = lang or self._lang
        check_language(lang)
        return page_of(*self._page_parts(lang), lang=lang, **self._layout_options())

    def _layout_options(self) -> dict[str, Any]:
        most = min(self._max_nodes, MOST_STEPS)
        return {"direction": self._direction, "timeout": self._timeout, "most": most}

    def _page_parts(self, lang: Language) -> tuple[Program, Program, Passes, list[Line]]:
        """What is drawn, the same with every op a step, its numbers, and the listing."""
        return self._program, self._program, Passes(), lines_of(self._program, self.headings)

    def _render(self, format: Any) -> bytes:
        large = len(self._diagram.nodes) > LARGE
        limit = min(self._timeout, PATIENCE) if large else self._timeout
        try:
            return render(self.dot, format, limit)
        except LayoutTimeoutError:
            if not large:
                raise
        count = len(self._diagram.nodes)
        self.__dict__["_diagram"] = self._summary(f"{count} nodes took longer than {limit:g} s")
        return render(self.dot, format, self._timeout)

    def _description(self) -> str:
        forward, backward = len(self._program.forward), len(self._program.backward)
        text = f"{forward} ops of the forward pass"
        return f"{text} and {backward} of the backward pass." if backward else f"{text}."

    # ------------------------------------------------------------------ files and notebooks
    def save(self, path: PathLike) -> None:
        """Write the graph; the suffix says what: txt, dot, svg, png or html.

        Parameters
        ----------
        path : str or path
            The file; its folder must exist.

        Raises
        ------
        InputError
            For another suffix, or a place that cannot be written.
        MissingDependencyError, RenderError
            If there is no picture; then the DOT text is written beside `path`.
        """
        self._save(Path(path), self.svg)

    def _save(self, target: Path, svg: Callable[[], str]) -> None:
        make: dict[str, Callable[[], str | bytes]] = {
            ".txt": lambda: self.text + "\n",
            ".dot": lambda: self.dot,
            ".svg": svg,
            ".png": self.png,
            ".html": self.html,
        }
        suffix = target.suffix.lower()
        if suffix not in make:
            known = " ".join(make)
            raise InputError(f"cannot tell how to draw {target.name!r}: end its name in {known}")
        try:
            content = make[suffix]()
        except (MissingDependencyError, RenderError) as error:
            kept = target.with_suffix(".dot")
            _write(kept, self.dot)
            kind = type(error)
            raise kind(f"{target} was not drawn, its DOT text is in {kept}: {error}") from error
        _write(target, content)

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except (MissingDependencyError, RenderError):
            return None

    def _repr_html_(self) -> str:
        """The page in a frame; where there is no picture, the listing."""
        try:
            return in_notebook(self.html(), self.text, self._lang)
        except (MissingDependencyError, RenderError) as error:
            return plain_html(self.text, str(error))


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
        reader = Reader(self._variable)
        options = self.options
        whole = reader.program(False, False, False, options.notation, options.detail)
        passes = passes_of(reader, whole, options, lang)
        shown = self._drawn(collapsed(whole, options.collapse))
        return shown, whole, passes, lines_of(self._both())


def _write(target: Path, content: str | bytes) -> None:
    with safe_write(target, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8"))


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
    if max_nodes < 1:
        raise InputError(f"max_nodes must be at least 1, not {max_nodes}")
    if not timeout > 0:
        raise InputError(f"timeout must be a positive number of seconds, not {timeout}")
    names = (collapse,) if isinstance(collapse, str) else tuple(collapse)
    words = labels_of(labels)
    options = Options(values, gradients, names, group, detail, notation, symbols, words, lang)
    return Graph(v, backward, options, direction, max_nodes, timeout)
