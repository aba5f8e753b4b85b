"""A text as users give it to `Word2Vec`, and what it must not be.

Each trap is detected before training, and answered with one line.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.warning import warn_user
from tinygrad_w2v.text.corpus import Corpus, build_corpus, corpus_of
from tinygrad_w2v.text.documents import TaggedLineDocument
from tinygrad_w2v.text.plan import plan_corpus
from tinygrad_w2v.text.rows import new_rows
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.sentences import LineSentence, check_sentences
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import Reader
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.engines import EngineOptions

logger = logging.getLogger("tinygrad_w2v.word2vec")


def source_of(
    sentences: Any, corpus_file: PathLike | Sequence[PathLike] | None, other: Any = None
) -> Iterable[Any] | None:
    """Return the text that was given in one of three ways, looked at, or None.

    Raises
    ------
    InputError
        When it is given twice, or would be misread.

    Examples
    --------
    >>> source_of([["you", "say"]], None)
    [['you', 'say']]
    """
    given = [source for source in (sentences, corpus_file, other) if source is not None]
    if len(given) > 1:
        raise InputError("give the text once: as sentences or as corpus_file, not both")
    if corpus_file is not None:
        return LineSentence(corpus_file)
    if given:
        check_sentences(given[0])
        return cast(Iterable[Any], given[0])
    return None


def folder_of_ids(source: Iterable[Any]) -> str | None:
    """Return where the ids of a text in files are held, mapped into memory; None: in memory.

    Examples
    --------
    >>> folder_of_ids([["you", "say"]]) is None
    True
    """
    text = getattr(source, "documents", source)
    in_files = isinstance(text, LineSentence | TaggedLineDocument)
    return tempfile.gettempdir() if in_files else None


def log_plan(
    source: Iterable[Any], rules: VocabularyRules, vector_size: int, seconds_a_word: float
) -> None:
    """Say what a text in files will take, before it is read.

    Parameters
    ----------
    source, rules
        The text, and how its words are counted.
    vector_size, seconds_a_word
        Numbers in a vector, and about how long a word will be trained on.

    Raises
    ------
    InputError
        When a file cannot be read, or the disk has too little space for the ids.
    """
    if not isinstance(source, LineSentence) or hasattr(source.source, "readline"):
        return
    plan = plan_corpus(
        source.source,
        TextSettings(rules=rules),
        vector_size=vector_size,
        seconds_a_word=seconds_a_word,
    )
    if plan is not None:
        plan.check_disk()
        logger.info("%s", plan)
        if warning := plan.warning():
            logger.warning("%s", warning)


@contextmanager
def reader_of(
    sources: PathLike | Sequence[PathLike], settings: TextSettings, options: EngineOptions
) -> Iterator[tuple[Reader | None, str]]:
    """Give what reads a text in files, where that is not this process, and what is to be said.

    Examples
    --------
    >>> with reader_of("say.txt", TextSettings(), EngineOptions("numpy")) as read:
    ...     read
    (None, '')
    """
    if options.engine != "ray":
        yield None, ""
        return
    from tinygrad_w2v.distributed.texts import reading

    with reading(sources, settings, options.ray_address) as reader:
        yield reader


def read_corpus(
    source: Iterable[Any], rules: VocabularyRules, options: EngineOptions
) -> tuple[Vocabulary, Corpus]:
    """Read a text for a training: a file by all machines that will train, anything else here.

    Examples
    --------
    >>> read_corpus([["you", "say"]], VocabularyRules(1), EngineOptions())[1].ids
    array([0, 1], dtype=int32)
    """
    settings, folder = TextSettings(rules=rules), folder_of_ids(source)
    if isinstance(source, LineSentence) and source.is_whole():
        with reader_of(source.source, settings, options) as (read, told):
            if told:
                logger.info("%s", told)
            if read is not None:
                with new_rows(folder) as rows:
                    return read(source.source, settings, rows, None), corpus_of(rows)
    return build_corpus(
        source,
        rules.min_count,
        rules.max_final_vocab,
        max_vocab_size=rules.max_vocab_size,
        trim_rule=rules.trim_rule,
        folder=folder,
    )


def refuse_letters(words: list[str]) -> None:
    """Refuse or report a vocabulary of letters: a sentence was no list of words.

    Raises
    ------
    InputError
        When there are blanks among the letters; else there is a warning, as letters may be meant.

    Examples
    --------
    >>> refuse_letters(list("you say"))
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: the words are single letters ('y', 'o', 'u', ' ', 's') \
with blanks among them: strings were given where lists of words belong; split each sentence
    """
    if any(len(word) > 1 for word in words):
        return
    if any(word.isspace() for word in words):
        raise InputError(
            f"the words are single letters ({', '.join(map(repr, words[:5]))}) with blanks among "
            "them: strings were given where lists of words belong; split each sentence"
        )
    if any(word.isascii() for word in words):
        warn_user(
            f"all words are single letters ({', '.join(map(repr, words[:5]))}); where words were "
            "meant, split each sentence into a list of words",
            UserWarning,
        )


def check_contexts(corpus: Corpus) -> None:
    """Refuse a text without contexts, report one with few.

    Raises
    ------
    InputError
        When no sentence has two words that are known.
    """
    if corpus.longest_sentence() < 2:
        raise InputError(
            "no sentence has two words of the vocabulary, so there is no context to learn from: "
            "use a smaller min_count or a longer text, and split text that is written without "
            "spaces into words first"
        )
    alone = corpus.sentences_of(1)
    if 2 * alone > corpus.sentences:
        logger.warning(
            "%d of %d sentences have one word of the vocabulary and teach nothing: they have no "
            "context",
            alone,
            corpus.sentences,
        )
