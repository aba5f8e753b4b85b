"""Every script of examples/ runs, and its numbers are what its text says that they are."""

from __future__ import annotations

import ast
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
MODELS = sorted((ROOT / "tinygrad_w2v" / "models").glob("*.py"))

pytestmark = pytest.mark.example


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def rows_of(printed: str, title: str) -> dict[str, list[float]]:
    """The table below a title: each row's name and its numbers."""
    header, *lines = printed.split(title, 1)[1].strip("\n").splitlines()
    columns = len(header.split())
    rows = {}
    for line in lines:
        words = line.replace("*", " ").split()
        if len(words) <= columns:
            break
        rows[" ".join(words[:-columns])] = [float(number) for number in words[-columns:]]
    return rows


# ---------------------------------------------------------------------- what holds for all
@pytest.mark.parametrize("path", [*SCRIPTS, *MODELS], ids=lambda path: path.name)
def test_models_are_forward_expressions_and_nothing_else(path) -> None:
    defined = {
        node.name
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert "backward" not in defined


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_importing_a_script_does_nothing(path) -> None:
    """Only imports, definitions and constants stand outside of functions."""
    docstring, *statements = parsed(path).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(statements[-1], ast.If), "if __name__ == '__main__'"
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign)
    for statement in statements[:-1]:
        assert isinstance(statement, allowed)
        called = isinstance(statement, ast.Assign) and any(
            isinstance(node, ast.Call) for node in ast.walk(statement)
        )
        assert not called
    assert any(isinstance(s, ast.FunctionDef) and s.name == "main" for s in statements)


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_readme_lists_every_script(name: str) -> None:
    readme = (ROOT / "examples" / name).read_text(encoding="utf-8")
    assert [f"`{path.name}`" in readme for path in SCRIPTS] == [True] * len(SCRIPTS)


ARGUMENTS = {
    "ch3_01_probabilities.py": ["--dim", "3"],
    "ch3_03_cbow.py": ["--max-epoch", "20", "--output", "new/folder"],
    "ch3_05_graph.py": ["--suffix", "dot", "--output", "new/folder"],
    "ch3_06_likelihood.py": ["--max-epoch", "20"],
    "ch3_07_skipgram.py": ["--max-epoch", "20", "--output", "new/folder"],
    "compile_your_own.py": ["--epochs", "2", "--source"],
    "ch3_08_new_word.py": ["--max-epoch", "20", "--more-epochs", "5"],
    "doc2vec_script.py": ["text.txt", "--epochs", "1", "--output", "new/folder"],
    "fasttext_script.py": ["text.txt", "--epochs", "1", "--output", "new/folder"],
    "gensim_script.py": ["text.txt", "--epochs", "1", "--output", "new/folder"],
    "train_on_text.py": ["text.txt", "--epochs", "1", "--dim", "4", "--neighbors", "say"],
}
WRITES = {"ch3_03_cbow.py", "ch3_05_graph.py", "ch3_07_skipgram.py", "gensim_script.py"}
WRITES |= {"fasttext_script.py", "doc2vec_script.py"}


@pytest.mark.process
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_script_runs_from_any_folder(path, tmp_path) -> None:
    """As a user starts it; and it opens no file without naming the encoding."""
    (tmp_path / "text.txt").write_text("You say goodbye and I say hello.\n" * 9, encoding="utf-8")
    environment = dict(os.environ, MPLBACKEND="agg", PYTHONIOENCODING="utf-8")
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    options = ["-X", "warn_default_encoding", "-W", "always::EncodingWarning"]
    result = subprocess.run(
        [sys.executable, *options, str(path), *ARGUMENTS.get(path.name, [])],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) >= 3
    warned = [line for line in result.stderr.splitlines() if "EncodingWarning" in line]
    assert [line for line in warned if "site-packages" not in line] == []
    written = {file.parent.name for file in tmp_path.rglob("*") if file.is_file()}
    assert ("folder" in written) == (path.name in WRITES)


