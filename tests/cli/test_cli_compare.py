"""``compare``: groups of seeds, settings that differ, words that drifted."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TOPICS = (
    "cat dog cow hen pig goat duck horse sheep goose".split(),
    "red blue pink grey green black white brown amber mauve".split(),
    "bread cheese apple soup rice milk honey salt pear plum".split(),
)


def sentences(number: int) -> list[list[str]]:
    rng = np.random.default_rng(7)
    return [rng.choice(TOPICS[i % 3], size=10).tolist() for i in range(number)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two seeds, and one run on a text in which cat and red have changed their places."""
    from tinygrad_w2v.cli import main

    place = tmp_path_factory.mktemp("runs")
    lines = sentences(300)
    swapped = {"cat": "red", "red": "cat"}
    (place / "one.txt").write_text("\n".join(map(" ".join, lines)), encoding="utf-8")
    other = [" ".join(swapped.get(word, word) for word in line) for line in lines]
    (place / "two.txt").write_text("\n".join(other), encoding="utf-8")
    made = {}
    for name, text, seed in (("a", "one", 1), ("b", "one", 2), ("two", "two", 1)):
        folder = place / name
        options = ["--size", "12", "--epochs", "3", "--sample", "0", "--alpha", "0.3", "--quiet"]
        options += ["--engine", "numpy", "--seed", str(seed), "--heldout", "0.1"]
        assert main(["train", str(place / f"{text}.txt"), *options, "--output", str(folder)]) == 0
        made[name] = folder
    return made


def test_words_that_changed_places_drifted_most(run: Any, runs: dict[str, Path]) -> None:
    done = run("compare", runs["a"], runs["two"], runs["b"], "--json")
    assert done.status == 0 and done.err == ""
    found = json.loads(done.out)
    assert [each["group"] for each in found["runs"]] == [0, 1, 0]
    other, chance = found["drift"]
    assert other["second"] == str(runs["two"]) and not other["same_group"]
    assert {word for word, _ in other["words"][:2]} == {"cat", "red"}
    assert other["words"][1][1] > 3 * other["words"][2][1]
    assert chance["same_group"] and chance["second"] == str(runs["b"])
    assert set(found["differing"]) == {"seed", "text"}


def test_seeds_have_a_mean_and_an_interval(run: Any, runs: dict[str, Path], tmp_path: Path) -> None:
    page = tmp_path / "compare.html"
    seeds = [runs[name] for name in "ab"]
    done = run("compare", *seeds, "--json", "--output", page, "--words", "cat,plum")
    found = json.loads(done.out)
    (loss,) = [each for each in found["estimates"] if each["kind"] == "heldout"]
    last = [each["heldout_losses"][-1] for each in found["runs"]]
    assert loss["runs"] == 2 and loss["value"] == pytest.approx(np.mean(last))
    error = np.std(last, ddof=1) / math.sqrt(2)
    assert loss["error"] == pytest.approx(error)
    assert loss["high"] - loss["value"] == pytest.approx(12.706 * error)
    assert list(found["neighbours"]) == ["cat", "plum"]
    assert all(near[0][0] in TOPICS[0] for near in found["neighbours"]["cat"])
    text = page.read_text(encoding="utf-8")
    assert f"{loss['value']:.4f} ± {error:.4f}" in text
    assert "Settings that differ" in text and "<bdi>seed</bdi>" in text


def test_a_page_is_written_where_none_is_named(
    run: Any, runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("compare", runs["a"], runs["two"], "--lang", "ja")
    assert done.err == "wrote compare.html\n"
    assert "drifted from" in done.out and "by chance" not in done.out
    done = run("compare", runs["a"], runs["b"])
    assert "drifted by chance alone from" in done.out
    done = run("compare", runs["a"], runs["two"], "--lang", "ja")
    assert "last held-out loss" in done.out
    assert "使われ方が変わった単語" in (tmp_path / "compare.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "compare needs two runs or more"),
        (("same",), "a run is named twice"),
        (("slash",), "a run is named twice"),
        (("nowhere",), "nowhere is not the folder of a run"),
        (("two", "--words", "zebra"), "--words 'zebra' is in the vocabulary of no run"),
    ],
)
def test_what_cannot_be_compared(
    run: Any, runs: dict[str, Path], options: tuple[str, ...], said: str
) -> None:
    same = {"same": str(runs["a"]), "slash": f"{runs['a']}/."}
    named = [same.get(o) or str(runs.get(o, o)) for o in options]
    done = run("compare", runs["a"], *named, "--json")
    assert done.status == 2 and said in done.err and done.err.count("\n") == 1


def test_what_was_learned_on_from_parts_groups(
    run: Any, runs: dict[str, Path], tmp_path: Path
) -> None:
    folders = []
    for digest in ("1" * 64, "2" * 64):
        folders.append(tmp_path / digest[0])
        shutil.copytree(runs["a"], folders[-1])
        path = folders[-1] / "settings.json"
        described = json.loads(path.read_text(encoding="utf-8"))
        described["update"] = {"folder": "old", "model_sha256": digest}
        path.write_text(json.dumps(described), encoding="utf-8")
    found = json.loads(run("compare", *folders, "--json").out)
    assert [each["group"] for each in found["runs"]] == [0, 1]
    assert found["differing"] == {"update": ["1" * 12, "2" * 12]}


def test_a_copy_of_a_run_is_no_second_sample(
    run: Any, runs: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(runs["a"], tmp_path / "copy")
    found = json.loads(run("compare", runs["a"], tmp_path / "copy", "--json").out)
    assert [each["group"] for each in found["runs"]] == [0, 0] and found["drift"] == []
    assert {(each["runs"], each["error"]) for each in found["estimates"]} == {(1, None)}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"engine": "x"}, "engine is no object"),
        ({"heldout": [1]}, "heldout is no object"),
        ({"heldout": {"losses": ["x"]}}, "held-out losses are no numbers"),
        ({"losses": None}, "losses are no numbers"),
        ({"words_per_second": "q"}, "something else for a number"),
        ({"model_sha256": "0" * 64}, "is not the file that settings.json beside it tells of"),
    ],
)
def test_damaged_results_are_named(
    run: Any, runs: dict[str, Path], tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(runs["b"], copy)
    path = copy / "settings.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(described | changed), encoding="utf-8")
    done = run("compare", runs["a"], copy)
    assert done.status == 2 and said in done.err and done.err.count("\n") == 1


@pytest.mark.parametrize("line", ["{", '{"epoch": 1}', '{"epoch": 1, "loss": "x"}', "[1]"])
def test_a_damaged_history_is_named(
    run: Any, runs: dict[str, Path], tmp_path: Path, line: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(runs["b"], copy)
    (copy / "history.jsonl").write_text(line + "\n", encoding="utf-8")
    done = run("compare", runs["a"], copy)
    assert done.status == 2 and "history.jsonl is not the history of a run" in done.err
