r"""Text of others on a terminal: it is shown, and never obeyed.

A word may hold ``\x1b[2J``, which clears a screen, a newline, which forges a line of its own, or
a mark that turns the rest of a line from right to left. A path may hold ``$(...)``, which a shell
runs when a line that names it is pasted.
"""

import os
import re
import shlex
from collections.abc import Collection, Sequence

# Control characters, ends of lines and paragraphs, marks of direction, a byte order mark, and
# halves of surrogate pairs. Joiners stay: scripts and emoji need them.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ud800-\udfff]"
)


def displayed(text: str) -> str:
    r"""Return a text as one line that does nothing to a terminal but appear on it.

    Examples
    --------
    >>> displayed("naïve 猫"), displayed("a\x1b[2Jb\n")
    ('naïve 猫', 'a\\x1b[2Jb\\n')
    """
    return _UNSAFE.sub(lambda unsafe: unsafe[0].encode("unicode_escape").decode("ascii"), text)


def pasted(word: str) -> str:
    r"""Return a word of a command line so that a shell takes it as it is, whatever it holds.

    What cannot be shown is written as ``$'\x1b'``, which bash, zsh and ksh read.

    Examples
    --------
    >>> print(pasted("w2v-out"), pasted("my run"), pasted("$(reboot)"), pasted("a\x1b"))
    w2v-out 'my run' '$(reboot)' $'a\x1b'
    """
    if _UNSAFE.search(word) is None:
        return shlex.quote(word)
    inside = re.sub(r"[\\']", r"\\\g<0>", word)
    return "$'" + _UNSAFE.sub(lambda unsafe: _in_bytes(unsafe[0]), inside) + "'"


def option(name: str, value: str) -> str:
    """Return an option and its value, to be pasted.

    Examples
    --------
    >>> print(option("--vectors", "my run"), option("--vectors", "-run"))
    --vectors 'my run' --vectors=-run
    """
    return f"{name}{'=' if value.startswith('-') else ' '}{pasted(value)}"


def literal(text: str) -> str:
    r"""Return a text as a literal of Python that may stand between a shell's double quotes.

    Examples
    --------
    >>> print(literal("v.model"), literal("$(a)"))
    'v.model' '\x24\x28a\x29'
    """
    plain = re.compile(r"[\w./: -]")
    return "'" + "".join(c if plain.match(c) else _in_python(c) for c in text) + "'"


def _in_python(character: str) -> str:
    code = ord(character)
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def _in_bytes(character: str) -> str:
    try:
        data = os.fsencode(character)
    except UnicodeEncodeError:
        data = character.encode("utf-8", "surrogatepass")
    return "".join(f"\\x{byte:02x}" for byte in data)


def aligned(rows: Sequence[Sequence[str]], left: Collection[int]) -> list[str]:
    r"""Return a table's rows as lines, the heading underlined; columns not in `left` are numbers.

    Examples
    --------
    >>> print(*aligned([("word", "count"), ("you", "12"), ("i", "3")], left=(0,)), sep="\n")
    word  count
    ----  -----
    you      12
    i         3
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in (rows[0], ["-" * width for width in widths], *rows[1:]):
        cells = enumerate(zip(row, widths, strict=True))
        padded = [cell.ljust(n) if i in left else cell.rjust(n) for i, (cell, n) in cells]
        lines.append("  ".join(padded).rstrip())
    return lines