# ---------------------------------------------------------------------- the chapter, in its order
def test_probabilities_of_given_weights(example, capsys) -> None:
    script = example("ch3_01_probabilities")
    w_in, w_out = np.eye(7), np.log(np.arange(1.0, 50).reshape(7, 7))
    p = script.main(w_in, w_out)
    # With one-hot rows as w_in, exp(score) is the geometric mean of two rows of the numbers.
    row = np.sqrt(np.arange(1.0, 8) * np.arange(15.0, 22))  # you (0) and goodbye (2)
    np.testing.assert_allclose(p[0], row / row.sum(), rtol=1e-12)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    printed = rows_of(capsys.readouterr().out, "in the text\n")
    assert list(printed)[:2] == ["you _ goodbye", "say _ and"]
    np.testing.assert_allclose(list(printed.values()), p, atol=6e-4)


def test_a_star_marks_the_true_word(example, capsys) -> None:
    example("ch3_01_probabilities").main()
    lines = capsys.readouterr().out.splitlines()
    starred = [line.split("*")[0].split()[3:] for line in lines if "*" in line and " _ " in line]
    assert [len(before) - 1 for before in starred] == [1, 2, 3, 4, 1, 5]


def test_one_hot_contexts(example, capsys) -> None:
    one_hot = example("ch3_02_one_hot").main()
    assert one_hot.shape == (6, 2, 7)
    assert (one_hot.sum(axis=-1) == 1).all()
    assert one_hot.argmax(axis=-1)[0].tolist() == [0, 2]
    printed = capsys.readouterr().out
    assert "you _ goodbye   ids [0 2]  [1 0 0 0 0 0 0] [0 0 1 0 0 0 0]  -> say" in printed
    assert "one_hot @ w_in equals w_in[contexts]: True" in printed


def test_cbow_learns_the_sentence(example, capsys) -> None:
    model, word_vectors = example("ch3_03_cbow").main(max_epoch=1000)
    printed = capsys.readouterr().out
    assert printed.startswith("loss: 1.946 at first, ")  # log 7
    assert float(printed.split("first, ")[1].split()[0]) < 0.6
    assert "; the lowest is 0.231\n" in printed
    assert Path("ch3_03_cbow_loss.png").read_bytes().startswith(b"\x89PNG")
    assert (word_vectors["say"] == model.w_in.data[1]).all()
    # Words that stand in like contexts: you and hello, goodbye and i.
    assert word_vectors.most_similar("you", topn=1)[0][0] == "hello"
    assert word_vectors.most_similar("goodbye", topn=1)[0][0] == "i"
    cosines = rows_of(printed, "cosine similarities:\n")
    np.testing.assert_allclose(list(cosines.values()), word_vectors.similarities(), atol=6e-3)
    p = rows_of(printed, "after training:\n")
    assert p["you _ goodbye"][1] > 0.6
    assert p["say _ ."][5] > 0.9
    assert p["say _ and"] == p["and _ say"]  # a mean does not know left from right
    assert p["say _ and"][2] == pytest.approx(0.5, abs=0.05)


def test_cbow_comes_to_the_lowest_loss(example) -> None:
    """2/6 log 2, as the script's text says."""
    script = example("ch3_03_cbow")
    _, trainer = script.train(max_epoch=6000)
    contexts, target, _ = script.data()
    assert script.lowest_loss(contexts, target) == pytest.approx(2 / 6 * math.log(2), rel=1e-12)
    assert 2 / 6 * math.log(2) < trainer.losses[-1] < 0.26


def test_rows_are_the_one_hot_product(example, capsys) -> None:
    product_loss, row_loss, dense, rows = example("ch3_04_rows").main()
    assert product_loss == pytest.approx(row_loss, rel=1e-12)
    np.testing.assert_allclose(rows.to_dense(), dense, rtol=1e-12, atol=1e-15)
    assert np.abs(dense).max() > 1e-3
    assert rows.coalesced().rows.tolist() == [0, 1, 2, 3, 4]
    assert "row 1 (say" in capsys.readouterr().out


