"""The options of ``train``, as a table: of it the parser, and the flags in messages, are made.

word2vec.c's options and gensim's keywords are other names of ours.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.terminal import option
from tinygrad_w2v._cli.parsing import Parser, path_name
from tinygrad_w2v._cli.request import Request
from tinygrad_w2v.word2vec.options import TRUE_GRADIENT, keyword_of
from tinygrad_w2v.word2vec.settings import TrainingSettings
from tinygrad_w2v.word2vec.subword_settings import SubwordSettings

DEFAULT_FOLDER = "w2v-out"
HELDOUT = 0.02

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


# Groups of options: flags, what follows them, and their help. Their settings are those of the first
# flag's name, but for `_SETTINGS`; defaults and types are those of the settings.
_TABLE = """
model
  --model {cbow,skipgram,fasttext}  how contexts predict words; fasttext: words are made of n-grams,
                           so that unseen words have vectors, and --sg says how they are predicted
  --size --vector-size N   how many numbers a vector has
  --window N               the largest distance between a word and its context
  --no-shrink-windows      always take the whole window, not a width drawn from 1 ... N
  --negative K             random words that each word is told from; 0 only with --hs
  --negatives-per-pair     skip-gram draws the K words for each context of a window, not once for
                           all of them
  --ns-exponent X          random words are drawn by their counts to this power
  --hs                     hierarchical softmax: with --negative 0 instead of random words, else
                           beside them
  --min-n N                fasttext: the fewest characters of an n-gram
  --max-n N                fasttext: the most; 0: no n-grams
  --bucket N               fasttext: how many rows n-grams share; most of the memory
  --no-cbow-mean           CBOW takes the sum of the contexts, not the mean
  --compat {word2vec,gradient}  word2vec: CBOW's update rule of word2vec.c in place of the gradient,
                           the default
text
  --min-count N            leave out words that occur fewer times
  --max-vocab --max-final-vocab N  keep the N most frequent words
  --max-vocab-size N       forget rare words while reading when there are more than N: bounds the
                           memory
  --sample T               thin out words whose share of the text is above T; 0 keeps all
  --tokenizer NAME         words, whitespace, ja, or MODULE:FUNCTION
  --no-lower               keep capitals
  --errors {strict,replace}  what to do with bytes that are not UTF-8
phrases
  --phrases [FILE]         join new york to new_york: the phrases of FILE, which `tinygrad-w2v
                           phrases` wrote, else those that are found in the text first
  --phrases-rounds N       2 finds phrases of up to four words, 3 of up to eight
  --phrases-min-count N    what comes fewer times is no phrase
  --phrases-threshold T    a phrase scores above this: higher, fewer phrases
  --phrases-scoring {default,npmi}  the score; npmi is from -1 to 1
  --phrases-connector-words WORDS  words that may stand inside a phrase, with commas between
                           them, or english
run
  --epochs N               how often the text is read
  --alpha A                first learning rate; 0.025 for skipgram and fasttext, 0.15 for cbow
  --min-alpha A            last learning rate
  --batch N                windows in a batch; at most 256, by the vocabulary
  --heldout [SHARE]        show the loss on this share of the sentences, which are not trained on;
                           %(const)s when no number follows
  --early-stopping N       stop when the held-out loss has not fallen for N epochs
  --seed N                 of all random numbers
  --engine {auto,numpy,compiled,ray}  auto: compiled where numba is installed and the model
                           compiles, else numpy; ray: on the machines of a Ray cluster, with equal
                           bytes
  --workers N              threads of the compiled engine; default: the cores that the process may
                           use
  --deterministic          the same bytes for the same seed and any number of workers, at a lower
                           speed of the compiled engine; the NumPy engine always gives them
  --shards N               into how many parts a round with --deterministic or --engine ray is
                           divided, by default 4; the bytes depend on it, and not on who computes
  --ray-address ADDRESS    HOST:PORT of a Ray cluster, or auto: the one that this machine is part
                           of; by default one is begun here, with as many cores as --workers says
  --ids-folder DIR         keep the ids of the text in DIR, where other runs find them; the machines
                           of --engine ray read them there, so all must have it under this name
  --probe                  with --engine ray: say what a round costs on the cluster, and end
  --output DIR             the folder of the run's files
  --overwrite              replace the run in DIR
  --report-every SECONDS   write report.html anew this often while the run goes on
  --layout {pca,umap,pacmap}  the report's map of words; the latter two need the extra maps
  --lang {en,ja}           the language of the report and the loss curve
  --quiet                  say nothing
going on with a run
  --checkpoint-minutes M   keep the run's place this often, in DIR/checkpoints; 0: only at Ctrl-C
                           and at its end
  --resume                 go on with the run in DIR that was ended early
  --settings FILE          repeat the run of a settings.json
  --update PATH            learn on from the vectors of the finished run in the folder PATH, or of a
                           file that Word2Vec saved
gensim's names
  --sg {0,1}               1: --model skipgram, 0: cbow; with --model fasttext, which of them it is
  --cbow-mean {0,1}        0: --no-cbow-mean
  --shrink-windows {0,1}   0: --no-shrink-windows
  --trim-rule MODULE:FUNCTION  (word, count, min_count) to 0: by the count, 1: leave it out, 2: keep
                           it
  --compute-loss           always on: history.jsonl and loss.svg hold the loss
  --batch-words X          without effect here
  --hashfxn X              without effect here
  --null-word X            without effect here
  --sorted-vocab X         without effect here
  --comment X              without effect here
