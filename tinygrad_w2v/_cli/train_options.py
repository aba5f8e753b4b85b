"""The options of ``train``, and the names that word2vec.c gives them."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli.gensim_options import add_gensim_options, note_gensim_options
from tinygrad_w2v._cli.parsing import Parser, path_name
from tinygrad_w2v.word2vec.checks import require_range
from tinygrad_w2v.word2vec.engine import ENGINES, MOST_WORKERS
from tinygrad_w2v.word2vec.kept_run import LONGEST_MINUTES
from tinygrad_w2v.word2vec.options import TRUE_GRADIENT
from tinygrad_w2v.word2vec.settings import ALPHA, TrainingSettings

DEFAULT_FOLDER = "w2v-out"
HELDOUT = 0.02

# word2vec.c's options that have one of ours with the same kind of value.
_SAME = {
    "-size": "--size",
    "-window": "--window",
    "-sample": "--sample",
    "-negative": "--negative",
    "-threads": "--workers",
    "-iter": "--epochs",
    "-min-count": "--min-count",
    "-alpha": "--alpha",
    "-output": "--output",
}
_SWITCHES = {
    ("-cbow", "0"): ["--model", "skipgram"],
    ("-cbow", "1"): ["--model", "cbow"],
    ("-hs", "0"): [],
    ("-hs", "1"): ["--hs"],
    ("-binary", "0"): [],
    ("-classes", "0"): [],
}
_WITHOUT_COUNTERPART = {
    "-binary": "vectors.txt is text; make a binary file of it with `tinygrad-w2v convert`",
    "-classes": "cluster the vectors with another program",
    "-save-vocab": "model.npz holds the words and their counts",
    "-read-vocab": "the vocabulary is made of the text",
}


def add_options(parser: Parser) -> None:
    """Declare the options of ``train``."""
    parser.add_argument(
        "corpus",
        nargs="*",
        type=path_name,
        metavar="CORPUS",
        help="UTF-8 text: files (.gz .bz2 .xz too), folders, or - for standard input; by default "
        "the built-in corpus, the documentation of Python and NumPy",
    )
    _add_model_options(parser)
    _add_text_options(parser)
    _add_run_options(parser)
    _add_options_of_other_runs(parser)
    add_gensim_options(parser)


def _add_model_options(parser: Parser) -> None:
    usual = TrainingSettings()
    model = parser.add_argument_group("model")
    model.add_argument("--model", choices=["cbow", "skipgram"], default=usual.model)
    model.add_argument(
        "--size",
        "--vector-size",
        dest="size",
        type=int,
        default=usual.size,
        metavar="N",
        help="of a vector",
    )
    model.add_argument("--window", type=int, default=usual.window, metavar="N")
    model.add_argument(
        "--no-shrink-windows",
        dest="shrink_windows",
        action="store_false",
        help="always take the whole window, not a width drawn from 1 ... N",
    )
    model.add_argument(
        "--negative",
        type=int,
        default=usual.negative,
        metavar="K",
        help="drawn words a window; 0 only with --hs",
    )
    model.add_argument(
        "--negatives-per-pair",
        dest="shared_negatives",
        action="store_false",
        help="skip-gram draws the K words for each context of a window, not once for all of them",
    )
    model.add_argument("--ns-exponent", type=float, default=usual.ns_exponent, metavar="X")
    model.add_argument(
        "--hs",
        action="store_true",
        help="hierarchical softmax: with --negative 0 instead of drawn words, else beside them",
    )
    model.add_argument(
        "--no-cbow-mean",
        dest="cbow_mean",
        action="store_false",
        help="CBOW takes the sum of the contexts, not the mean",
    )
    model.add_argument(
        "--compat",
        type=_rule,
        metavar="{word2vec,gradient}",
        help="word2vec: CBOW's update rule of word2vec.c in place of the gradient, the default",
    )


def _rule(name: str) -> str | None:
    """Return the setting `compat` for a name of CBOW's rule; the gradient is that of no other."""
    if name not in ("word2vec", TRUE_GRADIENT):
        raise argparse.ArgumentTypeError(f"{name!r} is neither word2vec nor {TRUE_GRADIENT}")
    return None if name == TRUE_GRADIENT else name


def _add_text_options(parser: Parser) -> None:
    usual = TrainingSettings()
    text = parser.add_argument_group("text")
    text.add_argument("--min-count", type=int, default=usual.min_count, metavar="N")
    text.add_argument(
        "--max-vocab",
        "--max-final-vocab",
        dest="max_vocab",
        type=int,
        metavar="N",
        help="keep the N most frequent words",
    )
    text.add_argument(
        "--max-vocab-size",
        type=int,
        metavar="N",
        help="forget rare words while reading when there are more than N: bounds the memory",
    )
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


