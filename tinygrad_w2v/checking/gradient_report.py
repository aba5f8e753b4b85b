"""What `check_grads` returns, and what its errors carry: all that was measured, to be looked at."""

from __future__ import annotations

from pathlib import Path

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.language import Language, check_language
from tinygrad_w2v.checking.page import fragment_of, page_of
from tinygrad_w2v.checking.summary import Summary


class GradientReport(Summary):
    """All slopes that a gradient check measured; always true.

    It prints as a short summary, a notebook shows it, and `save` writes a page.

    Attributes
    ----------
    function : str
        What was checked.
    order : int
        The highest order that was asked for.
    comparisons : list of Comparison
        One for each array and order: each with its ``name``, ``shape``, ``order`` and what was
        ``measured``, by entry (``index``): ``rule``, ``finite_difference``, ``absolute_error``,
        ``relative_error``, ``uncertainty`` and ``is_wrong``.
    failure : str
        The message of the error, where the check failed.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> report = tw.check_grads(np.exp, np.array([0.0, 1.0]))
    >>> report.passed, [m.index for m in report.comparisons[0].measured]
    (True, [(0,), (1,)])
    """

    def html(self, lang: Language | None = None) -> str:
        """A page that needs nothing else: rule and measurement of each entry, the worst marked.

        Parameters
        ----------
        lang : {"en", "ja"}, optional
            That of the check by default.
        """
        lang = self.lang if lang is None else lang
        check_language(lang)
        return page_of(self, lang)

    def _repr_html_(self) -> str:
        return fragment_of(self, self.lang)

    def save(self, path: PathLike, lang: Language | None = None) -> None:
        """Write the report; the suffix says what: html, or txt for the summary.

        Parameters
        ----------
        path : str or path
            The file; its folder must exist.
        lang : {"en", "ja"}, optional
            Of the page; that of the check by default.

        Raises
        ------
        InputError
            For another suffix, another language, or a place that cannot be written.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in (".html", ".txt"):
            raise InputError(
                f"cannot tell what to write to {target.name!r}: end it in .html or .txt"
            )
        content = self.html(lang) if suffix == ".html" else self.text + "\n"
        with safe_write(target, "w") as file:
            file.write(content)
