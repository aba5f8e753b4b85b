"""Words and paths of others are shown on a terminal, never obeyed by it or by a shell."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base.terminal import displayed, literal, option, pasted

HOSTILE = [
    "\x1b[2J\x1b[1;1H",
    "\x1b]0;title\x07",
    "\r\n",
    "a\u202eb",
    "\u2066x",
    "\ud800",
    "caf\udce9.txt",
    "\u2028",
    "\x9b31m",
    "\ufeff",
    "$(touch here)",
    "`touch here`",
    "a;touch here",
    "'; touch here; '",
    '"; touch here; "',
    "a\\'b\x1b$(touch here)\x1b'",
    "!!",
    "~",
    "*",
    "-rf",
    " ",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_it_reaches_the_terminal(text) -> None:
    shown = displayed(text)
    assert displayed(shown) == shown
    assert all(
        unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp") for character in shown
    )
    assert not set(shown) & set("\u202e\u2066\ufeff")


def test_what_scripts_need_stays() -> None:
    for text in (
        "naïve",
        "猫 犬",
        "می\u200cخواهم",
        "👩\u200d💻",
        "a\u0301",
        "\u3000",
        "\xa0",
        "\\x1b",
    ):
        assert displayed(text) == text


@given(st.text())
def test_any_text_becomes_one_line(text) -> None:
    assert displayed(text).splitlines() in ([], [displayed(text)])
    assert ast.literal_eval(literal(text)) == text
    assert not set(literal(text)) & set('"$`!')


@pytest.mark.process
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_a_shell_takes_a_pasted_word_as_it_is(tmp_path) -> None:
    words = [word for word in HOSTILE if word != "\ud800"]  # which is no name of a file
    script = "printf '%s\\0' " + " ".join(map(pasted, words))
    done = subprocess.run(
        ["bash", "-c", os.fsencode(script)], capture_output=True, cwd=tmp_path, check=True
    )
    assert done.stdout.split(b"\0")[:-1] == [os.fsencode(word) for word in words]
    assert displayed(script) == script  # so that it can be shown before it is pasted
    assert not list(tmp_path.iterdir())


@pytest.mark.process
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_a_shell_takes_a_literal_in_double_quotes_as_it_is(tmp_path) -> None:
    for word in HOSTILE:
        code = f'"{sys.executable}" -c "import sys; sys.stdout.write(ascii({literal(word)}))"'
        done = subprocess.run(["bash", "-c", code], capture_output=True, cwd=tmp_path, check=True)
        assert done.stdout.decode() == ascii(word)
    assert not list(tmp_path.iterdir())


def test_a_value_that_looks_like_an_option() -> None:
    assert option("--output", "-x y") == "--output='-x y'"
    assert option("--output", "x") == "--output x"
