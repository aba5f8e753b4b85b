"""The file of a model, which the command and `Word2Vec` write: words, tables, settings as JSON.

It is an npz archive and a file of `WordVectors`, too: ``WordVectors.load`` reads the words and
vectors from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.json_object import json_object
from tinygrad_w2v._base.npz import read_arrays
from tinygrad_w2v._base.types import AnyArray, FloatArray
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors.archive import read_archive, write_archive

_FORMAT, _FORMAT_OF_0_1 = "tinygrad_w2v Word2Vec 2", "tinygrad_w2v Word2Vec 1"
_ABOUT = "word2vec"
_WORDS_AND_VECTORS = ("vectors", "words", "offsets", "counts")
_NOT_TABLES = (*_WORDS_AND_VECTORS, _ABOUT)
_PREFIX = "model."


class SavedModel(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    vocabulary : Vocabulary
        Words and counts.
    tables : dict of str to array
        The model's parameters by name.
    description : dict
        The keywords, and what was counted during training, as plain JSON values.
    beside : dict of str to array
        What else belongs to the model.
    """

    vocabulary: Vocabulary
    tables: dict[str, AnyArray]
    description: dict[str, Any]
    beside: dict[str, AnyArray]

    @property
    def kind(self) -> str:
        """The class of the model."""
        return str(self.description.get("class", "Word2Vec"))


def write_model(
    path: PathLike,
    vocabulary: Vocabulary,
    tables: Mapping[str, AnyArray],
    description: Mapping[str, Any],
    vectors: FloatArray | None = None,
    beside: Mapping[str, AnyArray] | None = None,
) -> None:
    """Write a model, whole or not at all.

    Parameters
    ----------
    path
        The file, under exactly this name.
    vocabulary, tables, description
        As in `SavedModel`; `tables` has ``w_in``, a row a word.
    vectors
        A row a word, where `w_in` is something else.
    beside
        More arrays, under the names that they have in the file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> vocabulary = Vocabulary(["say", "you"], [2, 1])
    >>> tables = {"w_in": np.eye(2), "w_out": np.zeros((2, 2))}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "model")
    ...     write_model(path, vocabulary, tables, {"epochs": 5})
    ...     saved = read_model(path)
    >>> saved.vocabulary, sorted(saved.tables), saved.description
    (Vocabulary of 2 words, 3 occurrences, ['w_in', 'w_out'], {'epochs': 5})
    """
    whole = {"format": _FORMAT} | dict(description)
    if beside:
        whole["beside"] = sorted(beside)
    text = json.dumps(whole, ensure_ascii=False, default=plain)
    own = () if vectors is not None else ("w_in",)
    others = {_member(name): table for name, table in tables.items() if name not in own}
    others |= dict(beside or {})
    others[_ABOUT] = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    rows = tables["w_in"] if vectors is None else vectors
    write_archive(path, vocabulary.words, rows, vocabulary.counts, others)


def _member(name: str) -> str:
    """A table has its own name in the file, unless that is the name of something else."""
    return _PREFIX + name if name in _NOT_TABLES or name.startswith(_PREFIX) else name


def read_model(path: PathLike) -> SavedModel:
    """Read what `write_model` wrote; `train` of version 0.1 wrote no description.

    Raises
    ------
    InputError
        When the file is missing, damaged, or no model; a pickle is refused.
    """
    contents = read_archive(path)
    arrays = read_arrays(path, skip=_WORDS_AND_VECTORS)
    about = arrays.pop(_ABOUT, None)
    if contents.counts is None or (about is None and "w_out" not in arrays):
        raise InputError(
            f"{path} holds no Word2Vec model to train on: it holds no counts or no w_out; for "
            "vectors use WordVectors.load"
        )
    vocabulary = Vocabulary(contents.words, contents.counts)
    description = {} if about is None else _description(about, path)
    beside = {name: arrays.pop(name) for name in _beside(description, arrays, path)}
    tables = {name.removeprefix(_PREFIX): array for name, array in arrays.items()}
    return SavedModel(vocabulary, {"w_in": contents.vectors} | tables, description, beside)


def _beside(
    description: dict[str, Any], arrays: Mapping[str, AnyArray], path: PathLike
) -> list[str]:
    """The names of the arrays that are no tables."""
    names = description.pop("beside", [])
    if not isinstance(names, list) or not all(isinstance(n, str) and n in arrays for n in names):
        raise InputError(f"{path} is damaged: it lacks some of {names!r:.100}")
    return list(dict.fromkeys(names))


def _description(about: AnyArray, path: PathLike) -> dict[str, Any]:
    try:
        description = json_object(about.astype(np.uint8).tobytes())
        known = description.pop("format")
    except (ValueError, KeyError) as error:
        raise InputError(f"{path} is damaged: its settings are no JSON: {error}") from error
    if known not in (_FORMAT, _FORMAT_OF_0_1):
        raise InputError(f"{path} is of the format {known!r}; this version reads {_FORMAT!r}")
    return description


def plain(value: Any) -> Any:
    """Return a NumPy number, which may have been given as a keyword, as Python's.

    Examples
    --------
    >>> plain(np.float32(0.5))
    0.5
    """
    if isinstance(value, np.generic):
        return value.item()
    raise InputError(f"a {type(value).__name__} cannot be kept in a file: {value!r:.60}")
