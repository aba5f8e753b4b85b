"""Runs: whatever happens to them, they go on to the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from file_operations import Ended, Lost, Scenario, in_child

from tinygrad_w2v import Word2Vec
from tinygrad_w2v._base import files
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli import results
from tinygrad_w2v._cli.run_folder import FILES
from tinygrad_w2v.cli import main as command
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint
from tinygrad_w2v.training.engines.numpy import NumpyRun

EPOCHS = 2
# Six batches an epoch.
SMALL = ("--epochs", EPOCHS, "--sample", 0, "--engine", "numpy", "--batch", 8)
OPTIONS = ("--size", 4, "--min-count", 1, *SMALL)
# The others tell of times.
SAME = [name for name in FILES if name in ("vectors.txt", "model.npz", "loss.svg", "graph.svg")]


def train(*words: object) -> int:
    """Run ``tinygrad-w2v train``."""
    return command(["train", *map(str, words)])


def at_a_step(happen: Callable[[], object]) -> None:
    """Let something happen in the second epoch of this process's training."""
    left, real = [9], NumpyRun.step

    def step(self: NumpyRun, batch: Any, lr: float) -> float:
        left[0] -= 1
        if not left[0]:
            happen()
        return real(self, batch, lr)

    NumpyRun.step = step  # type: ignore[method-assign]


def killed(act: Callable[[], int], root: Path) -> None:
    """Do something that trains in a child, and kill that in its second epoch."""

    def broken() -> int:
        at_a_step(lambda: os.kill(os.getpid(), signal.SIGKILL))
        return act()

    assert in_child(broken, root).status == -signal.SIGKILL


class Run(Scenario):
    """A run of the command; whatever happens to it, it goes on to the same bytes."""

    more: tuple[object, ...] = ()
    to_its_end = True

    def prepare(self, root: Path) -> None:
        rng = np.random.default_rng(5)
        words = np.array(["cat", "dog", "cow", "red", "blue"])
        lines = "\n".join(" ".join(rng.choice(words, size=6)) for _ in range(8))
        (root / "text.txt").write_text(lines + "\n", encoding="utf-8")

    def command(self, root: Path) -> tuple[object, ...]:
        """Return the words of its command line."""
        return (root / "text.txt", *OPTIONS, *self.more, "--output", root / "out")

    def act(self, root: Path) -> int:
        return train(*self.command(root))

    def learn(self, root: Path) -> None:
        self.whole = {name: (root / "out" / name).read_bytes() for name in SAME}

    def old(self) -> dict[str, bytes] | None:
        """Return the files of the run that was there before, if one was."""
        return None

    def check(self, root: Path, ended: Ended, how: str) -> None:
        out = root / "out"
        self._files_belong_together(out, how)
        if how == "full" and "move this file to" in ended.said:
            kept = ended.said.partition("is kept in ")[2].partition(": move this file to")[0]
            shutil.move(kept, out / "checkpoints")
        if (out / "checkpoints" / "run.json").exists():
            self._goes_on(out, root, ended)
        elif (found := _files(out)) in ({}, self.old()) and ended.status != 0:
            # Nothing had begun that could go on; what was there before is.
            again = in_child(lambda: self.act(root), root)
            if again.status != 0:
                raise Lost(f"it does not begin anew: {again.said}")
            if (out / "checkpoints" / "run.json").exists():  # it is interrupted each time
                self._goes_on(out, root, again)
        elif found != self.whole:
            raise Lost("there is neither a run to go on with nor one that was there before")
        else:
            in_child(lambda: train("--resume", "--output", out), root)  # which tidies up
        if _files(out) != self.whole:
            raise Lost("it ended with other bytes")
        if names := sorted({path.name for path in out.iterdir()} ^ set(FILES)):
            raise Lost(f"these are too many, or not there: {names}")

    def _goes_on(self, out: Path, root: Path, ended: Ended) -> None:
        last = _last(out)
        trained = self.to_its_end and ended.trained == self.undisturbed.trained
        trained = trained or (last is not None and last.state.epoch == EPOCHS)
        resumed = in_child(lambda: train("--resume", "--output", out), root)
        if resumed.status != 0:
            raise Lost(f"it does not go on: {resumed.said}")
        if trained and resumed.trained:
            raise Lost(f"{resumed.trained} batches were trained again")

    def _files_belong_together(self, out: Path, how: str) -> None:
        """Where settings.json stands, it tells of all files; each of them is whole in any case."""
        found, old = _files(out), self.old() or {}
        if (out / "settings.json").exists():
            settings = json.loads((out / "settings.json").read_text(encoding="utf-8"))
            for name in ("vectors", "model"):
                content = found[FILES[0] if name == "vectors" else FILES[1]]
                if settings[f"{name}_sha256"] != hashlib.sha256(content).hexdigest():
                    raise Lost("settings.json stands beside files of two runs")
            if settings["finished"] and found not in (self.whole, old):
                raise Lost("a finished run has other files")
        elif how in ("kill", "full"):
            for name, content in found.items():
                if content not in (self.whole[name], old.get(name)):
                    raise Lost(f"{name} is of neither run")


def _files(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in SAME if (out / name).exists()}


