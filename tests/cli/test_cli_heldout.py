"""``--heldout``: the loss on text that is not trained on."""

from __future__ import annotations

import json
import math

import pytest


def test_the_loss_is_shown_and_kept(run, text, tmp_path) -> None:
    out = tmp_path / "out"
    done = run("train", text, "--epochs", 3, "--size", 8, "--heldout", "0.2", "--output", out)
    assert done.status == 0
    found = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    heldout = found["heldout"]
    assert heldout["share"] == 0.2
    assert 0 < heldout["sentences"] < 30
    assert len(heldout["losses"]) == 3
    lines = (out / "history.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    ends = {record["epoch"]: record["heldout_loss"] for record in records}  # the last of each
    assert list(ends.values()) == heldout["losses"]
    shown = [line for line in done.err.splitlines() if line.startswith("epoch ")]
    assert len(shown) == 3
    assert (
        f"held out {heldout['losses'][2]:.4f} (unigram {heldout['unigram_loss']:.4f})" in shown[2]
    )
    assert found["words_trained"] == 3 * (720 - heldout["words"])


@pytest.mark.parametrize(
    ("model", "rate", "engine"),
    [
        ("--model cbow", 0.1, "auto"),
        ("--hs --negative 2", 0.1, "numpy"),
        pytest.param("--model cbow", 0.1, "numpy", marks=pytest.mark.proof),
        pytest.param("--hs --negative 2", 0.1, "auto", marks=pytest.mark.proof),
        *(
            pytest.param(model, rate, engine, marks=pytest.mark.proof)
            for engine in ("auto", "numpy")
            for model, rate in (("--model skipgram", 0.05), ("--hs --negative 0", 0.5))
        ),
    ],
)
def test_what_is_learned_is_better_than_counts_and_nothing_is_worse(
    model, rate, engine, run, text, tmp_path
) -> None:
    """Two topics of four words: the context halves the choice, so counts alone lose to it."""
    losses = {}
    for name, epochs, alpha in (("much", 25, rate), ("little", 1, 1e-9)):
        out = tmp_path / name
        options = f"{model} --epochs {epochs} --alpha {alpha} --min-alpha 0 --sample 0 --size 8"
        options += f" --heldout 0.2 --engine {engine}"
        done = run("train", text, *options.split(), "--quiet", "--output", out)
        assert done.status == 0
        heldout = json.loads((out / "settings.json").read_text(encoding="utf-8"))["heldout"]
        losses[name] = heldout["losses"][-1]
    # The words are all but equally frequent, of which a tree that knows nothing makes no more.
    assert losses["much"] < heldout["unigram_loss"] < 1.001 * losses["little"]


def test_the_unigram_loss_is_that_of_the_formula(run, tmp_path) -> None:
    """Two words, one negative: the true word is told from the other one by its share alone."""
    path = tmp_path / "text.txt"
    path.write_text("a b a a\n" * 400, encoding="utf-8")
    out = tmp_path / "out"
    options = "--negative 1 --sample 0 --size 2 --epochs 1 --window 1 --ns-exponent 0 --min-count 1"
    options += " --engine numpy"
    done = run("train", path, *options.split(), "--heldout", "0.5", "--quiet", "--output", out)
    assert done.status == 0
    heldout = json.loads((out / "settings.json").read_text(encoding="utf-8"))["heldout"]
    true = {"a": 0.75, "b": 0.25}
    odds = {word: math.log(share / 0.5) for word, share in true.items()}
    # The negative word is always the other one.
    expected = sum(
        share
        * (
            math.log1p(math.exp(-odds[word]))
            + math.log1p(math.exp(odds["b" if word == "a" else "a"]))
        )
        for word, share in true.items()
    )
    assert heldout["unigram_loss"] == pytest.approx(expected, rel=1e-5)


def test_early_stopping(run, text, tmp_path) -> None:
    out = tmp_path / "out"
    options = "--epochs 30 --alpha 1e-9 --min-alpha 0 --heldout 0.2 --early-stopping 2 --size 4"
    options += " --engine numpy"
    done = run("train", text, *options.split(), "--output", out)
    assert done.status == 0
    found = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    losses = found["heldout"]["losses"]
    assert found["stopped_early"] is (len(losses) < 30)
    assert found["stopped_early"] is True
    assert min(losses[-2:]) >= min(losses[:-2])
    assert "stopped: the held-out loss has not fallen for 2 epochs" in done.err
    assert found["finished"] is True


@pytest.mark.parametrize(
    ("words", "share"),
    [("FILE --heldout", 0.02), ("--heldout FILE", 0.02), ("--heldout 0.5 FILE", 0.5)],
)
def test_the_number_may_be_left_out(words, share, run, text, tmp_path) -> None:
    text.write_text(text.read_text(encoding="utf-8") * 4, encoding="utf-8")
    out = tmp_path / "out"
    argv = [text if word == "FILE" else word for word in words.split()]
    small = ("--epochs", 1, "--size", 4, "--engine", "numpy", "--quiet")
    done = run("train", *argv, *small, "--output", out)
    assert done.status == 0
    assert json.loads((out / "settings.json").read_text("utf-8"))["heldout"]["share"] == share


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--heldout 0", "--heldout must be a share between 0 and 1, not 0.0"),
        ("--heldout 1", "--heldout must be a share between 0 and 1, not 1.0"),
        ("--heldout nan", "--heldout must be a share between 0 and 1, not nan"),
        ("--heldout=much", "argument --heldout: invalid float value: 'much'"),
        ("--heldout 1e-9", "--heldout 1e-09 leaves no sentence of two words in the held-out part"),
        ("--heldout 0.9999999", "in the part to train on"),
        ("--heldout 0.05 --sample 1e-12", "--heldout: subsampling leaves no window in the"),
        ("--early-stopping 2", "--early-stopping looks at the held-out loss: give --heldout, too"),
        ("--heldout --early-stopping 0", "--early-stopping must be 1 or more, not 0"),
    ],
)
def test_shares_that_cannot_be(options, message, run, text, tmp_path) -> None:
    out = tmp_path / "out"
    done = run("train", text, "--quiet", "--output", out, *options.split())
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not out.exists()
