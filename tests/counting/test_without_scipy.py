"""What is said where SciPy is missing, and that it is not needed before something is counted."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tinygrad_w2v.counting import cooccurrence, count_vectors, ppmi, svd_vectors


def test_without_scipy_one_line_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad_w2v\[count\]'"):
        cooccurrence(np.array([0, 1]))
    with pytest.raises(ImportError, match=r"pip install 'tinygrad_w2v\[count\]'"):
        ppmi([[1]])
    with pytest.raises(ImportError, match=r"pip install 'tinygrad_w2v\[count\]'"):
        svd_vectors([[1]], vocabulary=["a"])


def test_it_is_said_before_the_text_is_read(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    text = iter([["you", "say", "hello"]] * 9)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad_w2v\[count\]'"):
        count_vectors(text)
    assert len(list(text)) == 9


@pytest.mark.process
def test_importing_the_library_imports_no_scipy() -> None:
    program = "import sys, tinygrad_w2v.counting; print('scipy.sparse' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    )
    assert ran.stdout.strip() == "False"
