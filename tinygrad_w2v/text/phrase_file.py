"""Files of phrases: JSON, so that reading one runs nothing of whoever wrote it.

A function of a score is no part of a file: its name is, and who loads the file gives it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.json_object import json_object

FORMAT = "tinygrad_w2v phrases"


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and value == value


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _are(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(kind, value.values()))


_SETTINGS: dict[str, Callable[[Any], bool]] = {
    "min_count": _is_number,
    "threshold": _is_number,
    "delimiter": lambda value: isinstance(value, str) and bool(value),
    "scoring": lambda value: isinstance(value, str),
    "connector_words": _are_words,
}
# What each kind of file holds, and what that must be.
FIELDS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "Phrases": _SETTINGS
    | {
        "max_vocab_size": lambda value: _is_count(value) and value > 0,
        "corpus_word_count": _is_count,
        "min_reduce": _is_count,
        "vocab": _are(_is_count),
    },
    "Phraser": _SETTINGS | {"phrases": _are(_is_number)},
    "rounds": {"rounds": lambda value: isinstance(value, list) and bool(value)},
}


def write_phrases(path: PathLike, kind: str, content: Mapping[str, Any]) -> None:
    """Write a file of phrases, whole or not at all.

    Parameters
    ----------
    path
        The file.
    kind, content
        What it holds, as in `FIELDS`.

    Raises
    ------
    InputError, WriteError
        When it cannot be written.
    """
    with safe_write(path, "wb") as file:
        file.write(bytes_of(kind, content))


def bytes_of(kind: str, content: Mapping[str, Any]) -> bytes:
    r"""Return a file of phrases as its bytes.

    Examples
    --------
    >>> bytes_of("rounds", {"rounds": []})
    b'{"format": "tinygrad_w2v phrases", "kind": "rounds", "rounds": []}\n'
    """
    text = json.dumps({"format": FORMAT, "kind": kind, **content}, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def read_phrases(path: PathLike, *kinds: str) -> dict[str, Any]:
    """Return what a file of phrases holds, checked.

    Parameters
    ----------
    path
        The file.
    *kinds
        Those that will do.

    Raises
    ------
    InputError
        When it is missing, damaged, or something else.
    """
    try:
        content = json_object(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path} is damaged or no file of phrases: {error!s:.80}") from error
    if content.get("format") != FORMAT or content.get("kind") not in [*FIELDS]:
        raise InputError(f"{path} is no file of phrases: it was not written by Phrases or Phraser")
    if content["kind"] not in kinds:
        raise InputError(
            f"{path} holds {content['kind']}, not {kinds[0]}; "
            + (
                "read it with read_rounds"
                if content["kind"] == "rounds"
                else f"load it with {content['kind']}.load"
            )
        )
    check_fields(content, path)
    return content


def check_fields(content: Any, path: PathLike) -> None:
    """Refuse an object of a file that lacks something, or holds it as another kind.

    Raises
    ------
    InputError
        It names the first such thing.
    """
    if not isinstance(content, dict) or content.get("kind") not in [*FIELDS]:
        raise InputError(f"{path} is damaged: {content!r:.40} is no kind of phrases")
    for name, right in FIELDS[content["kind"]].items():
        if not right(content.get(name)):
            raise InputError(f"{path} is damaged: its {name} is {content.get(name)!r:.40}")
