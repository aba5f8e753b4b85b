"""The file of a `Word2Vec`: an npz archive with the settings as JSON beside the tables.

It is a file of `WordVectors`, too: ``WordVectors.load`` reads the words and vectors from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.npz import read_arrays
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors.archive import read_archive, write_archive

_FORMAT = "tinygrad_w2v Word2Vec 1"


class SavedModel(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    vocabulary : Vocabulary
        Words and counts.
    tables : dict of str to array
        The model's parameters by name.
    description : dict
        The keywords and what was counted on the way, as plain JSON values.
    """

    vocabulary: Vocabulary
    tables: dict[str, AnyArray]
    description: dict[str, Any]


def write_model(
    path: PathLike,
    vocabulary: Vocabulary,
    tables: Mapping[str, AnyArray],
    description: Mapping[str, Any],
) -> None:
    """Write a model, whole or not at all.

    Parameters
    ----------
    path
        The file, under exactly this name.
    vocabulary, tables, description
        As in `SavedModel`; `tables` has ``w_in``, a row a word.

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
    text = json.dumps(whole, ensure_ascii=False, default=plain)
    others = {f"model.{name}": table for name, table in tables.items() if name != "w_in"}
    others["word2vec"] = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    write_archive(path, vocabulary.words, tables["w_in"], vocabulary.counts, others)


def read_model(path: PathLike) -> SavedModel:
    """Read what `write_model` wrote.

    Raises
    ------
    InputError
        When the file is missing, damaged, or no model; a pickle is refused.
    """
    contents = read_archive(path)
    arrays = read_arrays(path)
    if "word2vec" not in arrays or contents.counts is None:
        raise InputError(
            f"{path} holds no Word2Vec model to train on; for vectors use WordVectors.load"
        )
    try:
        text = arrays["word2vec"].astype(np.uint8).tobytes().decode("utf-8", "surrogatepass")
        description = json.loads(text)
        found = description.pop("format")
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} is damaged: its settings are no JSON: {error}") from error
    if found != _FORMAT:
        raise InputError(f"{path} is of the format {found!r}; this version reads {_FORMAT!r}")
    tables = {
        name.removeprefix("model."): array
        for name, array in arrays.items()
        if name.startswith("model.")
    }
    vocabulary = Vocabulary(contents.words, contents.counts)
    return SavedModel(vocabulary, {"w_in": contents.vectors} | tables, description)


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
