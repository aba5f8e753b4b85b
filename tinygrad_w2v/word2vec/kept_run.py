"""What `Word2Vec` may do beside training: hold out a part, stop early, keep the run's place.

Such a run goes on by the same call: the model is built as before, the tables and the place are
those of the newest checkpoint, and what is drawn from there on is what would have been drawn.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, check_writable_folder
from tinygrad_w2v._base.locking import FolderLock, InUseError
from tinygrad_w2v.sources.windows import WindowSource
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.checkpoints import (
    Checkpoint,
    Checkpoints,
    newest_checkpoint,
    remove_checkpoints,
    remove_half_written,
)
from tinygrad_w2v.training.interrupt import deferred_interrupt
from tinygrad_w2v.training.run import RunState
from tinygrad_w2v.word2vec.checks import require_number, require_range
from tinygrad_w2v.word2vec.engine import GONE_ON, Engine, EngineOptions, choose_engine
from tinygrad_w2v.word2vec.file import plain
from tinygrad_w2v.word2vec.heldout_loss import HeldoutLoss
from tinygrad_w2v.word2vec.memory import check_memory
from tinygrad_w2v.word2vec.options import keyword_of
from tinygrad_w2v.word2vec.run_hooks import Watch, check_watch
from tinygrad_w2v.word2vec.settings import MODELS, TrainingSettings

logger = logging.getLogger("tinygrad_w2v.word2vec")

# Between two checkpoints: two years.
LONGEST_MINUTES = 1_000_000


class RunOptions(NamedTuple):
    """Our own options of a training, as `Word2Vec` describes them."""

    heldout: float | None = None
    early_stopping: int | None = None
    checkpoint: PathLike | None = None
    checkpoint_minutes: float = 5.0
    resume: bool = False

    def check(self) -> None:
        """Raise an InputError for one that cannot be.

        Examples
        --------
        >>> RunOptions(resume=True).check()
        Traceback (most recent call last):
        tinygrad_w2v._base.errors.InputError: resume needs the folder of the checkpoints: give \
