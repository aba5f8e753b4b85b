import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v.text.tokenizing import get_tokenizer, tokenize

JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
WAKATI = "吾輩 は 猫 で ある 。 名前 は まだ 無い 。 コンピューター を 使う"
CHINESE = "道可道，非常道。名可名，非常名。无名天地之始有名万物之母故常无欲以观其妙。" * 2


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("You say goodbye and I say hello.", [["you", "say", "goodbye", "and", "i", "say"]]),
        ("Don't 'quote' rock'n'roll", [["don't", "quote", "rock'n'roll"]]),
        ("It’s", [["it's"]]),
        ("float64 costs 1,234.5 or 3.14; snake_case", None),
        ('He said "no." Then he left! Why? (So.)  End', None),
        ("café cafe\u0301 НАУКА हिन्दी 日 本", [["café", "café", "наука", "हिन्दी", "日", "本"]]),
        ("   ", []),
        ("... !? --", []),
    ],
)
def test_words(line, sentences):
    expected = {
        "You": [["you", "say", "goodbye", "and", "i", "say", "hello"]],
        "flo": [["float64", "costs", "1,234.5", "or", "3.14", "snake", "case"]],
        "He ": [["he", "said", "no"], ["then", "he", "left"], ["why"], ["so"], ["end"]],
    }
    assert list(tokenize([line])) == expected.get(line[:3], sentences)


def test_lower_is_a_choice():
    assert list(tokenize(["Say A.b"], "words", lower=False)) == [["Say", "A", "b"]]
    assert list(tokenize(["Say A. B"], "whitespace")) == [["say", "a.", "b"]]


@given(st.text())
def test_words_are_words(text):
    for sentence in tokenize([text], get_tokenizer("words")):
        for word in sentence:
            assert word and not any(map(str.isspace, word)) and word.strip("'") == word


@pytest.mark.parametrize("name", ["words", "whitespace"])
@pytest.mark.parametrize("text", [JAPANESE, CHINESE])
def test_text_without_blanks_is_refused_with_the_remedy(name, text):
    with pytest.raises(InputError, match=r"mecab -Owakati.*tokenizer='ja'"):
        list(tokenize([text] * 3, name))


@pytest.mark.parametrize("text", [WAKATI, "Pi is 3. " * 40 + JAPANESE, "", "english only"])
def test_text_with_blanks_is_not_refused(text):
    list(tokenize([text], "words"))
    list(tokenize([text], "whitespace"))


def test_looking_ahead_loses_no_line():
    lines = [f"line number {number}" for number in range(5000)]
    assert list(tokenize(lines)) == [line.split() for line in lines]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_japanese():
    pytest.importorskip("janome", reason="the extra `ja` is not installed")
    sentences = list(tokenize(["すもももももももものうち。", "猫である。 "], "ja"))
    assert sentences == [
        ["すもも", "も", "もも", "も", "もも", "の", "うち"],
        ["猫", "で", "ある"],
    ]


def test_japanese_without_its_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "janome.tokenizer", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tinygrad_w2v\[ja\]'"):
        get_tokenizer("ja")


def test_a_function_of_the_user(tmp_path, monkeypatch):
    (tmp_path / "users_words.py").write_text(
        "def cut(line): return line.split('-')\n"
        "def letters(line): return line\ndef numbers(line): return [1]\nx = 3\n",
        encoding="utf-8",
    )
    (tmp_path / "users_broken.py").write_text("import missing_for_sure\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    assert list(tokenize(["A-b", "c"], "users_words:cut")) == [["A", "b"], ["c"]]
    assert list(tokenize(["A b"], "shlex:split")) == [["A", "b"]]
    wrong = {
        "users_words:letters": "must return a list of words, not 'A-b'",
        "users_words:numbers": "but 1 is int",
        "users_words:x": "is no function but int",
        "users_words:none": "cannot be imported: AttributeError",
        "users_broken:cut": "cannot be imported: ModuleNotFoundError: .*missing_for_sure",
        "no_such_module:cut": "cannot be imported: ModuleNotFoundError",
        ":cut": "cannot be imported",
        "word": "there is no tokenizer 'word'; use words, whitespace, ja or MODULE:FUNCTION",
    }
    for name, message in wrong.items():
        with pytest.raises(InputError, match=message):
            list(tokenize(["A-b"], name))
    assert sys.path == before
