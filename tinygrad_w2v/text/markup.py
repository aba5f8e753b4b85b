"""Prose from docstrings: code and markup are removed, each paragraph becomes one line."""

import re
from collections.abc import Iterator

_UNDERLINE = re.compile(r"\s*([-=~^*_#+.`\"'<>|:])\1*(\s+\1+)*\s*$")
_DIRECTIVE = re.compile(r"\s*\.\. +(?:[\w:-]+::|_[^:]*:|\[[^\]]*\])\s*")
# These directives hold no prose of the document.
_SILENT_DIRECTIVE = re.compile(
    r"\s*\.\. +(?:math|code|code-block|plot|index|testsetup|testcode|doctest|ipython|image|"
    r"figure|table|csv-table|autosummary|include|productionlist)::"
)
_ITEM = re.compile(r"\s*(?:[-*+o]|\(?\d+[.)]|\[\d+\])\s+")
_NUMPY_FIELD = re.compile(r"\s*[\w*., ()\[\]'\"-]+ : ")
_ROLE = re.compile(r":[a-z:+-]+:`[~!]?([^`<]*?)\s*(?:<[^`]*>)?`")
_TITLED_LINK = re.compile(r"`([^`<]+?)\s*<[^`>]*>`_*")
_LITERAL = re.compile(r"``?([^`]*)``?_?")
_EMPHASIS = re.compile(r"(?<![\w*])\*{1,2}(?=\S)([^*]+?)(?<=\S)\*{1,2}(?![\w*])")
_ADDRESS = re.compile(r"<?(?:https?|ftp)://\S+>?|\S+@\S+\.\w+")
_CODE_LINE = re.compile(
    r"::=|\s*(?:def|class|import|from|for|while|if|elif|try|except|with|return|print|async|@\w+)\b"
    r".*[:)\]]$|\s*[\w.\[\]]+ *(?:[-+*/|&]?=|->) *\S|\s*[\w.]+\(.*\)[.:]?$|\s*[$%#] |\s*import "
)


def prose(document: str) -> Iterator[str]:
    r"""Yield the paragraphs of a docstring or of a text in reStructuredText, as one line each.

    Doctests with their output, literal blocks, lines of code, tables, underlines and the markup of
    roles, literals and emphasis are removed; the words that they mark stay.

    Parameters
    ----------
    document
        The text, without the indentation of its source.

    Yields
    ------
    str
        A paragraph, a list's item or a parameter's description.

    Examples
    --------
    >>> list(prose("Return the *largest*\nof ``x``.\n\n>>> max([1])\n1\n\nSee :func:`min`."))
    ['Return the largest of x.', 'See min.']
    """
    for paragraph in _paragraphs(_without_code(document.expandtabs().splitlines())):
        text = _without_marks(" ".join(paragraph))
        letters = sum(map(str.isalpha, text))
        # Tables, signatures and formulas have few letters for their length; a single word, such as
        # a heading, has no neighbours to learn from.
        if " " in text and letters > 0.65 * len(text):
            yield text


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _without_code(lines: list[str]) -> Iterator[str]:
    """Yield the lines outside doctests and literal blocks; a blank line for each removed part."""
    inside: int | None = None
    doctest = False
    for line in lines:
        blank = not line.strip()
        if inside is not None:
            if blank or _indent(line) > inside:
                continue
            inside = None
        if doctest and not blank:
            continue
        doctest = line.lstrip().startswith(">>>")
        if doctest or blank or _UNDERLINE.match(line):
            yield ""
        elif _SILENT_DIRECTIVE.match(line):
            inside = _indent(line)
            yield ""
        elif match := _DIRECTIVE.match(line):
            yield ""
            yield " " * _indent(line) + line[match.end() :]
        elif line.rstrip().endswith("::"):
            inside = _indent(line)
            yield line.rstrip()[:-1]
        else:
            yield "" if _CODE_LINE.match(line) else line


def _paragraphs(lines: Iterator[str]) -> Iterator[list[str]]:
    """Join lines; a blank line, an item, a field or a change of indentation begins a paragraph."""
    paragraph: list[str] = []
    indent = 0
    after_item = False
    for line in lines:
        if not line.strip():
            begins = True
        elif _ITEM.match(line) or _NUMPY_FIELD.match(line):
            begins = True
        else:
            begins = _indent(line) != indent and not (after_item and _indent(line) > indent)
        if begins and paragraph:
            yield paragraph
            paragraph = []
        if line.strip():
            item = _ITEM.match(line)
            if not paragraph or not after_item:
                indent = _indent(line)
            after_item = (after_item and bool(paragraph)) or item is not None
            paragraph.append(line[item.end() :].strip() if item else line.strip())
    if paragraph:
        yield paragraph


def _without_marks(text: str) -> str:
    for mark in (_ROLE, _TITLED_LINK):
        text = mark.sub(r"\1", text)
    text = _ADDRESS.sub(" ", text)
    for mark in (_LITERAL, _EMPHASIS):
        text = mark.sub(r"\1", text)
    return " ".join(text.split())
