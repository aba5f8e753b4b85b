"""End a process at every one of its file operations, and look at what it leaves.

    python tests/kill_sweep.py [--only NAME] [--how kill] [--step 1] [--first 0]

Each scenario (a run, its resume, a save, a conversion, ...) is done once undisturbed, while its
file operations are counted: opening, writing, forcing to the disk, renaming, removing, making
folders. Then it is done again for each of them, and there

    kill        the process is killed,
    full        the disk is full from then on,
    interrupt   Ctrl-C is pressed,
    twice       Ctrl-C is pressed, and again at the next operation.

Afterwards nothing good may be lost: what stood there before stands there, or what was to be
written does, whole; a run goes on to the very bytes of the one that was not disturbed, without
training what it had trained to its end. It needs a system that can fork. The exit status is 1 when
something was lost; each loss is printed with the operation.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a fork has one thread

import numpy as np

from tinygrad_w2v import Parameter, Word2Vec, WordVectors, nn
from tinygrad_w2v._base import files
from tinygrad_w2v._base.errors import InputError, TinygradError
from tinygrad_w2v._cli import results
from tinygrad_w2v._cli.run_folder import FILES
from tinygrad_w2v.cli import main as command
from tinygrad_w2v.text.cutting import TextSettings
from tinygrad_w2v.text.numbering import VocabularyRules
from tinygrad_w2v.text.rows import GrowingRow
from tinygrad_w2v.text.stored import open_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint
from tinygrad_w2v.training.eager import EagerStep
from tinygrad_w2v.vectors import formats

HOWS = ("kill", "full", "interrupt", "twice")
EPOCHS = 2
# Six batches an epoch.
SMALL = ("--epochs", EPOCHS, "--sample", 0, "--engine", "numpy", "--batch", 8)
OPTIONS = ("--size", 4, "--min-count", 1, *SMALL)
SAME = [name for name in FILES if name not in ("settings.json", "history.jsonl")]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NEEDS_ROOM = ("open", "write", "fsync", "os.mkdir")
_CHANGES = (
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.truncate",
    "os.link",
    "os.symlink",
)


class Operations:
    """Counts what this process does to files below a folder, and lets something happen at one."""

    def __init__(self, root: Path, at: int | None, how: str) -> None:
        self.root, self.at, self.how = str(root), at, how
        self.names: list[str] = []
        self._inside = False

    def install(self) -> None:
        """Begin to count; for the rest of the process."""
        sys.addaudithook(self._audited)
        # What no audit event tells of. To force files to the disk is of no use here.
        self._wrap(files._Raw, "write")
        self._wrap(GrowingRow, "append", "write")
        self._wrap(GrowingRow, "cut", "write")
        os.fsync = lambda descriptor: self.happened("fsync", "")  # type: ignore[assignment]

    def _wrap(self, kind: type, name: str, told: str = "") -> None:
        real = getattr(kind, name)

        def wrapped(*arguments: Any) -> Any:
            try:
                self.happened(told or name, "")
            except OSError as error:
                raise files._failed("a file", error, Path(self.root)) from error
            return real(*arguments)

        setattr(kind, name, wrapped)

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str | os.PathLike) and flags & _WRITING:
                self._below(event, os.fspath(path))
        elif event in _CHANGES:
            path = arguments[0]
            if isinstance(path, str | bytes | os.PathLike):
                self._below(event, os.fsdecode(path))

    def _below(self, event: str, path: str) -> None:
        # `shutil.rmtree` names files relative to their folder.
        if path.startswith(self.root) or not path.startswith("/"):
            self.happened(event, path.removeprefix(self.root))

    def happened(self, event: str, path: str) -> None:
        """Take note of an operation that is about to be done."""
        if self._inside:
            return
        self.names.append(f"{event} {path}".strip())
        number = len(self.names) - 1
        if self.at is None or number < self.at:
            return
        self._inside = True
        try:
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            elif self.how == "full" and event in _NEEDS_ROOM:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            elif self.how in ("interrupt", "twice") and number <= self.at + (self.how == "twice"):
                signal.raise_signal(signal.SIGINT)
        finally:
            self._inside = False


class Ended(NamedTuple):
    """How a child ended: its exit status (negative: a signal), what it said, what it did."""

    status: int
    said: str
    operations: list[str]
    trained: int


def in_child(act: Callable[[], int], root: Path, at: int | None = None, how: str = "kill") -> Ended:
    """Do something in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        said, done = Path(folder, "said"), Path(folder, "done")
        if not (child := os.fork()):
            _child(act, Operations(root, at, how), said, done)
        _, status = os.waitpid(child, 0)
        lines = done.read_text(encoding="utf-8").split("\n") if done.exists() else ["0"]
        code = os.waitstatus_to_exitcode(status)
        return Ended(code, said.read_text(encoding="utf-8"), lines[1:], int(lines[0]))


