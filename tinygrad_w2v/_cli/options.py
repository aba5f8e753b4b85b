"""The options of ``train``, as a table: of it the parser, and the flags in messages, are made.

Defaults and types are those of the settings that an option gives. word2vec.c's options and gensim's
keywords are other names of ours.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.terminal import option
from tinygrad_w2v._cli.parsing import Parser, path_name
from tinygrad_w2v._cli.request import Request
from tinygrad_w2v.word2vec.engine import ENGINES, EngineOptions
from tinygrad_w2v.word2vec.options import TRUE_GRADIENT, keyword_of
from tinygrad_w2v.word2vec.settings import ALPHA, MODELS, TrainingSettings

DEFAULT_FOLDER = "w2v-out"
HELDOUT = 0.02

_USUAL_RATES = ", ".join(f"{rate} for {name}" for (name, rule), rate in ALPHA.items() if not rule)
# Of gensim's keywords, those that say how it works and not what it computes.
WITHOUT_EFFECT = ("batch_words", "hashfxn", "null_word", "sorted_vocab", "comment")


def _either(words: Mapping[str, Any]) -> Callable[[str], Any]:
    """Return a function from one of two words to what it stands for."""

    def convert(word: str) -> Any:
        if word not in words:
            first, second = words
            raise argparse.ArgumentTypeError(f"{word!r} is neither {first} nor {second}")
        return words[word]

    return convert


_ZERO_ONE = _either({"0": False, "1": True})
_GENSIM = {"metavar": "{0,1}", "default": argparse.SUPPRESS}


class Option(NamedTuple):
    """An option: the setting that it gives, its help, its flags, and more for `argparse`.

    Without flags it is ``--name``; a flag of a setting that is usually on switches it off.
    """

    name: str
    help: str
    metavar: str | None = None
    flags: str = ""
    more: Mapping[str, Any] = {}

    def add_to(self, group: Any) -> None:
        """Declare it."""
        usual = _USUAL.get(self.name)
        shown = type(usual) in (str, int, float) and "default" not in self.more
        told = f"{self.help} (default: %(default)s)" if shown else self.help
        more: dict[str, Any] = {"dest": self.name, "help": told, "default": usual}
        if usual is True or usual is False:
            more["action"] = "store_false" if usual else "store_true"
        else:
            more |= {"metavar": self.metavar, "type": _TYPES.get(self.name)}
        more |= self.more
        if "type" in self.more:
            more.pop("action", None)
        group.add_argument(*(self.flags or _flag(self.name)).split(), **more)


OPTIONS: dict[str, tuple[Option, ...]] = {
    "model": (
        Option("model", "how contexts predict words", more={"choices": list(MODELS)}),
        Option("size", "how many numbers a vector has", "N", "--size --vector-size"),
        Option("window", "the largest distance between a word and its context", "N"),
        Option(
            "shrink_windows",
            "always take the whole window, not a width drawn from 1 ... N",
            flags="--no-shrink-windows",
        ),
        Option("negative", "random words that each word is told from; 0 only with --hs", "K"),
        Option(
            "shared_negatives",
            "skip-gram draws the K words for each context of a window, not once for all of them",
            flags="--negatives-per-pair",
        ),
        Option("ns_exponent", "random words are drawn by their counts to this power", "X"),
        Option("hs", "hierarchical softmax: with --negative 0 instead of them, else beside them"),
        Option(
            "cbow_mean",
            "CBOW takes the sum of the contexts, not the mean",
            flags="--no-cbow-mean",
        ),
        Option(
            "compat",
            "word2vec: CBOW's update rule of word2vec.c in place of the gradient, the default",
            f"{{word2vec,{TRUE_GRADIENT}}}",
            more={"type": _either({"word2vec": "word2vec", TRUE_GRADIENT: None})},
        ),
    ),
    "text": (
        Option("min_count", "leave out words that occur fewer times", "N"),
        Option("max_vocab", "keep the N most frequent words", "N", "--max-vocab --max-final-vocab"),
        Option(
            "max_vocab_size",
            "forget rare words while reading when there are more than N: bounds the memory",
            "N",
        ),
        Option("sample", "thin out words whose share of the text is above T; 0 keeps all", "T"),
        Option("tokenizer", "words, whitespace, ja, or MODULE:FUNCTION", "NAME"),
        Option("lower", "keep capitals", flags="--no-lower"),
        Option(
            "errors",
            "what to do with bytes that are not UTF-8",
            more={"choices": ["strict", "replace"]},
        ),
    ),
    "run": (
        Option("epochs", "how often the text is read", "N"),
        Option("alpha", f"first learning rate; {_USUAL_RATES}", "A"),
        Option("min_alpha", "last learning rate", "A"),
        Option("batch", "windows in a batch; at most 256, by the vocabulary", "N"),
        Option(
            "heldout",
            "show the loss on this share of the sentences, which are not trained on; "
            "%(const)s when no number follows",
            "SHARE",
            more={"nargs": "?", "const": HELDOUT},
        ),
        Option("early_stopping", "stop when the held-out loss has not fallen for N epochs", "N"),
        Option("seed", "of all random numbers", "N"),
        Option(
            "engine",
            "auto: compiled where numba is installed and the model compiles, else numpy",
            more={"choices": ENGINES},
        ),
        Option(
            "workers",
            "threads of the compiled engine; default: the cores that the process may use",
            "N",
            more={"default": None},
        ),
        Option(
            "deterministic",
            "the same bytes for the same seed and any number of workers, at a lower speed of the "
            "compiled engine; the NumPy engine always gives them",
        ),
        Option("output", "the folder of the run's files", "DIR", more={"type": path_name}),
        Option("overwrite", "replace the run in DIR"),
        Option("quiet", "say nothing"),
    ),
    "going on with a run": (
        Option(
            "checkpoint_minutes",
            "keep the run's place this often, in DIR/checkpoints; 0: only at Ctrl-C and at its end",
            "M",
            more={"type": float},
        ),
        Option("resume", "go on with the run in DIR that was ended early"),
        Option(
            "repeat",
            "repeat the run of a settings.json",
            "FILE",
            "--settings",
            more={"type": path_name},
        ),
        Option(
            "update",
            "learn on from the vectors of the finished run in the folder PATH, or of a file that "
            "Word2Vec saved",
            "PATH",
            more={"type": path_name},
        ),
    ),
    "gensim's names": (
        Option(
            "model",
            "1: --model skipgram, 0: cbow",
            flags="--sg",
            more={**_GENSIM, "type": _either({"0": "cbow", "1": "skipgram"})},
        ),
        Option(
            "cbow_mean",
            "0: --no-cbow-mean",
            flags="--cbow-mean",
            more={**_GENSIM, "type": _ZERO_ONE},
        ),
        Option(
            "shrink_windows",
            "0: --no-shrink-windows",
            flags="--shrink-windows",
            more={**_GENSIM, "type": _ZERO_ONE},
        ),
        Option(
            "trim_rule",
            "(word, count, min_count) to 0: by the count, 1: leave it out, 2: keep it",
            "MODULE:FUNCTION",
        ),
        Option("compute_loss", "always on: history.jsonl and loss.svg hold the loss"),
        *(Option(name, "without effect here", "X") for name in WITHOUT_EFFECT),
    ),
}

_USUAL: dict[str, Any] = {
    **{field.name: field.default for field in dataclasses.fields(TrainingSettings)},
    **{field.name: field.default for field in dataclasses.fields(Request)},
    **EngineOptions._field_defaults,
    "output": DEFAULT_FOLDER,
    "overwrite": False,
    "quiet": False,
    "checkpoint_minutes": 5.0,
    "resume": False,
    "compute_loss": False,
}
_TYPES: dict[str, Any] = {
    name: {"int": int, "float": float}[kind]
    for name, annotation in (Request.__annotations__ | TrainingSettings.__annotations__).items()
    if (kind := str(annotation).partition(" ")[0]) in ("int", "float")
} | {"workers": int}


def add_options(parser: Parser) -> None:
    """Declare the options of ``train``."""
    parser.add_argument(
        "sources",
        nargs="*",
        type=path_name,
        metavar="CORPUS",
        help="UTF-8 text: files (.gz .bz2 .xz too), folders, or - for standard input; by default "
        "the built-in corpus, the documentation of Python and NumPy",
    )
    for title, options in OPTIONS.items():
        group = parser.add_argument_group(title)
        for each in options:
            each.add_to(group)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def flag_of(name: str) -> str:
    """Return the flag of a setting, by its name or by that of the keyword.

    Examples
    --------
    >>> flag_of("min_count"), flag_of("vector_size"), flag_of("topn")
    ('--min-count', '--size', '--topn')
    """
    for each in itertools.chain(*OPTIONS.values()):
        if name in (each.name, keyword_of(each.name)):
            return (each.flags or _flag(each.name)).split()[0]
    return _flag(name)


def in_flags(setting: Setting) -> str:
    """Return how a setting of a message, and its value, are written on the command line.

    Examples
    --------
    >>> in_flags(Setting("vector_size", 3)), in_flags(Setting("deterministic", True))
    ('--size 3', '--deterministic')
    """
    flag = flag_of(setting.name)
    bare = setting.value is None or setting.value is True
    return flag if bare else option(flag, str(setting.value))


# word2vec.c's options that have one of ours with the same kind of value.
_SAME = {
    **{f"-{name}": f"--{name}" for name in ("size", "window", "sample", "negative", "min-count")},
    "-alpha": "--alpha",
    "-output": "--output",
    "-threads": "--workers",
    "-iter": "--epochs",
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
