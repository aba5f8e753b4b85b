"""A `Word2Vec` put into a file and taken out of it; a pickle of one holds such a file.

Only names that are known here are taken from a file: its keywords come from whoever wrote it, and
may neither name a text to train on nor a folder to write into.
"""

from __future__ import annotations

import math
import numbers
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.json_object import json_object
from tinygrad_w2v.word2vec.file import SavedModel, read_model, write_model
from tinygrad_w2v.word2vec.keywords import keywords_for
from tinygrad_w2v.word2vec.settings import TrainingSettings

# What is counted during training, with its type.
COUNTED: dict[str, type] = {
    "corpus_count": int,
    "corpus_total_words": int,
    "losses": list,
    "heldout_losses": list,
    "unigram_loss": float,
    "total_train_time": float,
    "_epochs_drawn": int,
    "_latest_loss": float,
}
# What files need not have: the command keeps no times, so that equal runs leave equal files.
_USUAL = {"total_train_time": 0.0, "_latest_loss": 0.0}
# What a pickle does not have beside the file: what is in that, and what `save` leaves out.
_NOT_BESIDE = {"_alpha", *COUNTED, "vocabulary", "model", "callbacks", "trim_rule"} | {
    "_wv",
    "_run",
    "_watched",
    "_moving",
    "_given_model",
}


def save_model(model: Any, path: PathLike) -> None:
    """Write a `Word2Vec` with a vocabulary into a file."""
    description = {
        "keywords": keywords_of(model),
        "counted": {name: getattr(model, name) for name in COUNTED},
        "own_model": None if model._given_model is None else type(model.model).__name__,
    }
    tables, beside = model.model.state_dict(), model._beside()
    named = _class_of(model.SETTINGS.KIND)
    vectors = model._own_vectors()
    write_model(path, model.vocabulary, tables, description | named, vectors, beside)


def _class_of(kind: str) -> dict[str, str]:
    """How a file names the class of its model; it does not name `Word2Vec`."""
    return {} if kind == "Word2Vec" else {"class": kind}


def keywords_of(model: Any) -> dict[str, Any]:
    """Return the keywords that make a `Word2Vec` like this one."""
    return {name: getattr(model, name) for name in model.KEPT} | {"alpha": model._alpha}


def load_model(kind: type, path: PathLike, given: Any) -> Any:
    """Return the `Word2Vec` of a file.

    Parameters
    ----------
    kind
        The class.
    path
        The file.
    given
        The model of the user's that it is for, if there was one.

    Raises
    ------
    InputError
        When it does not fit the file, or that is damaged.
    """
    saved = read_model(path)
    try:
        loaded, saved = _unfilled(kind, path, saved, given)
        fill(loaded, saved)
    except (KeyError, TypeError, InputError) as error:
        raise InputError(f"{path}: {error}") from error
    return loaded


def settings_of(kind: type, path: PathLike, saved: SavedModel) -> TrainingSettings:
    """Return how the model of a file is trained.

    Parameters
    ----------
    kind
        The class `Word2Vec`.
    path, saved
        The file and what it holds.

    Raises
    ------
    InputError
        When that cannot be told, or it is a model of a user's.
    """
    own = saved.description.get("own_model")
    if own is not None:
        raise InputError(f"{path}: {_in_no_file(own)}")
    try:
        settings: TrainingSettings = _unfilled(kind, path, saved, None)[0].settings()
    except (TypeError, InputError) as error:
        raise InputError(f"{path}: {error}") from error
    return settings


def _unfilled(kind: Any, path: PathLike, saved: SavedModel, given: Any) -> tuple[Any, SavedModel]:
    """Return a `Word2Vec` by the keywords of a file, without its words."""
    if not saved.description:
        saved = saved._replace(description=_described_beside(path))
    if saved.kind != kind.SETTINGS.KIND:
        raise InputError(f"it is a model of {saved.kind}; read it by {saved.kind:.40}.load(path)")
    keywords = _known(saved.description.get("keywords"), "keywords", kind.KEPT)
    return kind(**keywords, **({} if given is None else {"model": given})), saved


def _in_no_file(own: object) -> str:
    whose = "a model of yours" if own is None else f"your model {own!s:.60}"
    return (
        f"the class of {whose} is in no file; give what Word2Vec was given: load(path, model=...)"
    )


