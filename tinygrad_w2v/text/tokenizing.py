"""Lines of text become sentences of words.

A tokenizer is a function from a line to its sentences, each a list of words. A context window
never reaches beyond its sentence.
"""

import functools
import importlib
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from tinygrad_w2v._base.errors import InputError, MissingDependencyError, Setting
from tinygrad_w2v._base.limits import LONGEST_WORD
from tinygrad_w2v._base.user_code import calling
from tinygrad_w2v.text.reading import refuse_long_words

Tokenizer = Callable[[str], Iterable[list[str]]]

TOKENIZERS = ("words", "whitespace", "ja")

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]”’»]*\s+|(?<=[。！？．])[」』）]*")
_ASCII_WORD = re.compile(r"[0-9]+(?:[.,][0-9]+)+|[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*")
_HAN_OR_KANA = "々〆\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN_OR_KANA_RUN = re.compile(f"[{_HAN_OR_KANA}]+")

# Segmented text has runs of two or three such characters, unsegmented text of about ten.
_LONGEST_MEAN_RUN = 5.0
_SAMPLE = 20_000


def tokenize(
    lines: Iterable[str],
    tokenizer: str | Tokenizer = "words",
    lower: bool = True,
    begins: bool = True,
) -> Iterator[list[str]]:
    """Yield the sentences of a text, each a list of words.

    Parameters
    ----------
    lines
        The text, line by line.
    tokenizer
        ``"words"``: a word is a run of letters and digits of any script, with apostrophes inside;
        a sentence ends with its line or at ``. ! ?``. ``"whitespace"``: a line is a sentence,
        split at white space. ``"ja"``: Japanese, segmented by Janome (extra ``ja``).
        ``"MODULE:FUNCTION"``: a function of yours from a line to its list of words. Or any
        function from a line to its sentences.
    lower
        Lower-case each line first. A function of yours is given the line as it is.
    begins
        Whether these are the first lines of a text, which are looked at for blanks.

    Yields
    ------
    list of str
        One sentence; none is empty.

    Raises
    ------
    InputError
        When the tokenizer is unknown, or when the text is Japanese or Chinese without blanks and
        the tokenizer needs blanks.
    MissingDependencyError
        When ``"ja"`` is asked for and Janome is not installed.

    Examples
    --------
    >>> list(tokenize(["You say goodbye. I don't!", "Say 3.14"]))
    [['you', 'say', 'goodbye'], ['i', "don't"], ['say', '3.14']]
    >>> list(tokenize(["You say goodbye."], "whitespace", lower=False))
    [['You', 'say', 'goodbye.']]
    """
    cut = get_tokenizer(tokenizer, lower)
    if begins and tokenizer in ("words", "whitespace"):
        lines = refuse_text_without_blanks(iter(lines), str(tokenizer))
    return _sentences(lines, cut)


def _sentences(lines: Iterable[str], cut: Tokenizer) -> Iterator[list[str]]:
    for line in lines:
        long = len(line) > LONGEST_WORD // 4
        for sentence in cut(line):
            if sentence:
                if long:
                    refuse_long_words(sentence)
                yield sentence


def get_tokenizer(tokenizer: str | Tokenizer = "words", lower: bool = True) -> Tokenizer:
    """Return the tokenizer of a name: a function from a line to its sentences.

    Parameters
    ----------
    tokenizer, lower
        As in :func:`tokenize`.

    Returns
    -------
    callable
        From a line to its sentences, each a list of words; some may be empty.

    Raises
    ------
    InputError
        When there is no such tokenizer.
    MissingDependencyError
        When its library is not installed.

    Examples
    --------
    >>> get_tokenizer("whitespace")("You say goodbye")
    [['you', 'say', 'goodbye']]
    """
    if callable(tokenizer):
        return _guarded(tokenizer)
    if not isinstance(tokenizer, str):
        raise InputError(
            f"must be the name of a tokenizer or a function, not {tokenizer!r:.60}; by default "
            "'words'",
            setting="tokenizer",
        )
    if ":" in tokenizer:
        return _imported(tokenizer)
    makers = {"words": lambda: _words, "whitespace": lambda: _whitespace, "ja": _japanese}
    if tokenizer not in makers:
        raise InputError(
            f"there is no tokenizer {tokenizer!r}; use {', '.join(TOKENIZERS)} or MODULE:FUNCTION"
        )
    cut: Tokenizer = makers[tokenizer]()
    return (lambda line: cut(line.lower())) if lower else cut


def _guarded(tokenizer: Tokenizer) -> Tokenizer:
    """Wrap a user's function, which may be a generator, so that its errors name it."""

    def cut(line: str) -> list[list[str]]:
        with calling("tokenizer", tokenizer):
            return list(tokenizer(line))

    return cut