def _child(act: Callable[[], int], operations: Operations, said: Path, done: Path) -> None:
    status, steps, real = 70, [0], EagerStep.step

    def step(self: EagerStep, batch: Any, lr: float) -> float:
        steps[0] += 1
        return real(self, batch, lr)

    EagerStep.step = step  # type: ignore[method-assign]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with said.open("w", encoding="utf-8") as out, redirect_stdout(out), redirect_stderr(out):
        operations.install()
        try:
            status = act()
        except KeyboardInterrupt:
            status = 1
        except (TinygradError, OSError) as error:
            status = 1
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
        except BaseException:
            traceback.print_exc()
        operations._inside = True
        out.flush()
        text = "\n".join([str(steps[0]), *operations.names])
        done.write_text(text, encoding="utf-8")
        os._exit(status)


class Lost(Exception):
    """Something good is not there any more."""


class Scenario:
    """Something that writes files: `prepare`, `act`, and what must be true afterwards."""

    def prepare(self, root: Path) -> None:
        """Make what is there before."""

    def act(self, root: Path) -> int:
        """Do it; return the exit status."""
        raise NotImplementedError

    def learn(self, root: Path) -> None:
        """Look at what it gives when nothing happens."""

    def check(self, root: Path, ended: Ended, how: str) -> None:
        """Raise `Lost` when something good was lost."""
        raise NotImplementedError


# ---------------------------------------------------------------------- runs
def train(*words: object) -> int:
    """Run ``tinygrad-w2v train``."""
    return command(["train", *map(str, words)])


def at_a_step(happen: Callable[[], object]) -> None:
    """Let something happen in the second epoch of this process's training."""
    left, real = [9], EagerStep.step

    def step(self: EagerStep, batch: Any, lr: float) -> float:
        left[0] -= 1
        if not left[0]:
            happen()
        return real(self, batch, lr)

    EagerStep.step = step  # type: ignore[method-assign]


def killed(act: Callable[[], int], root: Path) -> None:
    """Do something that trains in a child, and kill that in its second epoch."""

    def broken() -> int:
        at_a_step(lambda: os.kill(os.getpid(), signal.SIGKILL))
        return act()

    assert in_child(broken, root).status == -signal.SIGKILL


class Run(Scenario):
    """A run of the command; whatever happens to it, it goes on to the same bytes."""

    more: tuple[object, ...] = ()

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
            self._goes_on(out, root)
        elif (found := _files(out)) in ({}, self.old()) and ended.status != 0:
            # Nothing had begun that could go on; what was there before is.
            again = in_child(lambda: self.act(root), root)
            if again.status != 0:
                raise Lost(f"it does not begin anew: {again.said}")
            if (out / "checkpoints" / "run.json").exists():  # it is interrupted each time
                self._goes_on(out, root)
        elif found != self.whole:
            raise Lost("there is neither a run to go on with nor one that was there before")
        else:
            in_child(lambda: train("--resume", "--output", out), root)  # which tidies up
        if _files(out) != self.whole:
            raise Lost("it ended with other bytes")
        if names := sorted({path.name for path in out.iterdir()} ^ set(FILES)):
            raise Lost(f"these are too many, or not there: {names}")

    def _goes_on(self, out: Path, root: Path) -> None:
        last = _last(out)
        resumed = in_child(lambda: train("--resume", "--output", out), root)
        if resumed.status != 0:
            raise Lost(f"it does not go on: {resumed.said}")
        if last is not None and last.state.epoch == EPOCHS and resumed.trained:
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
            self._goes_on(root / "out", root)
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


