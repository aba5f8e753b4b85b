"""The files of a finished run, read again to be looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli.neighbors import load_vectors
from tinygrad_w2v._cli.request import Request, read_description, request_of
from tinygrad_w2v._cli.results import file_digest
from tinygrad_w2v.reports.contents import Losses, RecordLike, Seen, numbers
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.word2vec.file import read_model
from tinygrad_w2v.word2vec.settings import TrainingSettings


class StoredRun(NamedTuple):
    """What a folder tells of its run.

    Attributes
    ----------
    folder : Path
    description : dict
        ``settings.json``.
    request : Request
    records : list of Seen
        ``history.jsonl``.
    vectors : WordVectors
    """

    folder: Path
    description: dict[str, Any]
    request: Request
    records: list[RecordLike]
    vectors: WordVectors

    @property
    def losses(self) -> Losses:
        """What of it is drawn as curves."""
        heldout = self.description.get("heldout") or {}
        return Losses(
            records=self.records,
            epochs=numbers(self.description["losses"]),
            heldout=numbers(heldout.get("losses", [])),
            unigram=heldout.get("unigram_loss"),
        )


def read_run(folder: str) -> StoredRun:
    """Read the run in a folder.

    Raises
    ------
    InputError
        When there is none, or a file of it is missing or damaged.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"{folder} is not the folder of a run; make one with `tinygrad-w2v train`")
    description = read_description(place)
    request = request_of(description, str(place / "settings.json"))
    history = place / "history.jsonl"
    try:
        lines = history.read_text(encoding="utf-8").splitlines()
        records: list[RecordLike] = [_record(json.loads(line)) for line in lines]
    except OSError as error:
        raise InputError(f"{history} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise InputError(f"{history} is not the history of a run: {error}") from error
    _check_results(description, place / "settings.json")
    _check_model(description, place)
    return StoredRun(place, description, request, records, load_vectors(folder))


def stored_model(folder: Path) -> tuple[Any, TrainingSettings, Vocabulary]:
    """Return the model of a run's folder, its settings and its words.

    Raises
    ------
    InputError
        When its files do not fit each other, or there is no model.
    """
    if not (folder / "model.npz").is_file():
        raise InputError(f"the run in {folder} has no model.npz; make one with `train`")
    settings = request_of(read_description(folder), str(folder)).settings
    saved = read_model(folder / "model.npz")
    model = settings.new_model(len(saved.vocabulary))
    model.load_state_dict(saved.tables)
    return model, settings, saved.vocabulary


def _check_results(description: dict[str, Any], place: Path) -> None:
    """Refuse results that are of another kind than a run's; what they lack is left out."""
    heldout = description.get("heldout") or {}
    kinds = {name: description.get(name) or {} for name in ("text", "engine", "run", "update")}
    for name, part in {**kinds, "heldout": heldout}.items():
        if not isinstance(part, dict):
            raise InputError(f"{place} is not the settings of a run: {name} is no object")
    series = {"losses": description.get("losses"), "held-out losses": heldout.get("losses", [])}
    for name, losses in series.items():
        if not isinstance(losses, list) or not all(map(_is_number, losses)):
            raise InputError(f"{place} is not the settings of a run: {name} are no numbers")
    speed = description.get("words_per_second")
    if not (_is_number(speed) and _is_number(heldout.get("unigram_loss"))):
        raise InputError(
            f"{place} is not the settings of a run: it holds something else for a number"
        )


def _is_number(value: object) -> bool:
    """Whether JSON holds a number, or null: one that was not finite, or not known."""
    return value is None or type(value) in (int, float)


def _check_model(description: dict[str, Any], folder: Path) -> None:
    """Refuse a model that is another run's than the settings beside it."""
    file, digest = folder / "model.npz", description.get("model_sha256")
    if digest is not None and file.is_file() and file_digest(file) != digest:
        raise InputError(
            f"{file} is not the file that settings.json beside it tells of: another run is "
            "writing there, or it was replaced; train the run anew"
        )


def _record(fields: dict[str, Any]) -> Seen:
    seen = Seen(**fields)
    numbers = [seen.epoch, seen.words, seen.loss, seen.alpha, seen.seconds]
    if seen.heldout_loss is not None:
        numbers.append(seen.heldout_loss)
    if not all(type(number) in (int, float) for number in numbers):
        raise ValueError("a record holds something else than numbers")
    return seen
