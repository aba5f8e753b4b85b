"""The fuzzer of the loaders finds nothing in a few hundred tries, and would find what is wrong."""

import importlib.util
from pathlib import Path

import pytest

from tinygrad_w2v.vectors import formats

SCRIPT = Path(__file__).with_name("fuzz.py")


@pytest.fixture(scope="module")
def fuzzer():
    specification = importlib.util.spec_from_file_location("vectors_fuzz", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_every_format_is_fuzzed(fuzzer):
    assert set(fuzzer.NAMES) == set(formats.FORMATS)
    assert set(fuzzer.OTHERS) == set(OTHERS)


OTHERS = ("model", "vocabulary", "checkpoint", "settings", "text", "evaluation")


@pytest.mark.parametrize("name", [*formats.FORMATS, *OTHERS])
def test_mutated_files_are_read_or_refused(fuzzer, name, tmp_path, capsys):
    read, refused, wrong = fuzzer.fuzz(name, 0.7, 5, tmp_path)
    assert wrong == 0, capsys.readouterr().err
    assert read + refused > 5


def test_what_is_wrong_is_reported(fuzzer, tmp_path, monkeypatch, capsys):
    def broken(*args, **options):
        raise IndexError("list index out of range")

    monkeypatch.setattr(formats, "load", broken)
    assert fuzzer.fuzz("glove", 0.3, 5, tmp_path)[2] > 0
    error = capsys.readouterr().err
    assert "IndexError: list index out of range" in error
    assert "v.glove: b" in error