def run_description(
    settings: TrainingSettings, more: Mapping[str, Any], counted: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a file says of a model that was trained without the class.

    Parameters
    ----------
    settings, more
        How it was trained, and keywords that are no settings.
    counted
        Of `COUNTED`.
    """
    keywords = keywords_for(settings) | dict(more)
    described = {"keywords": keywords, "counted": dict(counted), "own_model": None}
    return described | _class_of(settings.KIND)


def _described_beside(path: PathLike) -> dict[str, Any]:
    """What ``settings.json`` tells of the model of a run of version 0.1."""
    place = Path(path).with_name("settings.json")
    try:
        run = json_object(place.read_bytes())
        settings, text, heldout = (run[name] for name in ("settings", "text", "heldout"))
        counted = {
            "corpus_count": text["sentences"],
            "corpus_total_words": text["words"],
            "losses": [math.nan if loss is None else loss for loss in run["losses"]],
            "heldout_losses": heldout["losses"] if heldout else [],
            "unigram_loss": heldout["unigram_loss"] if heldout else None,
            "_epochs_drawn": len(run["losses"]),
        }
        return run_description(TrainingSettings(**settings), {}, counted)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"it is of a run of version 0.1, whose settings are in {place}, which cannot be read: "
            f"{error}; for the vectors alone use WordVectors.load"
        ) from error


def fill(model: Any, saved: SavedModel) -> None:
    """Give a new `Word2Vec` the words, tables and numbers of a file.

    Raises
    ------
    InputError
        When they do not fit.
    """
    counted = _USUAL | _known(saved.description.get("counted"), "counted", COUNTED)
    for name, kind in COUNTED.items():
        setattr(model, name, _of_kind(name, counted[name], kind))
    model.vocabulary = saved.vocabulary
    model._take_beside(saved.beside)
    shape = model.settings().input_rows(len(saved.vocabulary)), model.vector_size
    if model._given_model is None and saved.tables["w_in"].shape != shape:
        raise InputError(f"its vectors have shape {saved.tables['w_in'].shape}, not {shape}")
    model.model = model._new_model(len(saved.vocabulary))
    own = saved.description.get("own_model")
    remedy = _in_no_file(own)
    try:
        model.model.load_state_dict(saved.tables)
    except InputError as error:
        if model._given_model is not None:
            raise
        raise InputError(f"{error}; {remedy}") from error
    if own is not None and model._given_model is None:
        raise InputError(remedy)  # its tables fit by chance
    for name, table in saved.tables.items():
        if not np.isfinite(table).all():
            raise InputError(f"its {name} holds NaN or infinity: that training has diverged")


def pickled(model: Any, base: type) -> tuple[Any, ...]:
    """Return what a pickle of a `Word2Vec` holds: its class, its file, what stands beside it.

    Parameters
    ----------
    model
        The model.
    base
        `Word2Vec` itself, which its class may derive from.
    """
    if model.vocabulary is not None:
        model._kept_words()
    left = _NOT_BESIDE.union(model.KEPT, model.IN_FILE)
    beside = {name: value for name, value in vars(model).items() if name not in left}
    if model.vocabulary is None:
        return unpickled, (type(model), keywords_of(model), b"", model._given_model, beside, base)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.npz")
        model.save(path)
        data = path.read_bytes()
    return unpickled, (type(model), keywords_of(model), data, model._given_model, beside, base)


def unpickled(
    kind: Any,
    keywords: dict[str, Any],
    data: bytes,
    given: Any,
    beside: dict[str, Any],
    base: Any = None,  # that of version 0.1 has none
) -> Any:
    """Return the `Word2Vec` that `pickled` took apart."""
    # A class of the user's may be made of other arguments; its own attributes are beside.
    model = kind.__new__(kind)
    own = {} if given is None else {"model": given}
    (kind if base is None else base).__init__(model, **keywords, **own)
    if data:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.npz")
            with safe_write(path, "wb") as file:
                file.write(data)
            fill(model, read_model(path))
    vars(model).update(beside)
    return model


def _known(stored: Any, what: str, names: Any) -> dict[str, Any]:
    if not isinstance(stored, Mapping):
        raise InputError(f"it has no {what}")
    if unknown := set(stored) - set(names):
        raise InputError(f"it holds {what} that no model keeps: {sorted(unknown)!s:.100}")
    return dict(stored)


def _of_kind(name: str, value: Any, kind: type) -> Any:
    numbers_wanted = numbers.Integral if kind is int else numbers.Real
    if kind is list:
        fits = isinstance(value, list) and all(isinstance(v, numbers.Real) for v in value)
    else:
        fits = isinstance(value, numbers_wanted) or (value is None and name == "unigram_loss")
    if not fits:
        raise InputError(f"its {name} is {value!r:.60}")
    return value