@pytest.mark.render
def test_graph_is_drawn(example, capsys) -> None:
    text, forward, backward = example("ch3_05_graph").main()
    assert text in capsys.readouterr().out
    assert "= cross_entropy(" in text
    assert text.count("matmul") == 3 + 4  # forward, and the gradients of w_in (twice), w_out, h
    for picture in (forward, backward):
        svg = picture.read_text(encoding="utf-8")
        assert svg.startswith("<svg")
        assert "w_in" in svg
    written = [re.findall(r">([^<>]*)</text>", p.read_text("utf-8")) for p in (forward, backward)]
    assert "w_in" in written[0] and "gw_in" not in written[0], "only a rule's formula names it"
    assert "gw_in" in written[1]
    page = Path("ch3_05_steps.html").read_text(encoding="utf-8")
    assert "goodbye" in page and "ch3_03_cbow.py" in page, "words at the rows, and the lines"


def test_likelihood_is_the_loss(example, capsys) -> None:
    by_formula, by_code = example("ch3_06_likelihood").main(max_epoch=200)
    assert by_formula == pytest.approx(by_code, rel=1e-12)
    assert by_code < 1.5
    printed = capsys.readouterr().out
    terms = [float(line.rsplit("=", 1)[1]) for line in printed.splitlines() if "log P" in line]
    assert len(terms) == 6
    assert -sum(terms[:6]) / 6 == pytest.approx(by_formula, abs=1e-4)


def test_skipgram_comes_near_its_lowest_loss(example, capsys) -> None:
    last, lowest, p = example("ch3_07_skipgram").main(max_epoch=1000)
    # Two windows of "say" with four words around it in all, four windows with two.
    assert lowest == pytest.approx((2 * 2 * math.log(4) + 4 * 2 * math.log(2)) / 6)
    assert lowest < last < lowest + 0.05
    assert capsys.readouterr().out.startswith("loss: 3.891 at first, ")  # 2 log 7
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(p[0, [0, 2, 4, 5]], 0.25, atol=0.03)  # say: you goodbye i hello
    assert Path("ch3_07_skipgram_loss.png").stat().st_size > 1000


def test_a_new_word_finds_its_place(example, capsys) -> None:
    losses, p = example("ch3_08_new_word").main()
    (learned_before, learned_after), (anew_before, anew_after) = losses
    assert anew_before == pytest.approx(math.log(8), abs=1e-3)
    assert learned_before < anew_before
    assert learned_after < anew_after < anew_before
    assert p.shape == (1, 8)
    np.testing.assert_allclose(p[0, [4, 5, 7]], 1 / 3, atol=0.06)  # i, hello, farewell
    assert "'farewell' stands" in capsys.readouterr().out


def test_a_grown_model_keeps_what_was_learned(example) -> None:
    script = example("ch3_08_new_word")
    trained, _ = script.train(max_epoch=20)
    larger = script.grown(trained, 9, np.random.default_rng(0))
    assert (larger.w_in.data[:7] == trained.w_in.data).all()
    assert (larger.w_out.data[:, :7] == trained.w_out.data).all()
    assert larger.w_in.shape == (9, 5)
    larger.w_in.data[:] = 0
    assert trained.w_in.data.all(), "the old model has its own arrays"


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_a_text_of_two_subjects_falls_into_two(model, example, tmp_path, capsys, rng) -> None:
    subjects = [["cat", "dog", "horse", "cow", "sheep"], ["red", "blue", "green", "pink", "grey"]]
    lines = [" ".join(rng.permutation(subjects[i % 2])) for i in range(1200)]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    script = example("train_on_text")
    word_vectors = script.main(path, model, dim=8, epochs=12, neighbors=["cow"])
    for subject in subjects:
        near = {word for word, _ in word_vectors.most_similar(subject[0], topn=4)}
        assert near == set(subject[1:])
    printed = capsys.readouterr().out
    losses = [float(line.rsplit(" ", 1)[1]) for line in printed.splitlines() if "epoch" in line]
    assert len(losses) == 12
    assert losses[-1] < losses[0]


def test_models_of_ones_own_are_compiled_and_learn(example, capsys) -> None:
    losses = example("compile_your_own").main(epochs=10)
    assert losses["CBOW"][-1] < 0.5 * losses["CBOW"][0]
    assert losses["GloVe"][-1] < 0.01 * losses["GloVe"][0]
    printed = capsys.readouterr().out
    assert printed.count("weight of position") == 4
    assert "Compiled(GloVe, " in printed
