"""A program as text, as DOT, as a picture, as a page, whatever it is the program of."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.language import Language, check_language
from tinygrad_w2v._base.listing import Line
from tinygrad_w2v.drawing.layout.diagram import Diagram, diagram_of
from tinygrad_w2v.drawing.layout.dot import Direction, dot_of
from tinygrad_w2v.drawing.layout.raster import png_of
from tinygrad_w2v.drawing.layout.render import (
    LayoutTimeoutError,
    RenderError,
    render,
    user_stacklevel,
)
from tinygrad_w2v.drawing.layout.svg import finished, plain_html
from tinygrad_w2v.drawing.reading.program import Program
from tinygrad_w2v.drawing.reading.summary import summarised
from tinygrad_w2v.drawing.reading.text import HEADINGS, lines_of, text_of

if TYPE_CHECKING:
    from tinygrad_w2v.drawing.page.passes import Passes

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
        from tinygrad_w2v.drawing.page.page import page_of

        return page_of(*self._page_parts(lang), lang=lang, **self._layout_options())

    def _layout_options(self) -> dict[str, Any]:
        from tinygrad_w2v.drawing.page.views import MOST_STEPS

        most = min(self._max_nodes, MOST_STEPS)
        return {"direction": self._direction, "timeout": self._timeout, "most": most}

    def _page_parts(self, lang: Language) -> tuple[Program, Program, Passes, list[Line]]:
        """What is drawn, the same with every op a step, its numbers, and the listing."""
        from tinygrad_w2v.drawing.page.passes import Passes

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
        from tinygrad_w2v.drawing.page.page import in_notebook

        try:
            return in_notebook(self.html(), self.text, self._lang)
        except (MissingDependencyError, RenderError) as error:
            return plain_html(self.text, str(error))


def _write(target: Path, content: str | bytes) -> None:
    with safe_write(target, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
