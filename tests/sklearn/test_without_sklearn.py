"""What is said where scikit-learn is missing, and that nothing else asks for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules["sklearn"] = None
import tinygrad_w2v as tw
from tinygrad_w2v import *
assert "sklearn" in dir(tw)
try:
    tw.sklearn
except ImportError as error:
    print(error)
try:
    from tinygrad_w2v.sklearn import Word2VecVectorizer
except ImportError as error:
    print(error)
"""
LINE = "tinygrad_w2v.sklearn needs scikit-learn: pip install 'tinygrad_w2v[sklearn]'\n"


@pytest.mark.process
def test_without_scikit_learn_one_line_says_what_to_install() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, encoding="utf-8", check=True
    )
    assert ran.stdout == 2 * LINE
