"""The languages that pages and curves are written in.

Each page keeps its own table of words, ``{key: {"en": ..., "ja": ...}}``; here stands only which
languages there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from tinygrad_w2v._base.errors import InputError

Language = Literal["en", "ja"]


def check_language(lang: str) -> None:
    """Refuse a language that nothing is written in.

    Raises
    ------
    InputError
        The message lists those that there are.
    """
    if lang not in get_args(Language):
        known = " or ".join(map(repr, get_args(Language)))
        raise InputError(f"lang must be {known}, not {lang!r}")


def words_in(lang: Language, table: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The words of one language.

    Parameters
    ----------
    lang : {"en", "ja"}
    table : mapping
        By key and language.

    Examples
    --------
    >>> words_in("ja", {"loss": {"en": "loss", "ja": "損失"}})
    {'loss': '損失'}
    """
    check_language(lang)
    return {key: texts[lang] for key, texts in table.items()}
