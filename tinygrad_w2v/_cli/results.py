"""The folder of a run: what is written into it, and when.

Nothing is written before training is over, and each file appears whole. ``settings.json`` comes
last: where it is, the run is there.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from tinygrad_w2v._base.errors import InputError, MissingDependencyError, TinygradError
from tinygrad_w2v._base.files import check_writable_folder, safe_write
from tinygrad_w2v._base.version import __version__
from tinygrad_w2v._cli.console import note
from tinygrad_w2v.drawing import RenderError, graph, plot_losses
from tinygrad_w2v.vectors.archive import write_archive
from tinygrad_w2v.word2vec import Trained, TrainingSettings, small_batch, windows_in_batch

FILES = ("vectors.txt", "model.npz", "history.jsonl", "loss.svg", "graph.svg", "settings.json")


class TextFacts(NamedTuple):
    """What a run was trained on, and how the text was read."""

    sources: list[str]
    sha256: str
    words: int
    known_words: int
    sentences: int
    tokenizer: str
    lower: bool
    errors: str


class RunFolder:
    """The folder that a run will be written into; it is checked, and made, before the run.

    Where the run comes to nothing, a folder that was made for it goes again.

    Raises
    ------
    InputError
        When it cannot be written, or holds a run already.
    """

    def __init__(self, path: str, overwrite: bool = False) -> None:
        self.path = Path(path)
        found = [name for name in FILES if (self.path / name).exists()]
        if found and not overwrite:
            raise InputError(
                f"{path} holds a run already ({', '.join(found)}); replace it with --overwrite, or "
                "name another folder with --output"
            )
        for name in found:
            if (self.path / name).is_dir():
                raise InputError(f"{self.path / name} is a folder; name another --output")
        candidates = [self.path, *self.path.parents]
        self._made = [folder for folder in candidates if not folder.exists()]
        try:
            check_writable_folder(path)
        except InputError as error:
            self._remove_if_empty()
            raise InputError(f"--output: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._remove_if_empty()

    def _remove_if_empty(self) -> None:
        with suppress(OSError):
            for folder in self._made:
                folder.rmdir()

    def write(
        self,
        trained: Trained,
        settings: TrainingSettings,
        text: TextFacts,
        engine: tuple[str, str],
    ) -> None:
        """Write all files of a run; a picture that fails is said and does not stop the others."""
        (self.path / "settings.json").unlink(missing_ok=True)
        vectors, history = trained.vectors, trained.history
        write_archive(
            self.path / "model.npz",
            vectors.index_to_key,
            vectors.vectors,
            vectors.counts,
            {"w_out": trained.model.w_out.data},
        )
        vectors.save_word2vec_format(self.path / "vectors.txt")
        with safe_write(self.path / "history.jsonl") as file:
            for record in history.records:
                file.write(json.dumps(record._asdict()) + "\n")
        self._draw("loss.svg", lambda path: _draw_losses(trained, settings, path))
        self._draw("graph.svg", lambda path: _draw_graph(trained, settings, path))
        description = describe(trained, settings, text, engine)
        description["vectors_sha256"] = _digest(self.path / "vectors.txt")
        with safe_write(self.path / "settings.json") as file:
            file.write(json.dumps(description, indent=2, ensure_ascii=False) + "\n")

    def _draw(self, name: str, draw: Callable[[Path], object]) -> None:
        path = self.path / name
        path.unlink(missing_ok=True)  # an old picture would be of another run
        try:
            draw(path)
        except (MissingDependencyError, RenderError, InputError) as error:
            note(f"note: {name} was not drawn: {error}")


def describe(
    trained: Trained, settings: TrainingSettings, text: TextFacts, engine: tuple[str, str]
) -> dict[str, Any]:
    """Return all that decides the outcome of a run, and what came of it."""
    history, counts = trained.history, trained.vectors.counts
    resolved = dataclasses.asdict(settings)
    resolved["alpha"] = settings.first_alpha
    resolved["batch"] = windows_in_batch(settings, np.asarray(counts))
    return {
        "finished": not history.interrupted,
        "settings": resolved,
        "engine": {"name": engine[0], "why": engine[1]},
        "text": text._asdict(),
        "vocabulary": len(trained.vectors),
        "losses": [None if math.isnan(loss) else loss for loss in history.losses],
        "words_trained": history.words,
        "seconds": round(history.seconds, 3),
        "words_per_second": round(history.words / max(history.seconds, 1e-9)),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return what the numbers may depend on.

    Examples
    --------
    >>> sorted(versions())
    ['numpy', 'platform', 'python', 'tinygrad_w2v']
    """
    return {
        "tinygrad_w2v": __version__,
        "python": sys.version.partition(" ")[0],
        "numpy": np.__version__,
        "platform": platform.platform(),
    }


def read_description(folder: Path) -> dict[str, Any]:
    """Return a folder's ``settings.json``.

    Raises
    ------
    InputError
        When it is not there or not one of ours.
    """
    path = folder / "settings.json"
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        known = TrainingSettings.__dataclass_fields__
        TrainingSettings(**{k: v for k, v in description["settings"].items() if k in known})
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; run train first") from error
    except (ValueError, KeyError, TypeError, AttributeError, TinygradError) as error:
        raise InputError(f"{path} is not the settings of a run: {error}") from error
    found: dict[str, Any] = description
    return found


def _draw_losses(trained: Trained, settings: TrainingSettings, path: Path) -> None:
    history = trained.history
    words = history.words // max(len(history.records), 1)
    losses = [record.loss for record in history.records]
    title = f"{settings.model}: mean loss of a prediction"
    plot_losses(losses, path, smoothing=0.8, title=title, xlabel=f"{words:,} words each")


def _draw_graph(trained: Trained, settings: TrainingSettings, path: Path) -> None:
    batch = small_batch(len(trained.vectors), settings)
    graph(trained.model.loss(batch)).save(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
