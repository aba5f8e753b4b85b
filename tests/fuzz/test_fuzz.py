"""A short run of the fuzzer finds nothing, and it would find what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import fuzz
import numpy as np
import pytest
import structures
import subjects

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.vectors import formats

SCRIPT = Path(fuzz.__file__)
CASES = 40
SEED = 20260101
DAMAGE = (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError, EOFError)


def test_every_format_is_fuzzed() -> None:
    assert set(subjects.NAMES) == set(formats.FORMATS)


@pytest.mark.parametrize("name", subjects.SUBJECTS)
def test_changed_files_are_read_or_refused(name, tmp_path, capsys) -> None:
    found = fuzz.fuzz(name, CASES, SEED, tmp_path)
    assert found.wrong == 0, capsys.readouterr().err
    # Neither are the changes too small to matter, nor so large that nothing deep is reached.
    assert found.read > 0
    assert found.refused > 0
    assert found.read + found.refused == CASES


def changing(name: str, tmp_path: Path, monkeypatch, load) -> fuzz.Found:
    """Fuzz a subject whose loader does something wrong in every fifth case."""
    subject = subjects.SUBJECTS[name]
    calls = iter(range(1000))

    def wrong(path, rng):
        if next(calls) % 5 == 4:
            load(path)
        subject.load(path, rng)

    monkeypatch.setitem(subjects.SUBJECTS, name, subject._replace(load=wrong))
    return fuzz.fuzz(name, 10, SEED, tmp_path, keep=tmp_path / "kept")


def raising(path):
    raise IndexError("list index out of range")


def hanging(path):
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            pass


def growing(path, grown=[]):  # noqa: B006
    if not grown:  # more than the process ever had, which would be more each time
        grown.append(np.ones((fuzz.resident() + fuzz.MUCH) // 8).nbytes)


def running(path):
    os.system("true")


def writing(path):
    path.parent.with_name("outside").write_text("x", encoding="utf-8")


def importing(path):
    try:
        __import__("fuzz_evil")
    except ImportError:
        pass


def nameless(path):
    raise InputError("something is wrong")


@pytest.mark.parametrize(
    ("load", "told"),
    [
        (raising, "IndexError: list index out of range"),
        (hanging, "HangError: took more than 0.2 seconds"),
        (growing, "took "),
        (running, "did os.system"),
        (writing, "did open"),
        (importing, "did import ('fuzz_evil'"),
        (nameless, "the error names no file: something is wrong"),
    ],
)
def test_what_is_wrong_is_told(load, told, tmp_path, monkeypatch, capsys) -> None:
    if load is hanging:
        monkeypatch.setattr(fuzz, "SLOW", 0.2)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    found = changing("vocabulary", tmp_path, monkeypatch, load)
    assert found.wrong >= (1 if load is growing else 2)  # memory that was had before is not new
    error = capsys.readouterr().err
    assert told in error
    assert f"again: --only vocabulary --seed {SEED} --case" in error
    assert "v.json: b" in error
    assert any((tmp_path / "kept").rglob("v.json"))


def test_a_case_is_the_same_again(tmp_path) -> None:
    (tmp_path / "w").mkdir()
    whole = subjects.whole_files("model", tmp_path / "w")
    for case in range(5):
        one, other = (
            fuzz.make_case(whole, np.random.default_rng([SEED, case, 1])) for _ in range(2)
        )
        assert one == other


def test_changes_keep_checksums_right(tmp_path) -> None:
    """Most of the archives are still archives, whose members are another's."""
    (tmp_path / "w").mkdir()
    ((path, data),) = subjects.whole_files("npz", tmp_path / "w")[0]
    rng = np.random.default_rng(0)
    intact = 0
    for _ in range(100):
        path.write_bytes(structures.changed(data, rng))
        try:
            with zipfile.ZipFile(path) as archive:
                intact += archive.testzip() is None
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            OSError,
            RuntimeError,
            ValueError,
            EOFError,
        ):
            pass
    assert 40 < intact < 95


@pytest.mark.process
def test_it_is_a_script(tmp_path) -> None:
    command = [sys.executable, str(SCRIPT), "--only", "vocabulary", "--cases", "5", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("seed 1\nvocabulary ")
    assert "0 wrong" in done.stdout