def _add_run_options(parser: Parser) -> None:
    usual = TrainingSettings()
    run = parser.add_argument_group("run")
    run.add_argument("--epochs", type=int, default=usual.epochs, metavar="N")
    rates = ", ".join(f"{rate} for {name}" for (name, compat), rate in ALPHA.items() if not compat)
    run.add_argument("--alpha", type=float, metavar="A", help=f"first learning rate; {rates}")
    run.add_argument("--min-alpha", type=float, default=usual.min_alpha, metavar="A")
    run.add_argument(
        "--batch", type=int, metavar="N", help="windows in a batch; at most 256, by the vocabulary"
    )
    run.add_argument(
        "--heldout",
        type=float,
        nargs="?",
        const=HELDOUT,
        metavar="SHARE",
        help="show the loss on this share of the sentences, which are not trained on; "
        "%(const)s when no number follows",
    )
    run.add_argument(
        "--early-stopping",
        type=int,
        metavar="N",
        help="stop when the held-out loss has not fallen for N epochs",
    )
    run.add_argument("--seed", type=int, default=usual.seed, metavar="N")
    run.add_argument(
        "--engine",
        choices=ENGINES,
        default="auto",
        help="auto: compiled where numba is installed and the model compiles, else numpy",
    )
    run.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="threads of the compiled engine; default: the cores that the process may use",
    )
    run.add_argument(
        "--deterministic",
        action="store_true",
        help="the same bytes for the same seed and any number of workers, at a lower speed of the "
        "compiled engine; the NumPy engine always gives them",
    )
    run.add_argument(
        "--output",
        type=path_name,
        default=DEFAULT_FOLDER,
        metavar="DIR",
        help="default: %(default)s",
    )
    run.add_argument("--overwrite", action="store_true", help="replace the run in DIR")
    run.add_argument("--quiet", action="store_true", help="say nothing")


def _add_options_of_other_runs(parser: Parser) -> None:
    other = parser.add_argument_group("going on with a run")
    other.add_argument(
        "--checkpoint-minutes",
        type=float,
        default=5.0,
        metavar="M",
        help="keep the run's place this often, in DIR/checkpoints; 0: only at Ctrl-C "
        "and at its end (default: %(default)s)",
    )
    other.add_argument(
        "--resume", action="store_true", help="go on with the run in DIR that was ended early"
    )
    other.add_argument(
        "--settings", type=path_name, metavar="FILE", help="repeat the run of a settings.json"
    )
    other.add_argument(
        "--update",
        type=path_name,
        metavar="DIR",
        help="learn on from the vectors of the finished run in DIR",
    )


def check_numbers(arguments: argparse.Namespace) -> None:
    """Check the options that are no settings.

    Raises
    ------
    InputError
        It names the option.
    """
    if arguments.workers is not None:
        require_range("workers", arguments.workers, 1, MOST_WORKERS)
    require_range("checkpoint_minutes", arguments.checkpoint_minutes, 0, LONGEST_MINUTES)
    note_gensim_options(arguments)
    given = arguments.given
    for one, other in (("resume", "overwrite"), ("resume", "settings"), ("settings", "update")):
        if one in given and other in given:
            raise InputError(f"--{one} and --{other} exclude each other; leave out one")


def with_our_names(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return a command line of ``train`` with word2vec.c's options in our names, and what changed.

    Raises
    ------
    InputError
        For one without a counterpart.

    Examples
    --------
    >>> with_our_names(["-train", "text8", "-cbow", "0", "-iter", "3", "--seed", "2"])
    (['text8', '--model', 'skipgram', '--epochs', '3', '--seed', '2'], ['-train', '-cbow', '-iter'])
    """
    ours, sources, changed = [], [], []
    waiting = iter(words)
    for word in waiting:
        if word in ("-train", "-debug", *_SAME, *_WITHOUT_COUNTERPART, "-cbow", "-hs"):
            value = next(waiting, None)
            if value is None:
                raise InputError(f"{word} of word2vec.c needs a value")
            changed.append(word)
            if word == "-train":
                sources.append(value)
            elif word in _SAME:
                ours += [_SAME[word], value]
            elif (word, value) in _SWITCHES:
                ours += _SWITCHES[word, value]
            elif word in _WITHOUT_COUNTERPART:
                raise InputError(
                    f"{word} {value} of word2vec.c has no counterpart: {_WITHOUT_COUNTERPART[word]}"
                )
            elif word != "-debug":
                raise InputError(f"{word} of word2vec.c is 0 or 1, not {value}")
        else:
            ours.append(word)
    return [*sources, *_heldout_joined(ours)], changed


def _heldout_joined(words: list[str]) -> list[str]:
    """Let ``--heldout novel.txt`` be the option without a number, and a text."""
    joined = list(words)
    for place, (word, following) in enumerate(itertools.pairwise(words)):
        if word == "--heldout":
            try:
                float(following)
            except ValueError:
                joined[place] = f"--heldout={HELDOUT}"
    return joined
