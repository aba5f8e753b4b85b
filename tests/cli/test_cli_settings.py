"""``--settings``: a run is repeated from what it wrote about itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tinygrad_w2v._cli.request import request_of


def change(folder: Path, *path: str, to: object) -> Path:
    """Write a settings.json with another value in one place, beside the run."""
    found = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    place = found
    for name in path[:-1]:
        place = place[name]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    changed = folder.parent / "changed.json"
    changed.write_text(json.dumps(found), encoding="utf-8")
    return changed


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_a_run_is_repeated(engine, run, text, tmp_path) -> None:
    if engine == "compiled":
        pytest.importorskip("numba", reason="numba is not installed")
    options = "--model skipgram --size 6 --window 2 --negative 3 --seed 9 --epochs 2 --heldout 0.1"
    more = "--early-stopping 2 --tokenizer whitespace --no-lower --min-count 2 --alpha 0.05"
    more += f" --engine {engine} --workers 1"
    first, second = tmp_path / "first", tmp_path / "second"
    assert run("train", text, *f"{options} {more}".split(), "--output", first).status == 0
    done = run("train", "--settings", first / "settings.json", "--output", second)
    assert done.status == 0
    assert f"the vectors are those of {first / 'settings.json'}, byte for byte" in done.err
    assert (first / "vectors.txt").read_bytes() == (second / "vectors.txt").read_bytes()
    ours, theirs = (
        json.loads((folder / "settings.json").read_text(encoding="utf-8"))
        for folder in (first, second)
    )
    assert ours["engine"] == {"name": engine, "why": "asked for", "reproducible": True}
    same = "settings engine workers text heldout early_stopping vectors_sha256 losses"
    for name in same.split():
        assert ours[name] == theirs[name]


def test_settings_say_all_that_decides(trained) -> None:
    found = json.loads((trained / "settings.json").read_text(encoding="utf-8"))
    assert set(found["cpu"]) == {"name", "cores", "blas"}
    assert len(found["text"]["corpus_sha256"]) == 64
    assert found["heldout"] is None
    assert found["update"] is None
    assert found["stopped_early"] is False
    assert found["run"] == {"engine": "numpy", "deterministic": False, "checkpoint_minutes": 5.0}


def test_a_request_stands_as_it_was_asked(run, trained, tmp_path) -> None:
    """What was not asked for is not in it; a file that holds nothing else can be repeated."""
    found = json.loads((trained / "settings.json").read_text(encoding="utf-8"))
    assert found["request"]["settings"]["alpha"] is None
    assert found["request"]["settings"]["batch"] is None
    assert found["settings"]["alpha"] == 0.15
    alone = {name: found[name] for name in ("request", "engine", "workers", "run")}
    (tmp_path / "alone.json").write_text(json.dumps(alone), encoding="utf-8")
    out = tmp_path / "out"
    assert run("train", "--settings", tmp_path / "alone.json", "--output", out).status == 0
    assert (out / "vectors.txt").read_bytes() == (trained / "vectors.txt").read_bytes()
    again = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    assert again["request"] == found["request"]


def test_another_text_is_said(run, trained, text, tmp_path) -> None:
    other = tmp_path / "other.txt"
    other.write_text(text.read_text(encoding="utf-8") * 2, encoding="utf-8")
    settings = ("--settings", trained / "settings.json")
    done = run("train", other, *settings, "--output", tmp_path / "out")
    assert done.status == 0
    assert "the vectors are not those of" in done.err
    assert "the text is another one" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--epochs 9", "--epochs gives 9, and"),
        ("--model skipgram", '--model gives "skipgram", and'),
        ("--size 9", "says 8; leave out --size"),
        ("--no-shrink-windows", "--no-shrink-windows gives false, and"),
        ("--tokenizer whitespace", "--tokenizer gives"),
        ("--heldout 0.1", "--heldout gives 0.1, and"),
        ("--hs", "--hs gives true, and"),
        ("--update x", "--settings and --update exclude each other"),
    ],
)
def test_an_option_that_says_something_else(options, message, run, trained, tmp_path) -> None:
    settings = ("--settings", trained / "settings.json")
    done = run("train", *settings, *options.split(), "--output", tmp_path / "out")
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_an_option_that_says_the_same(run, trained, tmp_path) -> None:
    settings = ("--settings", trained / "settings.json", "--epochs", 2, "--size", 8)
    assert run("train", *settings, "--quiet", "--output", tmp_path / "out").status == 0


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("request", "settings", "epochs"), "five", "epochs must be int, not 'five'"),
        (("request", "settings", "epochs"), 2.5, "epochs must be int, not 2.5"),
        (("request", "settings", "epochs"), True, "epochs must be int, not True"),
        (("request", "settings", "epochs"), 0, "epochs must be 1 or more, not 0"),
        (("request", "settings", "sample"), None, "sample must be float, not None"),
        (("request", "settings", "colour"), "red", "there is no setting 'colour' here"),
        (("request", "settings"), [], "is not the settings of a run"),
        (("request", "sources"), "a.txt", "sources must be list[str], not 'a.txt'"),
        (("request", "tokenizer"), ..., "it lacks 'tokenizer'"),
        (("request", "errors"), "ignore", "errors must be strict or replace"),
        (("request", "heldout"), 7, "heldout must be a share between 0 and 1, not 7"),
        (("request", "settings", "min_n"), 3, "there is no setting 'min_n' here"),
        (("request",), None, "is not the settings of a run"),
    ],
)
def test_a_file_that_was_changed(path, value, message, run, trained, tmp_path) -> None:
    changed = change(trained, *path, to=value)
    done = run("train", "--settings", changed, "--output", tmp_path / "out")
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_something_else(content, run, tmp_path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    done = run("train", "--settings", path, "--output", tmp_path / "out")
    assert done.status == 2
    assert "is not the settings of a run" in done.err
    assert len(done.err.splitlines()) == 1


def test_a_file_that_is_not_there(run, tmp_path) -> None:
    done = run("train", "--settings", tmp_path / "no.json", "--output", tmp_path / "out")
    assert done.status == 2
    assert "no.json cannot be read" in done.err


@pytest.mark.parametrize("name", ["python", "numpy"])
def test_the_builtin_corpus_of_other_versions_is_another_text(name, run, trained, tmp_path) -> None:
    """It would be compared with a text that it was never made of."""
    file = trained / "settings.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    found["request"]["sources"] = []
    found["versions"][name] = "1.2.3"
    file.write_text(json.dumps(found), encoding="utf-8")
    out = tmp_path / "out"
    done = run("train", "--settings", file, "--output", out)
    assert done.status == 2 and done.err.count("\n") == 1
    assert f"the run of {file} is of the built-in corpus of Python " in done.err
    assert "1.2.3" in done.err and "use those versions, or begin a new run" in done.err
    request = request_of(found, "").to_json()
    checkpoints = out / "checkpoints"
    checkpoints.mkdir(parents=True)
    noted = {"request": request, "versions": found["versions"]}
    (checkpoints / "run.json").write_text(json.dumps(noted), encoding="utf-8")
    done = run("train", "--resume", "--output", out)
    assert done.status == 2
    assert f"the run in {out} is of the built-in corpus of Python " in done.err