"""
# Those that give a setting which another option gives, too.
_ALIASES = ("--sg", "--cbow-mean", "--shrink-windows")
OTHER_NAMES = frozenset(_ALIASES) - {"--sg"}  # of a setting that has an option of its own
_SETTINGS = {
    "--no-shrink-windows": "shrink_windows",
    "--negatives-per-pair": "shared_negatives",
    "--no-cbow-mean": "cbow_mean",
    "--no-lower": "lower",
    "--settings": "repeat",
    "--sg": "architecture",
}
_TYPES: dict[str, Callable[[str], Any]] = {
    "--compat": _either({"word2vec": "word2vec", TRUE_GRADIENT: None}),
    "--sg": _either({"0": "cbow", "1": "skipgram"}),
    "--cbow-mean": _either({"0": False, "1": True}),
    "--shrink-windows": _either({"0": False, "1": True}),
    **dict.fromkeys(("--output", "--settings", "--update", "--phrases", "--ids-folder"), path_name),
}
_DEFAULTS: dict[str, Any] = {
    **{field.name: field.default for field in dataclasses.fields(SubwordSettings)},
    **{field.name: field.default for field in dataclasses.fields(TrainingSettings)},
    **{field.name: field.default for field in dataclasses.fields(Request)},
    "engine": "auto",
    "deterministic": False,
    "shards": None,
    "ray_address": None,
    "ids_folder": None,
    "probe": False,
    "output": DEFAULT_FOLDER,
    "overwrite": False,
    "lang": "en",
    "layout": "pca",
    "quiet": False,
    "checkpoint_minutes": 5.0,
    "resume": False,
    "compute_loss": False,
}
# What an option without its value stands for.
_CONSTANTS: dict[str, Any] = {"heldout": HELDOUT, "phrases": True}
_NUMBERS = {
    name: {"int": int, "float": float}[of]
    for kind in (Request, TrainingSettings, SubwordSettings)
    for name, annotation in kind.__annotations__.items()
    if (of := annotation.partition(" ")[0]) in ("int", "float")
} | {"workers": int, "shards": int, "checkpoint_minutes": float, "report_every": float}


class Option(NamedTuple):
    """A line of the table."""

    group: str
    flags: list[str]
    value: str
    help: str

    @property
    def setting(self) -> str:
        """The name of what it gives."""
        flag = self.flags[0]
        return _SETTINGS.get(flag, flag.removeprefix("--").replace("-", "_"))

    def arguments(self) -> dict[str, Any]:
        """Return what argparse is told of it."""
        told: dict[str, Any] = {"dest": self.setting, "help": self.help}
        usual, convert = _DEFAULTS.get(self.setting), _TYPES.get(self.flags[0])
        if not self.value:
            return told | {"action": "store_false" if usual else "store_true"}
        if self.flags[0] in _ALIASES:
            usual = argparse.SUPPRESS
        elif type(usual) in (str, int, float):
            told["help"] += " (default: %(default)s)"
        if self.value.startswith("{") and convert is None:
            return told | {"default": usual, "choices": self.value[1:-1].split(",")}
        told |= {"default": usual, "type": convert or _NUMBERS.get(self.setting)}
        if self.value.startswith("["):
            told |= {"nargs": "?", "const": _CONSTANTS[self.setting]}
        return told | {"metavar": self.value.strip("[]")}


def _options() -> Iterator[Option]:
    group = ""
    for line in re.sub(r"\n {20,}", " ", _TABLE).strip().splitlines():
        if not line.startswith(" "):
            group = line
            continue
        flags, told = re.split(r"(?<=\S)  +", line.strip(), maxsplit=1)
        words = flags.split()
        named = [word for word in words if word.startswith("--")]
        yield Option(group, named, " ".join(words[len(named) :]), told)


OPTIONS = tuple(_options())


def add_options(parser: Parser) -> None:
    """Declare the options of ``train``."""
    parser.add_argument(
        "sources",
        nargs="*",
        type=path_name,
        metavar="CORPUS",
        help="UTF-8 text: files (.gz .bz2 .xz too), folders, patterns, URLs (s3://...), or - for "
        "standard input; by default the built-in corpus, the documentation of Python and NumPy",
    )
    groups = {each.group: None for each in OPTIONS}
    added = {name: parser.add_argument_group(name) for name in groups}
    for each in OPTIONS:
        added[each.group].add_argument(*each.flags, **each.arguments())


def usual(setting: str) -> Any:
    """Return the default of a setting.

    Examples
    --------
    >>> usual("size"), usual("heldout")
    (100, None)
    """
    return _DEFAULTS.get(setting)


def flag_of(name: str) -> str:
    """Return the flag of a setting, by its name or by that of the keyword.

    Examples
    --------
    >>> flag_of("min_count"), flag_of("vector_size"), flag_of("topn")
    ('--min-count', '--size', '--topn')
    """
    for each in OPTIONS:
        if name in (each.setting, keyword_of(each.setting)):
            return each.flags[0]
    return "--" + name.replace("_", "-")


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
