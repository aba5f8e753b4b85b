"""``train``: a text in, word vectors out.

All that can be wrong without a look at the text is checked first: training takes long, and an
error should not wait for its end.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli.console import note, say
from tinygrad_w2v._cli.neighbors import neighbor_lines, words_to_show
from tinygrad_w2v._cli.parsing import Parser
from tinygrad_w2v._cli.results import RunFolder, TextFacts
from tinygrad_w2v.text.builtin import builtin_corpus_lines
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.text.reading import read_lines
from tinygrad_w2v.text.tokenizing import get_tokenizer, tokenize
from tinygrad_w2v.training.run import History
from tinygrad_w2v.word2vec import ALPHA, TrainingSettings, train_vectors

DEFAULT_FOLDER = "w2v-out"
BUILTIN = "built-in corpus"
ENGINE = "numpy", "it is the only engine of this version"


def add_options(parser: Parser) -> None:
    """Declare the options of ``train``."""
    usual = TrainingSettings()
    parser.add_argument(
        "corpus",
        nargs="*",
        metavar="CORPUS",
        help="UTF-8 text: files (.gz .bz2 .xz too), folders, or - for standard input; by default "
        "the built-in corpus, the documentation of Python and NumPy",
    )
    model = parser.add_argument_group("model")
    model.add_argument("--model", choices=["cbow", "skipgram"], default=usual.model)
    model.add_argument("--size", type=int, default=usual.size, metavar="N", help="of a vector")
    model.add_argument("--window", type=int, default=usual.window, metavar="N")
    model.add_argument(
        "--no-shrink-windows",
        dest="shrink_windows",
        action="store_false",
        help="always take the whole window, not a width drawn from 1 ... N",
    )
    model.add_argument(
        "--negative", type=int, default=usual.negative, metavar="K", help="drawn words a window"
    )
    model.add_argument("--ns-exponent", type=float, default=usual.ns_exponent, metavar="X")
    model.add_argument(
        "--compat",
        choices=["word2vec"],
        help="word2vec: CBOW's update rule of word2vec.c in place of the gradient",
    )
    text = parser.add_argument_group("text")
    text.add_argument("--min-count", type=int, default=usual.min_count, metavar="N")
    text.add_argument("--max-vocab", type=int, metavar="N", help="keep the N most frequent words")
    text.add_argument(
        "--sample", type=float, default=usual.sample, metavar="T", help="thin out words above T"
    )
    text.add_argument(
        "--tokenizer",
        default="words",
        metavar="NAME",
        help="words, whitespace, ja, or MODULE:FUNCTION",
    )
    text.add_argument("--no-lower", dest="lower", action="store_false", help="keep capitals")
    text.add_argument(
        "--errors",
        choices=["strict", "replace"],
        default="strict",
        help="what to do with bytes that are not UTF-8",
    )
    run = parser.add_argument_group("run")
    run.add_argument("--epochs", type=int, default=usual.epochs, metavar="N")
    rates = ", ".join(f"{rate} for {name}" for (name, compat), rate in ALPHA.items() if not compat)
    run.add_argument("--alpha", type=float, metavar="A", help=f"first learning rate; {rates}")
    run.add_argument("--min-alpha", type=float, default=usual.min_alpha, metavar="A")
    run.add_argument(
        "--batch", type=int, metavar="N", help="windows in a batch; at most 256, by the vocabulary"
    )
    run.add_argument("--seed", type=int, default=usual.seed, metavar="N")
    run.add_argument("--engine", choices=["auto", "numpy", "compiled"], default="auto")
    run.add_argument("--workers", type=int, metavar="N", help="the NumPy engine uses one core")
    run.add_argument("--output", default=DEFAULT_FOLDER, metavar="DIR", help="default: %(default)s")
    run.add_argument("--overwrite", action="store_true", help="replace the run in DIR")
    run.add_argument("--quiet", action="store_true", help="say nothing")


def run(arguments: argparse.Namespace) -> int:
    """Train, write the files, print some neighbours."""
    quiet = arguments.quiet
    settings = settings_of(arguments)
    _check_engine(arguments)
    get_tokenizer(arguments.tokenizer, arguments.lower)
    _check_sources(arguments.corpus)
    with RunFolder(arguments.output, arguments.overwrite) as folder:
        digest = hashlib.sha256()
        names = ["standard input" if name == "-" else name for name in arguments.corpus]
        name = ", ".join(names) or BUILTIN
        if not arguments.corpus or (sys.stderr and sys.stderr.isatty()):
            note(f"reading {'' if arguments.corpus else 'the '}{name} ...", quiet)
        with _named_after_options():
            lines = _hashed(_lines(arguments), digest)
            sentences = tokenize(lines, arguments.tokenizer, arguments.lower)
            vocabulary, corpus = build_corpus(sentences, settings.min_count, settings.max_vocab)
            corpus.check_window(settings.window)
        note(
            f"{name}: {corpus.raw_words:,} words, {len(vocabulary):,} different ones at least "
            f"{settings.min_count} times; {settings.model}, engine {ENGINE[0]} ({ENGINE[1]})",
            quiet,
        )
        trained = train_vectors(vocabulary, corpus, settings, quiet=quiet)
        _judge(trained.history, arguments.output)
        facts = TextFacts(
            sources=arguments.corpus or [BUILTIN],
            sha256=digest.hexdigest(),
            words=corpus.raw_words,
            known_words=corpus.words,
            sentences=corpus.sentences,
            tokenizer=arguments.tokenizer,
            lower=arguments.lower,
            errors=arguments.errors,
        )
        note(f"writing {arguments.output}", quiet)
        folder.write(trained, settings, facts, ENGINE)
    if not quiet:
        for line in neighbor_lines(trained.vectors, words_to_show(trained.vectors), topn=6):
            say(line)
        place = "" if arguments.output == DEFAULT_FOLDER else f" --vectors {arguments.output}"
        note(f"more: tinygrad-w2v neighbors WORD{place}")
    return 0


def settings_of(arguments: argparse.Namespace) -> TrainingSettings:
    """Return the settings that the options give, checked."""
    names = TrainingSettings.__dataclass_fields__
    with _named_after_options():
        return TrainingSettings(
            **{name: getattr(arguments, name) for name in names if hasattr(arguments, name)}
        )


@contextmanager
def _named_after_options() -> Iterator[None]:
    """Let errors speak of ``--min-count``, as the user does, where they say ``min_count``."""
    try:
        yield
    except InputError as error:
        text = str(error)
        for name in ("max_final_vocab", *TrainingSettings.__dataclass_fields__):
            if text.startswith(f"{name} "):
                flag = {"max_final_vocab": "max-vocab"}.get(name, name.replace("_", "-"))
                text = f"--{flag} {text[len(name) + 1 :]}"
        raise InputError(text.replace("--max-final-vocab", "--max-vocab")) from error


def _check_engine(arguments: argparse.Namespace) -> None:
    if arguments.engine == "compiled":
        raise InputError("--engine compiled is not part of this version; use --engine numpy")
    if arguments.workers is not None:
        if arguments.workers < 1:
            raise InputError(f"--workers must be 1 or more, not {arguments.workers}")
        if arguments.workers > 1:
            note(
                f"note: the NumPy engine uses one core, so --workers {arguments.workers} changes "
                "nothing",
                arguments.quiet,
            )


def _check_sources(sources: list[str]) -> None:
    for source in sources:
        if source != "-" and not Path(source).exists():
            raise InputError(f"{source} does not exist; check the path")


def _lines(arguments: argparse.Namespace) -> Iterable[str]:
    if not arguments.corpus:
        return builtin_corpus_lines()
    return read_lines(arguments.corpus, arguments.errors)


def _hashed(lines: Iterable[str], digest: hashlib._Hash) -> Iterator[str]:
    for line in lines:
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
        yield line


def _judge(history: History, output: str) -> None:
    """Say what a person should know of the run, even a quiet one."""
    if history.interrupted:
        if not history.records:
            raise KeyboardInterrupt
        note(f"interrupted after {history.words:,} words; what was learned is kept in {output}")
    records = history.records
    if len(records) > 1 and records[-1].loss > records[0].loss:
        note(
            f"note: the loss rose from {records[0].loss:.3g} to {records[-1].loss:.3g}, so that "
            "the vectors are hardly of use: use a smaller --alpha or --batch"
        )
