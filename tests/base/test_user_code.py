"""An error inside a function of a user's names that function and its line."""

from __future__ import annotations

import functools
import inspect
import re
import subprocess
import sys

import pytest

from tinygrad_w2v import Word2Vec
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.user_code import UserCodeError, calling, name_of
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.tokenizing import tokenize
from tinygrad_w2v.text.vocabulary import Vocabulary

TEXT = [["you", "say", "goodbye"], ["i", "say", "hello"]] * 9
SMALL = {"vector_size": 3, "sample": 0.0, "epochs": 1, "engine": "numpy", "min_count": 1}
MODULE = """\
def cut(line):
    if "hello" in line:
        return [].pop()
    return line.split()

def lazy(line):
    yield from line.split()
    raise KeyError("no such word")

def rule(word, count, min_count):
    return 1 // (count - 9)
"""


def broken(*arguments):
    raise ValueError("first line\nsecond line")


LINE = inspect.getsourcelines(broken)[1] + 1
HERE = re.escape(f"{__file__}:{LINE}")


class Called:
    def __call__(self, *arguments):
        raise ValueError("first line\nsecond line")


def test_a_tokenizer_of_ones_own() -> None:
    with pytest.raises(UserCodeError, match=HERE) as caught:
        list(tokenize(["you say"], broken))
    text = str(caught.value)
    assert text.startswith(f"the tokenizer {__name__}:broken raised ValueError at ")
    assert text.endswith(": first line second line")
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(UserCodeError, match=r"Called raised ValueError at .*test_user_code"):
        list(tokenize(["you say"], Called()))
    with pytest.raises(UserCodeError, match=HERE):
        list(tokenize(["you say"], functools.partial(broken, 1)))
    with pytest.raises(UserCodeError, match="builtins:int raised ValueError: invalid literal"):
        list(tokenize(["you say"], int))


def test_a_tokenizer_that_is_a_generator() -> None:
    def lazily(line):
        yield line.split()
        raise OSError("gone")

    with pytest.raises(UserCodeError, match="lazily raised OSError at"):
        list(tokenize(["you say"], lazily))
    assert list(tokenize(["you say"], lambda line: iter([line.split()]))) == [["you", "say"]]


def test_a_trim_rule(tmp_path) -> None:
    with pytest.raises(UserCodeError, match=f"the trim rule .*broken raised ValueError at {HERE}"):
        Word2Vec(TEXT, trim_rule=broken, **SMALL)
    with pytest.raises(UserCodeError, match=HERE):
        Word2Vec(TEXT, trim_rule=broken, max_vocab_size=2, **SMALL)
    with pytest.raises(UserCodeError, match=HERE):
        Vocabulary.from_counts({"a": 1, "b": 2}, trim_rule=broken)
    model = Word2Vec(**SMALL)
    with pytest.raises(UserCodeError, match=HERE):
        model.build_vocab_from_freq({"a": 1, "b": 2}, trim_rule=broken)
    with pytest.raises(InputError, match="trim_rule must be a function"):
        Word2Vec(TEXT, trim_rule=5, **SMALL)


def test_callbacks_and_sentences_stay_what_they_are() -> None:
    """A program may wait for an error of its own to end a training."""

    class EnoughError(Exception):
        pass

    class Stop:
        def on_epoch_end(self, model):
            raise EnoughError

    class Sentences:
        def __iter__(self):
            yield from TEXT
            raise EnoughError

    with pytest.raises(EnoughError) as caught:
        Word2Vec(TEXT, callbacks=[Stop()], **SMALL)
    (note,) = caught.value.__notes__
    assert re.match(
        r"raised by the callback .*Stop\.on_epoch_end at .*test_user_code\.py:\d+", note
    )
    with pytest.raises(EnoughError) as caught:
        Word2Vec(Sentences(), **SMALL)
    (note,) = caught.value.__notes__
    assert re.match(
        r"raised by the sentences of class .*Sentences at .*test_user_code\.py:\d+", note
    )


def test_what_is_no_sentence_and_no_word() -> None:
    for late, message in (
        (None, "a sentence must be a list of words, not None"),
        (5, "a sentence must be a list of words, not 5"),
        ([["a"]], r"a word must be a string, but \['a'\] is list"),
        ([5, 6] * 9, "a word must be a string, but 5 is int"),
    ):
        with pytest.raises(InputError, match=message):
            Word2Vec(TEXT * 20 + [late], **SMALL)


def test_an_error_of_the_library_is_not_wrapped() -> None:
    with pytest.raises(InputError, match=r"^mine$") as caught, calling("tokenizer", print):
        raise InputError("mine")
    assert type(caught.value) is InputError


def test_an_interrupt_is_not_an_error_of_the_function() -> None:
    with pytest.raises(KeyboardInterrupt), calling("tokenizer", print):
        raise KeyboardInterrupt


def test_names() -> None:
    assert name_of(Called()) == f"{__name__}:Called"
    assert name_of(functools.partial(print)) == "functools:partial"


@pytest.mark.process
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--tokenizer own:cut", r"the tokenizer 'own:cut' raised IndexError at .*own\.py:3: pop"),
        ("--tokenizer own:lazy", r"the tokenizer 'own:lazy' raised KeyError at .*own\.py:8: 'no"),
        (
            "--trim-rule own:rule",
            r"the trim rule own:rule raised ZeroDivision.* at .*own\.py:11",
        ),
    ],
)
def test_the_command_tells_it_in_one_line(options, message, tmp_path) -> None:
    (tmp_path / "own.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "text.txt").write_text("you say hello\n" * 9, encoding="utf-8")
    command = [sys.executable, "-m", "tinygrad_w2v", "train", "text.txt", *options.split()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.returncode == 2
    assert re.search(message, done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "w2v-out").exists()


def test_a_tokenizer_by_name(tmp_path, monkeypatch) -> None:
    (tmp_path / "own_words.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "text.txt").write_text("you say hello\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    settings = TextSettings(tokenizer="own_words:cut")
    with pytest.raises(UserCodeError, match=r"'own_words:cut' raised IndexError at .*py:3"):
        list(settings.chunks(tmp_path / "text.txt"))