def _words(line: str) -> list[list[str]]:
    if line.isascii():
        return [_ASCII_WORD.findall(part) for part in _SENTENCE_END.split(line)]
    line = unicodedata.normalize("NFC", line).replace("’", "'")
    return [_unicode_word().findall(part) for part in _SENTENCE_END.split(line)]


@functools.cache
def _unicode_word() -> re.Pattern[str]:
    # Vowel signs and combining accents belong to a word, but `\w` does not match them.
    codes = map(chr, range(0x300, 0x10000))
    marks = "".join(code for code in codes if unicodedata.category(code)[0] == "M")
    letter = f"(?:[^\\W_]|[{marks}])"
    return re.compile(f"\\d+(?:[.,]\\d+)+|{letter}+(?:'{letter}+)*")


def _whitespace(line: str) -> list[list[str]]:
    return [line.split()]


def _japanese() -> Tokenizer:
    try:
        from janome.tokenizer import Tokenizer as Janome
    except ImportError as error:
        raise MissingDependencyError(
            "the tokenizer 'ja' needs Janome: pip install 'tinygrad_w2v[ja]'"
        ) from error
    janome: Any = Janome()

    def cut(line: str) -> list[list[str]]:
        return [
            [word for word in janome.tokenize(part, wakati=True) if any(map(str.isalnum, word))]
            for part in _SENTENCE_END.split(line)
            if part and not part.isspace()
        ]

    return cut


def _imported(name: str) -> Tokenizer:
    """Return the tokenizer that wraps a user's function from a line to its words."""
    function = import_function(name, "tokenizer")

    def cut(line: str) -> list[list[str]]:
        with calling("tokenizer", function, repr(name)):
            words = function(line)
            if isinstance(words, str) or not isinstance(words, Iterable):
                raise InputError(
                    f"tokenizer {name!r} must return a list of words, not {words!r:.60}"
                )
            words = list(words)
        for word in words:
            if not isinstance(word, str):
                raise InputError(
                    f"tokenizer {name!r} must return a list of words (str), but {word!r:.60} is "
                    f"{type(word).__name__}"
                )
        return [words]

    return cut


def import_function(name: str, what: str) -> Any:
    """Return the function that ``MODULE:FUNCTION`` names; `what` is how an error calls it.

    Raises
    ------
    InputError
        When it cannot be imported, or is no function.

    Examples
    --------
    >>> import_function("json:dumps", "writer")([1])
    '[1]'
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = _import_module(module_name)
        function: Any = functools.reduce(getattr, attribute.split("."), module)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{what} {name!r} cannot be imported: {reason}") from error
    if not callable(function):
        raise InputError(f"{what} {name!r} is no function but {type(function).__name__}")
    return function


def _import_module(name: str) -> Any:
    """Import a module that is installed or in the current folder."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
    here = os.getcwd()  # noqa: PTH109
    sys.path.append(here)
    try:
        importlib.invalidate_caches()
        return importlib.import_module(name)
    finally:
        sys.path.remove(here)


def refuse_text_without_blanks(lines: Iterator[str], tokenizer: str) -> Iterator[str]:
    """Pass lines on, or raise when they are Japanese or Chinese that has not been segmented.

    Parameters
    ----------
    lines
        The text.
    tokenizer
        What the error calls the tokenizer that needs blanks.

    Yields
    ------
    str
        Each line as it is.

    Raises
    ------
    InputError
        When the beginning of the text has long runs of such characters.

    Examples
    --------
    >>> list(refuse_text_without_blanks(iter(["You say goodbye"]), "whitespace"))
    ['You say goodbye']
    """
    head: list[str] = []
    length = 0
    for line in lines:
        head.append(line)
        length += len(line)
        if length >= _SAMPLE:
            break
    sample = "\n".join(head)[:_SAMPLE]
    runs = [len(run) for run in _HAN_OR_KANA_RUN.findall(sample)]
    letters = sum(map(str.isalpha, sample))
    if runs and sum(runs) > 0.3 * letters and sum(runs) / len(runs) > _LONGEST_MEAN_RUN:
        raise InputError(
            (
                "the text seems to be Japanese or Chinese with hardly any spaces, so that ",
                Setting("tokenizer", tokenizer),
                " finds no words; for Japanese run `mecab -Owakati` on it first, or use ",
                Setting("tokenizer", "ja"),
                " (pip install 'tinygrad_w2v[ja]'); for Chinese give a segmenter as ",
                Setting("tokenizer", "MODULE:FUNCTION"),
            )
        )
    yield from chain(head, lines)