def _last(out: Path, name: str = "checkpoints") -> Any:
    try:
        return newest_checkpoint(out / name, lambda text: None)
    except InputError as error:
        raise Lost(f"no checkpoint can be read: {error}") from error


class Overwritten(Run):
    """A run in place of a finished one."""

    more = ("--overwrite", "--seed", 7)

    def prepare(self, root: Path) -> None:
        super().prepare(root)
        in_child(lambda: train(root / "text.txt", *OPTIONS, "--output", root / "out"), root)
        self._old = _files(root / "out")

    def old(self) -> dict[str, bytes] | None:
        return self._old


class OverwrittenUnfinished(Run):
    """A run in place of one that was killed: one of the two goes on, or the new one begins."""

    more = ("--overwrite", "--seed", 7)

    def prepare(self, root: Path) -> None:
        super().prepare(root)
        out = root / "out"
        killed(lambda: train(root / "text.txt", *OPTIONS, "--output", out), root)
        shutil.copytree(out, root / "copy")
        assert in_child(lambda: train("--resume", "--output", root / "copy"), root).status == 0
        self.first = _files(root / "copy")
        shutil.rmtree(root / "copy")

    def check(self, root: Path, ended: Ended, how: str) -> None:
        request = root / "out" / "checkpoints" / "run.json"
        if request.exists() and '"seed": 7' not in request.read_text(encoding="utf-8"):
            self._goes_on(root / "out", root, ended)
            if _files(root / "out") != self.first:
                raise Lost("the run that was there ended with other bytes")
        else:
            super().check(root, ended, how)


class Resumed(Run):
    """A run that was killed in its second epoch goes on."""

    def prepare(self, root: Path) -> None:
        super().prepare(root)
        killed(lambda: train(*self.command(root)), root)
        assert _last(root / "out") is not None

    def act(self, root: Path) -> int:
        return train("--resume", "--output", root / "out")


class Updated(Overwritten):
    """A run that learns on from the one that it replaces."""

    def prepare(self, root: Path) -> None:
        super().prepare(root)
        more = root / "more.txt"
        more.write_text("cat goat dog goat cow goat\n" * 9, encoding="utf-8")

    def command(self, root: Path) -> tuple[object, ...]:
        update = ("--update", root / "out", "--overwrite")
        return (root / "more.txt", *update, *SMALL, "--output", root / "out")


class Interrupted(Run):
    """Ctrl-C ends a run in its second epoch; its files are written, and it can go on."""

    to_its_end = False

    def act(self, root: Path) -> int:
        at_a_step(lambda: signal.raise_signal(signal.SIGINT))
        return train(*self.command(root))

    def learn(self, root: Path) -> None:
        self.interim = _files(root / "out")
        assert "checkpoints" in {path.name for path in (root / "out").iterdir()}
        assert in_child(lambda: train("--resume", "--output", root / "out"), root).status == 0
        super().learn(root)

    def old(self) -> dict[str, bytes] | None:
        return self.interim


class TrainedInPython(Run):
    """``Word2Vec(checkpoint=...)``: the same call with ``resume=True`` goes on."""

    def _model(self, root: Path, resume: bool) -> int:
        Word2Vec(
            corpus_file=root / "text.txt", vector_size=4, min_count=1, epochs=EPOCHS, sample=0,
            engine="numpy", checkpoint=root / "kept", checkpoint_minutes=1, resume=resume,
        ).save(root / "model")  # fmt: skip
        return 0

    def act(self, root: Path) -> int:
        return self._model(root, resume=False)

    def learn(self, root: Path) -> None:
        self.learned = _learned(root / "model")
        self.batches = in_child(lambda: self._model(root, resume=True), root).trained

    def check(self, root: Path, ended: Ended, how: str) -> None:
        last = _last(root, "kept")
        again = in_child(lambda: self._model(root, resume=True), root)
        if again.status != 0:
            raise Lost(f"it does not go on: {again.said}")
        if last is not None and again.trained >= self.batches:
            raise Lost("it began anew")
        if _learned(root / "model") != self.learned:
            raise Lost("it ended with other vectors")
        if left := list((root / "kept").iterdir()):
            raise Lost(f"checkpoints are left over: {left}")


def _learned(path: Path) -> tuple[Any, ...]:
    model = Word2Vec.load(path)
    return model.wv.index_to_key, model.wv.vectors.tobytes(), model.losses


def quick_pictures() -> None:
    """Pictures are files as others are; to draw them takes long, and is not what is looked at."""

    def draw(path: Path) -> None:
        with files.safe_write(path) as file:
            file.write("<svg/>")

    results._draw_losses = lambda outcome, path: draw(path)  # type: ignore[assignment]
    results._draw_graph = lambda trained, settings, path: draw(path)  # type: ignore[assignment]


def often_kept() -> None:
    """A checkpoint is due every third time that is looked."""
    looks = [0]

    def save_when_due(self: Checkpoints, state: Any) -> Path | None:
        looks[0] += 1
        return self.save(state) if looks[0] % 3 == 0 else None

    Checkpoints.is_due = lambda self: True  # type: ignore[method-assign]
    Checkpoints.save_when_due = save_when_due  # type: ignore[method-assign]