checkpoint, too
        """
        check_watch(self.heldout, self.early_stopping)
        require_number("checkpoint_minutes", self.checkpoint_minutes)
        require_range("checkpoint_minutes", self.checkpoint_minutes, 0, LONGEST_MINUTES)
        if self.resume and self.checkpoint is None:
            raise InputError("resume needs the folder of the checkpoints: give checkpoint, too")


class KeptRun(NamedTuple):
    """A run that is ready to begin, or to go on.

    Attributes
    ----------
    corpus : Corpus
        What is trained on.
    source : WindowSource
        Its windows.
    engine : Engine
        What computes.
    state : RunState
        Where to begin; the model's tables are as they were there.
    hooks : Watch
        What is done on the way.
    folder : Path, optional
        Where its checkpoints are.
    unigram : float, optional
        The unigram model's loss on the held-out part.
    """

    corpus: Corpus
    source: WindowSource
    engine: Engine
    state: RunState
    hooks: Watch
    folder: Path | None
    unigram: float | None

    def finish(self) -> None:
        """Remove the checkpoints of a run that has come to its end."""
        if self.folder is not None:
            remove_checkpoints(self.folder)


@contextmanager
def held_folder(checkpoint: PathLike | None) -> Iterator[None]:
    """Keep other trainings out of the folder of this one's checkpoints.

    A signal that is to end the process lets the batch end and the place be kept, as Ctrl-C does,
    and then ends it.

    Raises
    ------
    InputError
        When another training is in it.

    Examples
    --------
    >>> with held_folder(None):
    ...     pass
    """
    if checkpoint is None:
        yield
        return
    folder = check_writable_folder(checkpoint)
    with deferred_interrupt(ending=True) as asked:
        try:
            lock = FolderLock(folder, logger.warning)
        except InUseError as error:
            raise InputError(
                f"{error}; wait for its end, or give another folder as checkpoint"
            ) from None
        with lock:
            yield
    asked.pass_on()


def prepare_run(
    model: Any,
    vocabulary: Vocabulary,
    corpus: Corpus,
    settings: TrainingSettings,
    options: RunOptions,
    begun_after: int,
    ids_folder: PathLike | None,
    engine_options: EngineOptions,
) -> KeptRun:
    """Hold out a part, find the place to go on from, and choose what computes.

    Parameters
    ----------
    model
        Is given the tables of the checkpoint that the run goes on from.
    vocabulary, corpus, settings, options
        What is trained on, and how.
    begun_after
        How many epochs were drawn before this training.
    ids_folder
        Where the parts of the text are held, if not in memory.
    engine_options
        What is asked of the engine.

    Raises
    ------
    InputError
        When the folder holds a run that was not asked for, or another run, one of another text,
        or one of another engine.
    CompileError, MissingDependencyError
        When the compiled engine is asked for, and cannot be.

    Examples
    --------
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> vocabulary, corpus = build_corpus([["you", "say"]] * 99)
    >>> settings = TrainingSettings(size=4, sample=0)
    >>> model = settings.new_model(vocab_size=2)
    >>> options = RunOptions(heldout=0.2)
    >>> engine = EngineOptions("numpy")
    >>> run = prepare_run(model, vocabulary, corpus, settings, options, 0, None, engine)
    >>> run.corpus.sentences < 99, run.state == RunState()
    (True, True)
    """
    folder = checkpoints = kept = None
    about: dict[str, Any] = {}
    if options.checkpoint is not None:
        folder = Path(options.checkpoint)
        remove_half_written(folder)
        asked = {
            "settings": dataclasses.asdict(settings),
            "own_model": None if type(model) in MODELS.values() else type(model).__name__,
            "begun_after": begun_after,
            "heldout": options.heldout,
            "early_stopping": options.early_stopping,
            "corpus_sha256": corpus.digest(vocabulary),
        }
        about = json.loads(json.dumps(asked, default=plain))
        kept = _checkpoint_of(folder, about, options.resume)
    heldout = None
    if options.heldout is not None:
        corpus, part = corpus.split(options.heldout, settings.seed, ids_folder)
        heldout = HeldoutLoss(vocabulary, part, settings)
    if kept is not None:
        model.load_state_dict(kept.tables)
    check_memory(
        *(settings, engine_options, vocabulary.counts, corpus.words),
        heldout=heldout is not None,
        tables=False,
    )
    source = settings.windows(corpus, vocabulary)
    given = ["workers", "deterministic", *(["engine"] if engine_options.engine != "auto" else [])]
    engine = choose_engine(
        *(engine_options.going_on(kept, given), model, source),
        why="asked for" if kept is None else "as the run began",
    )
    engine.warn()
    engine.check_goes_on(kept, "name another folder")
    if kept is not None and not engine.reproducible:
        logger.info("%s", GONE_ON)
    if folder is not None:
        about["engine"] = dict(engine.about)
        minutes = options.checkpoint_minutes
        checkpoints = Checkpoints(folder, model.state_dict, about, minutes, logger.warning)
    hooks = Watch(
        checkpoints,
        None if heldout is None else lambda: heldout.of(model),
        math.nan if heldout is None else heldout.unigram,
        options.early_stopping,
        logger.info,
    )
    state = RunState() if kept is None else kept.state
    unigram = None if heldout is None else heldout.unigram
    return KeptRun(corpus, source, engine, state, hooks, folder, unigram)


def _checkpoint_of(folder: Path, about: dict[str, Any], resume: bool) -> Checkpoint | None:
    """Return where a run goes on; None where it begins."""
    kept = newest_checkpoint(folder, logger.warning)
    if kept is None:
        if resume:
            logger.info("%s holds no checkpoint: the training begins", folder)
        return None
    if not resume:
        raise InputError(
            f"{folder} holds an unfinished training; go on with it by resume=True, or remove its "
            "checkpoints, or name another folder"
        )
    changed = [name for name in about if kept.about.get(name) != about[name]]
    if changed == ["corpus_sha256"]:
        raise InputError(
            f"the text is not the one that {kept.path} was trained on, so that training cannot go "
            "on; give the same text, or another folder"
        )
    if changed:
        names = ", ".join(_different(kept, about))
        raise InputError(
            f"{kept.path} is of a training with other keywords ({names}); give the same, or "
            "another folder"
        )
    state = kept.state
    logger.info(
        "going on after %s words, in epoch %d (%s)",
        *(f"{state.history.words:,}", state.epoch + 1, kept.path),
    )
    return kept


def _different(kept: Checkpoint, about: dict[str, Any]) -> list[str]:
    """Return the keywords that differ."""
    ours, theirs = (dict(each) for each in (about, kept.about))
    ours |= ours.pop("settings")
    theirs |= theirs.pop("settings", {})
    return sorted(keyword_of(name) for name in ours if theirs.get(name) != ours[name])
