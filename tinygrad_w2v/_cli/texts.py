"""The text of ``train``: what is said of it before it is read, and what is known of it after.

Its ids stand in files beside the checkpoints, so that a text may be larger than memory and a run
that goes on need not cut it into words again.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError, written
from tinygrad_w2v._base.version import versions
from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.options import in_flags
from tinygrad_w2v._cli.request import BUILTIN, Request
from tinygrad_w2v._cli.results import PhraseFacts, TextFacts
from tinygrad_w2v.text.builtin import builtin_corpus_lines
from tinygrad_w2v.text.corpus import Corpus, build_corpus
from tinygrad_w2v.text.numbering import Chunk, sentence_chunks
from tinygrad_w2v.text.phrase_rounds import JoinedText, PhraseRounds, PhraseSettings, find_rounds
from tinygrad_w2v.text.plan import plan_corpus
from tinygrad_w2v.text.reading import files_of
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import open_corpus
from tinygrad_w2v.text.stores import is_there
from tinygrad_w2v.text.tokenizing import import_function, tokenize
from tinygrad_w2v.text.vocabulary import Grown, Vocabulary
from tinygrad_w2v.training.engines import EngineOptions
from tinygrad_w2v.vectors.blocks import shown
from tinygrad_w2v.vectors.word2vec_header import what_is_wrong
from tinygrad_w2v.word2vec.text import reader_of

# From this size on, a plan of the text is printed before it is read.
WORTH_A_PLAN = 50_000_000


class Text(NamedTuple):
    """A text that was read: its vocabulary, its ids, and what is to be told of it.

    `ids` is the folder in which a resumed run finds them, if there is one; `phrases` are joined in
    it.
    """

    vocabulary: Vocabulary
    corpus: Corpus
    facts: TextFacts
    grown: Grown | None
    ids: Path | None
    phrases: PhraseRounds | None
    phrase_facts: PhraseFacts | None


def check_sources(sources: list[str]) -> None:
    """Raise an InputError when a source is not there."""
    for source in sources:
        for path in files_of(source):
            if path != "-" and not is_there(path):
                raise InputError(f"{path} does not exist; check the path")


def check_builtin(request: Request, made_with: object, place: str) -> None:
    """Refuse a run on the built-in corpus of another Python or NumPy, as it is another text.

    Parameters
    ----------
    request
        What is asked.
    made_with
        The versions that the run at `place` noted.
    place
        For the message.

    Raises
    ------
    InputError
        It says both versions.
    """
    here = versions()
    noted = made_with if isinstance(made_with, dict) else {}
    then = {name: noted.get(name, here[name]) for name in ("python", "numpy")}
    if not request.sources and any(here[name] != version for name, version in then.items()):
        raise InputError(
            f"{place} is of the built-in corpus of Python {then['python']} and NumPy "
            f"{then['numpy']}, and that of Python {here['python']} and NumPy {here['numpy']} is "
            "another text; use those versions, or begin a new run"
        )


def read_text(
    request: Request,
    base: Vocabulary | None,
    folder: Path,
    seconds_a_word: float,
    quiet: bool,
    phrases: PhraseRounds | None = None,
    engine: EngineOptions | None = None,
) -> Text:
    """Read the text of a run.

    Parameters
    ----------
    request
        Which text, and how it is read.
    base
        The words that are known already, if the run learns on.
    folder
        Where the ids may stand.
    seconds_a_word
        How long a word will be trained on, about.
    quiet
        Say nothing.
    phrases
        What is joined in it; found in it where it is asked for and not known yet.
    engine
        Of the training: the machines of a cluster read the text, too.

    Raises
    ------
    InputError
        When the text cannot be learned from.
    """
    names = ["standard input" if name == "-" else name for name in request.sources]
    name = ", ".join(names) or BUILTIN
    if not request.sources or (sys.stderr and sys.stderr.isatty()):
        note(f"reading {'' if request.sources else 'the '}{name} ...", quiet)
    if phrases is None and request.phrases is not None:
        phrases = found_phrases(request, request.phrase_settings(), quiet)
    read = _vocabulary_and_ids(
        *(request, phrases, base is not None, folder, seconds_a_word, quiet),
        engine or EngineOptions(),
    )
    vocabulary, corpus, digest, corpus_digest, ids = read
    phrase_facts = None if phrases is None else _joined(phrases, vocabulary, request)
    grown = None
    settings = request.settings
    if base is not None:
        grown = base.grown(vocabulary, settings.min_count, settings.max_vocab, by_count=True)
        known = grown.vocabulary.word_to_id
        new_ids = np.array([known.get(word, -1) for word in vocabulary.words], np.int32)
        corpus = corpus.renumbered(new_ids, folder if request.sources else None)
        vocabulary, corpus_digest = grown.vocabulary, corpus.digest(grown.vocabulary)
    refuse_words(vocabulary.words)
    corpus.check_window(settings.window)
    facts = TextFacts(
        sources=request.sources or [BUILTIN],
        sha256=digest,
        corpus_sha256=corpus_digest,
        words=corpus.raw_words,
        known_words=corpus.words,
        sentences=corpus.sentences,
    )
    if grown is None:
        kept = f"{len(vocabulary):,} different ones at least {settings.min_count} times"
    else:
        kept = f"{len(grown.old_ids):,} words known before, {grown.added:,} new ones"
    note(f"{name}: {corpus.raw_words:,} words, {kept}; {settings.name}", quiet)
    if phrase_facts is not None:
        joined, different = phrase_facts.joined, phrase_facts.known_phrases
        note(f"{joined:,} of the words are phrases, {different:,} different ones", quiet)
    if grown is not None:
        _say_what_is_lost(grown, request, quiet)
    return Text(vocabulary, corpus, facts, grown, ids, phrases, phrase_facts)


def found_phrases(request: Request, settings: PhraseSettings, quiet: bool) -> PhraseRounds:
    """Find the phrases of the text of a request, and say how many there are.

    Raises
    ------
    InputError
        When the text cannot be read, or not so often.
    """
    if "-" in request.sources:
        raise InputError(
            "the phrases of a text are found before they are joined in it, and standard input can "
            "be read only once; give a file"
        )
    note("finding phrases ...", quiet)
    found = find_rounds(lambda: _chunks(request), settings)
    phrases = found.scores()
    best = ", ".join(shown(phrase) for phrase in itertools.islice(phrases, 3))
    note(f"{len(phrases):,} phrases{': ' if best else ''}{best}", quiet)
    return found


def _chunks(request: Request) -> Iterator[Chunk]:
    """Begin to read the text of a request, in chunks."""
    if request.sources:
        return _text_settings(request, VocabularyRules()).chunks(request.sources)
    return sentence_chunks(tokenize(builtin_corpus_lines(), request.tokenizer, request.lower))


def _joined(phrases: PhraseRounds, vocabulary: Vocabulary, request: Request) -> PhraseFacts:
    known = [vocabulary.word_to_id.get(phrase, -1) for phrase in phrases.scores()]
    ids = np.array([id_ for id_ in known if id_ >= 0], np.int64)
    return PhraseFacts(
        file=request.phrases_file,
        sha256=phrases.digest(),
        rounds=len(phrases.rounds),
        phrases=len(known),
        known_phrases=len(ids),
        joined=int(vocabulary.counts[ids].sum()),
    )


def _text_settings(
    request: Request, rules: VocabularyRules, phrases: PhraseRounds | None = None
) -> TextSettings:
    errors: Literal["strict", "replace"] = "replace" if request.errors == "replace" else "strict"
    return TextSettings(request.tokenizer, request.lower, errors, rules, phrases)


def refuse_words(words: Iterable[str]) -> None:
    """Refuse, before anything is trained, what the files of a run cannot hold.

    Raises
    ------
    InputError
        It names the word, and what to give instead.

    Examples
    --------
    >>> refuse_words(["say", "new york"])
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: the word 'new york' holds a space, tab or newline: \
vectors.txt, where a blank ends a word, cannot hold it; let the tokenizer give 'new_york', or \
train in Python with Word2Vec, whose file holds any word
    """
    for word in words:
        problem = what_is_wrong(word)
        if problem is not None:
            joined = "_".join(word.split())
            other = shown(joined) if joined not in ("", word) else "other words"
            raise InputError(
                f"the word {shown(word)} {problem}: vectors.txt, where a blank ends a word, cannot "
                f"hold it; let the tokenizer give {other}, or train in Python with Word2Vec, "
                "whose file holds any word"
            )


def _vocabulary_and_ids(
    request: Request,
    phrases: PhraseRounds | None,
    every_word: bool,
    folder: Path,
    seconds_a_word: float,
    quiet: bool,
    engine: EngineOptions,
) -> tuple[Vocabulary, Corpus, str | None, str, Path | None]:
    """Return vocabulary, corpus, the SHA-256 of the text and of the corpus, the ids' folder."""
    settings = request.settings
    rules = VocabularyRules(
        min_count=1 if every_word else settings.min_count,
        max_final_vocab=None if every_word else settings.max_vocab,
        max_vocab_size=request.max_vocab_size,
        trim_rule=import_function(request.trim_rule, "trim rule") if request.trim_rule else None,
    )
    if not request.sources:
        digest = hashlib.sha256()
        lines = _hashed(builtin_corpus_lines(), digest)
        sentences: Iterable[list[str]] = tokenize(lines, request.tokenizer, request.lower)
        if phrases is not None:
            plain = sentences
            sentences = JoinedText(phrases, lambda: sentence_chunks(plain))
        # A list, as a bounded vocabulary reads twice.
        built = build_corpus(
            list(sentences) if rules.max_vocab_size else sentences,
            rules.min_count,
            rules.max_final_vocab,
            max_vocab_size=rules.max_vocab_size,
            trim_rule=rules.trim_rule,
        )
        return *built, digest.hexdigest(), built[1].digest(built[0]), None
    how = _text_settings(request, rules, phrases)
    place = folder if engine.ids_folder is None else Path(engine.ids_folder).absolute()
    copies = 1 + (request.heldout is not None) + every_word
    plan = plan_corpus(
        *(request.sources, how, place, settings.size),
        copies=copies,
        seconds_a_word=seconds_a_word,
    )
    if plan is not None:
        plan.check_disk()
    if plan is not None and plan.text_bytes >= WORTH_A_PLAN:
        note(str(plan), quiet)
    warning = None if plan is None else plan.warning()
    if warning:
        note(f"warning: {written(warning, in_flags)}")
    with reader_of(request.sources, how, engine) as (read, told):
        if told:
            note(told, quiet)
        stored = open_corpus(request.sources, how, place, plan=plan, read=read)
    if stored.reused:
        note("the text was cut into words before; going on with that", quiet)
    facts = stored.digest, stored.corpus_digest, stored.folder
    return stored.vocabulary, stored.corpus, *facts


def _say_what_is_lost(grown: Grown, request: Request, quiet: bool) -> None:
    settings = request.settings
    if grown.rare:
        note(
            f"{grown.rare:,} new words come fewer than {settings.min_count} times (or are "
            "too many) and were left out; lower --min-count to learn them",
            quiet,
        )
    if settings.hs:
        note("the tree of hierarchical softmax is another one: its inner nodes start anew", quiet)


def _hashed(lines: Iterable[str], digest: hashlib._Hash) -> Iterator[str]:
    for line in lines:
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
        yield line
