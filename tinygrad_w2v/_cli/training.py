"""The training of ``train``: a model is driven with checkpoints and a held-out loss."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import math
import sys
from collections.abc import Callable

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v._cli.console import note
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.huffman import HuffmanTree
from tinygrad_w2v.text.subsampling import keep_probability
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.checkpoints import Checkpoints
from tinygrad_w2v.training.eager import EagerStep
from tinygrad_w2v.training.heldout import mean_loss, no_longer_falls
from tinygrad_w2v.training.run import History, RunHooks, RunState, run_epochs
from tinygrad_w2v.word2vec.settings import TrainingSettings

# So many words are looked at, where so many draws of the held-out part have them.
ENOUGH_WORDS, MOST_DRAWS = 20_000, 20


class HeldoutLoss:
    """The mean loss of a prediction on held-out text, for a model and for the words' counts.

    Parameters
    ----------
    vocabulary, corpus
        The words, and the held-out sentences.
    settings
        As in training; the windows and negative words are the same at every look. Of a small part
        they are drawn several times, so that subsampling leaves some and chance counts less.

    Raises
    ------
    InputError
        When there is nothing to predict.
    """

    def __init__(self, vocabulary: Vocabulary, corpus: Corpus, settings: TrainingSettings) -> None:
        self._source = settings.windows(corpus, vocabulary)
        self._draws = min(max(ENOUGH_WORDS // corpus.words, 1), MOST_DRAWS)
        unigram = unigram_model(vocabulary, settings)
        self.unigram = self.of(unigram)
        if math.isnan(self.unigram):
            raise InputError(
                f"heldout: subsampling leaves no window in the {corpus.sentences} held-out "
                "sentences; hold out a larger share"
            )

    def of(self, model: EmbeddingModel) -> float:
        """Return a model's loss."""
        draws = map(self._source.batches, range(self._draws))
        return mean_loss(model.loss, model.predictions, itertools.chain.from_iterable(draws))


def unigram_model(vocabulary: Vocabulary, settings: TrainingSettings) -> EmbeddingModel:
    """Return the best model that does not look at the context, as one of the same kind.

    Its vectors have one number: 1 for every context word, and for a word to predict the log odds
    that it is the true one, ``log(P(w) / (K P_n(w)))`` (for an inner node of a tree, those of
    its turn). A model that is no better has learned nothing from the contexts.

    Examples
    --------
    >>> from tinygrad_w2v.text.vocabulary import Vocabulary
    >>> vocabulary = Vocabulary(["a", "b"], [3, 1])
    >>> settings = TrainingSettings(negative=1, ns_exponent=0.0, sample=0)
    >>> np.exp(unigram_model(vocabulary, settings).w_out.data).round(4).tolist()
    [[1.5], [0.5]]
    """
    counts = vocabulary.counts
    kept = counts * keep_probability(counts, settings.sample)
    share = kept / kept.sum()
    noise = np.asarray(counts, float) ** settings.ns_exponent
    noise = settings.negative * noise / noise.sum()
    with np.errstate(divide="ignore"):
        odds = np.log(share) - np.log(noise) if settings.negative else np.zeros(0)
        if settings.hs:
            tree = HuffmanTree.from_counts(counts)
            spread = np.repeat(share, tree.lengths) * tree.code
            ones = np.bincount(tree.nodes, weights=spread, minlength=len(counts) - 1)
            turns = np.log(tree.passing(share) - ones) - np.log(ones)
            odds = np.concatenate([odds, turns])
    small = dataclasses.replace(settings, size=1, cbow_mean=True)
    model = small.new_model(len(vocabulary))
    model.w_in.data = np.ones_like(model.w_in.data)
    model.w_out.data = odds.clip(-60, 60).astype(np.float32)[:, None]
    return model


class Hooks(RunHooks):
    """Checkpoints when they are due, the held-out loss after each epoch."""

    def __init__(
        self,
        checkpoints: Checkpoints,
        heldout: Callable[[], float] | None,
        unigram: float,
        patience: int | None,
        say: Callable[[str], None],
    ) -> None:
        self._checkpoints = checkpoints
        self._heldout = heldout
        self._unigram = unigram
        self._patience = patience
        self._say = say

    def after_batch(self, state: RunState) -> None:
        """Write a checkpoint when it is time."""
        self._checkpoints.save_when_due(state)

    def after_epoch(self, state: RunState) -> bool:
        """Look at the held-out text; stop when its loss falls no more."""
        if self._heldout is None:
            return False
        history, loss = state.history, self._heldout()
        history.heldout_losses.append(loss)
        if history.records:
            history.records[-1] = history.records[-1]._replace(heldout_loss=loss)
        self._say(
            f"epoch {state.epoch}: loss {history.losses[-1]:.4f}, held out {loss:.4f} "
            f"(unigram {self._unigram:.4f})"
        )
        stop = self._patience is not None and no_longer_falls(
            history.heldout_losses, self._patience
        )
        if stop:
            self._say(f"stopped: the held-out loss has not fallen for {self._patience} epochs")
        return stop

    def interrupted(self, state: RunState) -> None:
        """Keep the place that Ctrl-C was pressed at."""
        self._checkpoints.save(state)


def train_model(
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    corpus: Corpus,
    settings: TrainingSettings,
    *,
    checkpoints: Checkpoints,
    state: RunState,
    heldout: HeldoutLoss | None = None,
    patience: int | None = None,
    quiet: bool = True,
) -> History:
    """Train a model in place, from a state on.

    Parameters
    ----------
    model
        Its tables are as they were in that state.
    vocabulary, corpus, settings
        The words, the text to train on, and how.
    checkpoints
        Where the run is kept on the way.
    state
        Where to begin.
    heldout, patience
        What is looked at after each epoch, and after how many without a gain to stop.
    quiet
        Show no progress.

    Returns
    -------
    History
    """
    source = settings.windows(corpus, vocabulary)
    # A line would go through the bar of a terminal; that shows the numbers itself.
    beside_a_bar = sys.stderr is not None and sys.stderr.isatty()
    total, done = settings.epochs * corpus.words, state.history.words
    with Progress(total, "words", "training", quiet=quiet, initial=done) as progress:

        def look() -> float:
            assert heldout is not None
            loss = heldout.of(model)
            progress.update(0, heldout=loss, unigram=heldout.unigram)
            return loss

        hooks = Hooks(
            checkpoints,
            None if heldout is None else look,
            math.nan if heldout is None else heldout.unigram,
            patience,
            lambda text: note(text, quiet or beside_a_bar),
        )
        return run_epochs(
            EagerStep(model).step,
            source.batches,
            model.predictions,
            epochs=settings.epochs,
            words_per_epoch=corpus.words,
            alpha=settings.first_alpha,
            min_alpha=settings.min_alpha,
            progress=progress,
            state=state,
            hooks=hooks,
        )


def corpus_digest(vocabulary: Vocabulary, corpus: Corpus) -> str:
    """Return the SHA-256 of an encoded text and its vocabulary: what training sees of a text."""
    digest = hashlib.sha256()
    for word, count in zip(vocabulary.words, vocabulary.counts.tolist(), strict=True):
        digest.update(word.encode("utf-8", "surrogatepass") + b"\0%d\0" % count)
    for numbers in (corpus.offsets, corpus.ids):
        digest.update(np.ascontiguousarray(numbers).data)
    return digest.hexdigest()
