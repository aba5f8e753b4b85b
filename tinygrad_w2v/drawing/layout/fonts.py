"""Which installed fonts have the characters of a picture, and what to install where none has.

matplotlib, which is installed with this package, finds and reads the fonts of a system. A font is
opened only when those that are preferred to it leave a character over.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tinygrad_w2v._base.errors import MissingDependencyError

# In this order: letters that are as wide as Helvetica's, by which layouts are measured; Japanese;
# other Chinese characters and Korean; pictures; what matplotlib brings along.
PREFERRED = (
    *("Helvetica", "Arial", "Liberation Sans", "Arimo", "Nimbus Sans", "Noto Sans"),
    *("Hiragino Sans", "Yu Gothic", "Meiryo", "Noto Sans CJK JP", "Noto Sans JP"),
    *("Source Han Sans JP", "IPAexGothic", "IPAGothic", "TakaoPGothic", "VL PGothic", "MS Gothic"),
    *("Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei"),
    *("Noto Sans CJK KR", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", "NanumGothic"),
    *("Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", "Noto Emoji"),
    "DejaVu Sans",
)
_ORDER = {name: position for position, name in enumerate(PREFERRED)}
# They have a box for every character, or something else in its place.
_NOT_FOR_TEXT = re.compile(r"\.?Last ?Resort|Adobe (Blank|NotDef)|cm[a-z]+10$|STIX(Non|Size)")


class Family(NamedTuple):
    """A family of fonts and those of the characters asked for that it has."""

    name: str
    files: tuple[str, ...]  # the regular one first
    characters: frozenset[str]
    coloured: bool = False  # made of bitmaps


class Coverage(NamedTuple):
    """The families that a picture needs, the preferred first, and what none of them has."""

    families: tuple[Family, ...]
    missing: frozenset[str]

    def family_of(self, text: str) -> Family | None:
        """The family that has most of a text; one of coloured pictures only for nothing else."""
        found = [family for family in self.families if family.characters & set(text)]
        return max(
            found,
            key=lambda family: (not family.coloured, len(family.characters & set(text))),
            default=None,
        )


def visible(text: str) -> frozenset[str]:
    r"""The characters of a text that are drawn.

    Examples
    --------
    >>> sorted(visible("h \u200d\n損"))
    ['h', '損']
    """
    return frozenset(
        c
        for c in text
        if not unicodedata.category(c).startswith(("C", "Z")) and not 0xFE00 <= ord(c) <= 0xFE0F
    )


@functools.lru_cache(maxsize=64)
def coverage(characters: frozenset[str], coloured: bool = True) -> Coverage:
    """The fewest preferred families that have these characters.

    Parameters
    ----------
    characters : frozenset of str
        See `visible`.
    coloured : bool
        Whether fonts made of bitmaps can be used.

    Examples
    --------
    >>> found = coverage(visible("loss"))
    >>> len(found.families), sorted(found.missing)
    (1, [])
    """
    taken: list[Family] = []
    missing = characters
    for family in _installed() if characters else ():
        if not missing:
            break
        if family.coloured and not coloured:
            continue
        has = characters_in(family.files[0], characters)
        if has & missing:
            taken.append(family._replace(characters=has))
            missing -= has
    return Coverage(tuple(taken), missing)


def characters_in(path: str, characters: Iterable[str]) -> frozenset[str]:
    """Those of `characters` that a font file has."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):  # it was removed, or is damaged
        return frozenset()
    return frozenset(c for c in characters if font.get_char_index(ord(c)))


def advice(missing: Iterable[str], coloured: bool = True) -> str:
    """What to tell a user of characters that no installed font has.

    Examples
    --------
    >>> advice("分散")
    'no installed font has 分散; install Noto Sans CJK (Debian: fonts-noto-cjk)'
    """
    kinds: dict[str, None] = {}
    for character in sorted(missing):
        kinds[_suggestion(character, coloured)] = None
    shown = "".join(sorted(missing))
    shown = shown if len(shown) <= 24 else f"{shown[:24]}… ({len(shown)} characters)"
    return f"no installed font has {shown}; install {' and '.join(kinds)}"


def _suggestion(character: str, coloured: bool) -> str:
    name, kind = unicodedata.name(character, ""), unicodedata.category(character)
    if kind[0] in "LP" and unicodedata.east_asian_width(character) in "WFH":
        return "Noto Sans CJK (Debian: fonts-noto-cjk)"
    if kind == "Sm" or name.startswith("MATHEMATICAL"):
        return "Noto Sans Math (Debian: fonts-noto-core)"
    if kind[0] in "LMN":
        return f"Noto Sans for {name.partition(' ')[0].title()} (Debian: fonts-noto-core)"
    if coloured:
        return "Noto Color Emoji (Debian: fonts-noto-color-emoji)"
    return "Symbola (Debian: fonts-symbola)"  # matplotlib draws outlines only


# ---------------------------------------------------------------------- the fonts of the system
@functools.lru_cache(maxsize=1)
def _installed() -> tuple[Family, ...]:
    """All families, the preferred first; others by name, upright and without serifs first."""
    files: dict[tuple[str, bool], list[tuple[bool, int, str]]] = {}
    for name, path, weight, upright, coloured in _files():
        if _NOT_FOR_TEXT.match(name):
            continue
        if upright or not files.get((name, coloured)):
            entry = (not upright, abs(weight - 400), path)
            files.setdefault((name, coloured), []).append(entry)
    families = [
        Family(
            name, tuple(dict.fromkeys(path for *_, path in sorted(entries))), frozenset(), colour
        )
        for (name, colour), entries in files.items()
    ]
    return tuple(sorted(families, key=_rank))


def _rank(family: Family) -> tuple[int, bool, str]:
    odd = any(word in family.name for word in ("Serif", "Mono", "Mincho", "Ming", "Condensed"))
    return _ORDER.get(family.name, len(PREFERRED)), odd, family.name


def _files() -> Iterator[tuple[str, str, int, bool, bool]]:
    """Name, path, weight, whether upright, whether of bitmaps, of each file.

    matplotlib keeps its list from earlier runs: a font that was installed since is added.
    """
    try:
        from matplotlib import font_manager
        from matplotlib.ft2font import FT2Font
    except ImportError as error:
        raise MissingDependencyError(
            "fonts are found by matplotlib: `pip install matplotlib`"
        ) from error
    with warnings.catch_warnings():
        # At its first use matplotlib writes its list of fonts in the default encoding.
        warnings.simplefilter("ignore", EncodingWarning)
        manager = font_manager.fontManager
    listed = {str(entry.fname) for entry in manager.ttflist}
    for path in font_manager.findSystemFonts():
        if path in listed:
            continue
        try:
            manager.addfont(path)
        except NotImplementedError:  # made of bitmaps
            yield FT2Font(path).family_name, path, 400, True, True
        except (OSError, RuntimeError):
            continue
    for entry in manager.ttflist:
        weight = entry.weight
        number = font_manager.weight_dict.get(weight, 400) if isinstance(weight, str) else weight
        yield entry.name, str(entry.fname), number, entry.style == "normal", False