# ---------------------------------------------------------------------- files
class Saved(Scenario):
    """Something is written where an older one stands: one of the two is there, whole."""

    def __init__(
        self,
        name: str,
        write: Callable[[Path, int], Any],
        read: Callable[[Path], Any],
        old: bool = True,
    ) -> None:
        self.name, self.write, self.read, self.has_old = name, write, read, old

    def prepare(self, root: Path) -> None:
        if self.has_old:
            self.write(root / self.name, 0)
            self.old = self.read(root / self.name)

    def act(self, root: Path) -> int:
        self.write(root / self.name, 1)
        return 0

    def learn(self, root: Path) -> None:
        self.new = self.read(root / self.name)
        self.names = sorted(path.name for path in root.iterdir())

    def check(self, root: Path, ended: Ended, how: str) -> None:
        try:
            found = self.read(root / self.name)
        except FileNotFoundError:
            if self.has_old:
                raise Lost("the old one is gone") from None
            found = None
        if found != self.new and (ended.status == 0 or (self.has_old and found != self.old)):
            raise Lost(f"what is there is neither the old nor the new one: {found!r:.200}")
        self.write(root / self.name, 1)
        if self.read(root / self.name) != self.new:
            raise Lost("it cannot be written again")
        if how != "kill" and sorted(path.name for path in root.iterdir()) != self.names:
            raise Lost(f"files are left over: {sorted(path.name for path in root.iterdir())}")


def vectors(number: int) -> WordVectors:
    """Return words and vectors, others for another number."""
    words = [f"w{number}_{i}" for i in range(3 + number)]
    table = np.arange(2 * len(words), dtype=np.float32).reshape(-1, 2) + number
    return WordVectors(words, table, counts=list(range(9, 9 - len(words), -1)))


def told(found: WordVectors) -> tuple[Any, ...]:
    """Return all of them, to be compared."""
    counts = None if found.counts is None else found.counts.tolist()
    return found.index_to_key, found.vectors.tolist(), counts


def load(path: Path) -> Any:
    """Load a file of any format."""
    return told(formats.load(path))


def converted(path: Path, number: int) -> None:
    """Convert into the format of a path."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "v.npz")
        vectors(number).save(source)
        formats.convert(source, path)


class Layer(nn.Module):
    """A module with one table."""

    def __init__(self, number: int) -> None:
        self.weight = Parameter(np.full((3, 2), float(number)))


def read_layer(path: Path) -> Any:
    """Return the table of a file of it."""
    if not path.exists():
        raise FileNotFoundError
    layer = Layer(-1)
    layer.load(path)
    return layer.weight.data.tolist()


def read_vocabulary(path: Path) -> Any:
    """Return the words of a file."""
    if not path.exists():
        raise FileNotFoundError
    return Vocabulary.load(path).words


def save_model(path: Path, number: int) -> None:
    """Save a model whose words are others for another number."""
    model = Word2Vec(vector_size=2, min_count=1)
    model.build_vocab_from_freq({f"w{number}": 2, "x": 1})
    model.save(path)


def save_counted(path: Path, number: int) -> None:
    """Save vectors with a file of counts."""
    vectors(number).save_word2vec_format(path, fvocab=path.with_suffix(".vocab"))


def load_counted(path: Path) -> Any:
    """Load the two."""
    return told(WordVectors.load_word2vec_format(path, fvocab=path.with_suffix(".vocab")))


def read_corpus(path: Path) -> Any:
    """Return the ids of a text, which are there afterwards."""
    settings = TextSettings(rules=VocabularyRules(min_count=1))
    text = open_corpus(path, settings, path.parent / "ids")
    return text.vocabulary.words, text.corpus.ids.tolist(), text.corpus.offsets.tolist()


def write_corpus(path: Path, number: int) -> None:
    """Number a text; its ids are kept."""
    path.write_text("you say goodbye\nand i say hello\n", encoding="utf-8")
    read_corpus(path)


SCENARIOS: dict[str, Scenario] = {
    "train": Run(),
    "overwrite": Overwritten(),
    "overwrite unfinished": OverwrittenUnfinished(),
    "resume": Resumed(),
    "update": Updated(),
    "ctrl-c": Interrupted(),
    "Word2Vec": TrainedInPython(),
    "vectors": Saved(
        "v.npz", lambda path, n: vectors(n).save(path), lambda p: told(formats.load(p))
    ),
    "counts": Saved("v.txt", save_counted, load_counted),
    "model": Saved("m.npz", save_model, lambda path: list(Word2Vec.load(path).wv.index_to_key)),
    "module": Saved("l.npz", lambda path, n: Layer(n).save(path), read_layer),
    "vocabulary": Saved(
        "v.json", lambda path, n: Vocabulary([f"w{n}", "x"], [2, 1]).save(path), read_vocabulary
    ),
    "corpus": Saved("text.txt", write_corpus, read_corpus, old=False),
    **{
        f"{'new ' if not old else ''}{form}": Saved(f"vectors{suffix}", converted, load, old)
        for old in (True, False)
        for form, suffix in (
            *((each.name, each.suffixes[0]) for each in formats.FORMATS.values()),
            ("packed", ".tsv.gz"),
        )
    },
}


# ---------------------------------------------------------------------- the sweep
def _quick_pictures() -> None:
    """Pictures are files as others are; to draw them takes long, and is not what is looked at."""

    def draw(path: Path) -> None:
        with files.safe_write(path) as file:
            file.write("<svg/>")

    results._draw_losses = lambda trained, settings, path: draw(path)  # type: ignore[assignment]
    results._draw_graph = lambda trained, settings, path: draw(path)  # type: ignore[assignment]


def _often_kept() -> None:
    """A checkpoint is due every third time that is looked."""
    looks = [0]

    def save_when_due(self: Checkpoints, state: Any) -> Path | None:
        looks[0] += 1
        return self.save(state) if looks[0] % 3 == 0 else None

    Checkpoints.save_when_due = save_when_due  # type: ignore[method-assign]


def sweep(name: str, how: str, step: int = 1, first: int = 0) -> Iterator[tuple[str, str]]:
    """Yield, for every operation that is disturbed, its name and what was lost, "" if nothing."""
    _quick_pictures()
    _often_kept()
    scenario = SCENARIOS[name]
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        before, whole, root = (Path(folder, part) for part in ("before", "whole", "now"))
        # The paths of a run are part of it, so that all is done in one place.
        root.mkdir()
        scenario.prepare(root)
        shutil.copytree(root, before)
        undisturbed = in_child(lambda: scenario.act(root), root)
        if undisturbed.status != 0:
            raise RuntimeError(f"{name} fails without any disturbance: {undisturbed.said}")
        shutil.copytree(root, whole)
        scenario.learn(root)
        for at in range(first, len(undisturbed.operations), step):
            shutil.rmtree(root)
            shutil.copytree(before, root)
            ended = in_child(lambda: scenario.act(root), root, at, how)
            problem = ""
            if how == "kill" and ended.status != -signal.SIGKILL:
                problem = f"it was not killed but ended with {ended.status}: {ended.said}"
            elif "Traceback" in ended.said:
                problem = ended.said
            else:
                try:
                    scenario.check(root, ended, how)
                except Exception as error:
                    problem = f"{type(error).__name__}: {error}"
            yield f"{name}, {how} at {at}, {undisturbed.operations[at]}", problem


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", choices=SCENARIOS, metavar="NAME", help=", ".join(SCENARIOS))
    parser.add_argument("--how", choices=HOWS, help="default: all")
    parser.add_argument("--step", type=int, default=1, help="every so many operations")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    arguments = parser.parse_args()
    lost = 0
    for name in [arguments.only] if arguments.only else SCENARIOS:
        for how in [arguments.how] if arguments.how else HOWS:
            done = 0
            for operation, problem in sweep(name, how, arguments.step, arguments.first):
                done += 1
                if problem:
                    lost += 1
                    print(f"LOST: {operation}: {problem}", flush=True)
            print(f"{name}, {how}: {done} operations", flush=True)
    print(f"{lost} losses")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
