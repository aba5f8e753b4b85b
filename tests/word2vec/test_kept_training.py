"""`Word2Vec` with a held-out part, an early stop, and checkpoints that a training goes on from."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v.training.checkpoints import newest_checkpoint
from tinygrad_w2v.training.engines.numpy import NumpyRun
from tinygrad_w2v.word2vec import Word2Vec
from tinygrad_w2v.word2vec.file import write_model
from tinygrad_w2v.word2vec.kept_model import COUNTED, keywords_of

TOPICS = [["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"]]


def two_topics(sentences: int = 120, seed: int = 7) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [rng.choice(TOPICS[i % 2], size=8).tolist() for i in range(sentences)]


TEXT = two_topics()
SMALL = {"vector_size": 8, "sample": 0.0, "epochs": 6, "seed": 3, "engine": "numpy"}
OFTEN = {"checkpoint_minutes": 1e-9, "heldout": 0.2}


def bytes_of(model: Word2Vec) -> bytes:
    return model.wv.vectors.tobytes() + model.model.w_out.data.tobytes()


class Killed(BaseException):
    """Ends a training as hard as one process can end itself."""


def stop_at(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    real, left = NumpyRun.step, [steps]

    def step(self, batch, lr):
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return real(self, batch, lr)

    monkeypatch.setattr(NumpyRun, "step", step)


def broken_off(folder: Path, monkeypatch, steps: int = 60, **keywords) -> None:
    with monkeypatch.context() as patch:
        stop_at(patch, steps)
        with pytest.raises(Killed):
            Word2Vec(TEXT, checkpoint=folder, **(SMALL | OFTEN | keywords))
    assert newest_checkpoint(folder) is not None


# ---------------------------------------------------------------------- the held-out loss
def test_the_heldout_loss_is_there_after_each_epoch(caplog) -> None:
    seen: list[int] = []

    class Look:
        def on_epoch_end(self, model: Word2Vec) -> None:
            seen.append(len(model.heldout_losses))

    with caplog.at_level(logging.INFO):
        model = Word2Vec(TEXT, heldout=0.2, alpha=0.2, callbacks=[Look()], **SMALL)
    assert seen == [1, 2, 3, 4, 5, 6]
    assert len(model.losses) == 6
    assert model.heldout_losses[-1] < model.unigram_loss < 6 * np.log(2)
    last = model.heldout_losses[-1]
    assert f"held out {last:.4f} (unigram {model.unigram_loss:.4f})" in caplog.text
    assert Word2Vec(TEXT, **SMALL).heldout_losses == []


def test_the_command_finds_the_same(tmp_path, capsys) -> None:
    """The class and the command train by one piece of code."""
    from tinygrad_w2v.cli import main

    path, out = tmp_path / "text.txt", tmp_path / "out"
    path.write_text("\n".join(map(" ".join, TEXT)) + "\n", encoding="utf-8")
    options = "--size 8 --sample 0 --epochs 6 --seed 3 --heldout 0.2 --tokenizer whitespace"
    argv = ["train", str(path), *options.split(), "--no-lower", "--quiet", "--output", str(out)]
    argv += ["--engine", "numpy"]
    assert main(argv) == 0
    model = Word2Vec(corpus_file=path, heldout=0.2, compat="gradient", **SMALL)
    vectors = tw.WordVectors.load(out / "model.npz")
    assert vectors.vectors.tobytes() == model.wv.vectors.tobytes()
    history = (out / "history.jsonl").read_text(encoding="utf-8")
    assert all(f'"heldout_loss": {loss}' in history for loss in model.heldout_losses)


def test_early_stopping(caplog) -> None:
    with caplog.at_level(logging.INFO):
        slow = {"vector_size": 8, "alpha": 1e-9, "min_alpha": 0}
        model = Word2Vec(TEXT, heldout=0.2, early_stopping=2, epochs=30, **slow)
    assert model.stopped_early
    assert len(model.losses) == len(model.heldout_losses) < 30
    assert "stopped: the held-out loss has not fallen for 2 epochs" in caplog.text
    model.train(TEXT, total_examples=model.corpus_count, epochs=1)
    assert not model.stopped_early
    assert len(model.losses) == len(model.heldout_losses) + 1


def test_a_model_of_ones_own_has_a_heldout_loss_and_no_unigram() -> None:
    own = Word2Vec(TEXT, model=tw.SkipGram, heldout=0.2, **SMALL)
    assert len(own.heldout_losses) == 6
    assert own.unigram_loss is None


def test_dropout_is_off_while_held_out_text_is_looked_at() -> None:
    modes: list[bool] = []

    class Watched(tw.CBOW):
        def loss(self, batch):
            modes.append(self.training)
            return super().loss(batch)

    Word2Vec(TEXT, model=Watched, heldout=0.2, **(SMALL | {"epochs": 1}))
    assert modes[0] and not modes[-1]


def test_it_is_kept_in_the_file(tmp_path) -> None:
    model = Word2Vec(TEXT, heldout=0.2, **SMALL)
    model.save(tmp_path / "model")
    again = Word2Vec.load(tmp_path / "model")
    assert again.heldout_losses == model.heldout_losses
    assert again.unigram_loss == model.unigram_loss


@pytest.mark.parametrize(
    "more",
    [{"corpus_file": "text.txt"}, {"checkpoint": "run", "resume": True}, {"new": 1}],
    ids=str,
)
def test_a_file_lets_nobody_train_read_or_write(more, tmp_path, monkeypatch) -> None:
    """A stranger's model: its keywords are those that `save` writes, and no others."""
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("\n".join(map(" ".join, TEXT)), encoding="utf-8")
    model = Word2Vec(TEXT, **SMALL)
    keywords, counted = keywords_of(model), {name: getattr(model, name) for name in COUNTED}
    description = {"keywords": keywords | more, "counted": counted}
    write_model("model", model.vocabulary, model.model.state_dict(), description)
    with pytest.raises(InputError, match=r"model: it holds keywords that no model keeps: \['"):
        Word2Vec.load("model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "text.txt"]


# ---------------------------------------------------------------------- going on
@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"hs": 1},
        {"early_stopping": 2},
        pytest.param({"heldout": None}, marks=pytest.mark.proof),
        pytest.param({"sg": 1, "shared_negatives": False}, marks=pytest.mark.proof),
    ],
    ids=str,
)
def test_a_training_that_was_broken_off_goes_on(keywords, tmp_path, monkeypatch) -> None:
    """Each step until then writes a checkpoint; few are written by the run that goes on."""
    keywords = keywords | {"epochs": 3}
    all_of_them = SMALL | {"heldout": OFTEN["heldout"]} | keywords
    whole = Word2Vec(TEXT, **all_of_them)
    for steps in (5, 35, 65):
        broken_off(tmp_path, monkeypatch, steps, **keywords)
        found = newest_checkpoint(tmp_path)
        assert found.state.history.words > 0
        model = Word2Vec(TEXT, checkpoint=tmp_path, resume=True, **all_of_them)
        assert bytes_of(model) == bytes_of(whole)
        assert model.losses == whole.losses
        assert model.heldout_losses == whole.heldout_losses
        assert model.get_latest_training_loss() == whole.get_latest_training_loss()
        assert list(tmp_path.iterdir()) == []


def test_a_second_training_goes_on_from_its_own_place(tmp_path, monkeypatch) -> None:
    def twice(**keywords) -> Word2Vec:
        model = Word2Vec(TEXT, **SMALL)
        model.train(TEXT, total_examples=model.corpus_count, epochs=4, **keywords)
        return model

    whole = twice()
    with monkeypatch.context() as patch:
        model = Word2Vec(TEXT, **SMALL)
        stop_at(patch, 50)
        with pytest.raises(Killed):
            model.train(TEXT, epochs=4, checkpoint=tmp_path, checkpoint_minutes=1e-9)
    again = twice(checkpoint=tmp_path, resume=True)
    assert bytes_of(again) == bytes_of(whole)
    assert again.losses == whole.losses
    for each in (again, whole):
        each.train(TEXT, epochs=1)
    assert bytes_of(again) == bytes_of(whole)  # further epochs are drawn anew in both


def test_without_a_checkpoint_yet_it_begins(tmp_path, caplog) -> None:
    with caplog.at_level(logging.INFO):
        model = Word2Vec(TEXT, checkpoint=tmp_path / "new", resume=True, **SMALL)
    assert "holds no checkpoint: the training begins" in caplog.text
    assert bytes_of(model) == bytes_of(Word2Vec(TEXT, **SMALL))


def test_ctrl_c_keeps_the_place(tmp_path, monkeypatch, caplog) -> None:
    whole = Word2Vec(TEXT, **SMALL)
    real, steps = NumpyRun.step, [0]

    def step(self, batch, lr):
        steps[0] += 1
        if steps[0] == 40:
            signal.raise_signal(signal.SIGINT)
        return real(self, batch, lr)

    with monkeypatch.context() as patch:
        patch.setattr(NumpyRun, "step", step)
        model = Word2Vec(TEXT, checkpoint=tmp_path, checkpoint_minutes=0, **SMALL)
    assert model.interrupted
    assert "the same call with resume=True goes on" in caplog.text
    again = Word2Vec(TEXT, checkpoint=tmp_path, resume=True, **SMALL)
    assert bytes_of(again) == bytes_of(whole)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"resume": False}, r"holds an unfinished training; go on with it by resume=True"),
        ({"sentences": two_topics(seed=8)}, r"the text is not the one that .*checkpoint-\d+"),
        ({"window": 3, "sg": 1}, r"of a training with other keywords \(compat, sg, window\); give"),
        ({"heldout": None}, r"other keywords \(heldout\)"),
    ],
    ids=str,
)
def test_another_training_is_refused(keywords, message, tmp_path, monkeypatch) -> None:
    broken_off(tmp_path, monkeypatch)
    before = sorted(tmp_path.iterdir())
    given = {"sentences": TEXT, "checkpoint": tmp_path, "resume": True} | SMALL | OFTEN
    with pytest.raises(InputError, match=message):
        Word2Vec(**(given | keywords))
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"heldout": 1.5}, "heldout must be a share between 0 and 1, not 1.5"),
        ({"early_stopping": 2}, "early_stopping looks at the held-out loss: give heldout, too"),
        ({"heldout": 0.1, "early_stopping": 0}, "early_stopping must be 1 or more, not 0"),
        ({"checkpoint_minutes": -1}, "checkpoint_minutes must be 0 or more, not -1"),
        ({"checkpoint_minutes": float("nan")}, "checkpoint_minutes must be 0 or more, not nan"),
        ({"resume": True}, "resume needs the folder of the checkpoints: give checkpoint, too"),
        ({"heldout": 1e-9}, "heldout 1e-09 leaves no sentence of two words in the held-out part"),
    ],
    ids=str,
)
def test_options_that_cannot_be(keywords, message) -> None:
    with pytest.raises(InputError, match=message):
        Word2Vec(TEXT, **(SMALL | keywords))
    model = Word2Vec(**SMALL)
    model.build_vocab(TEXT)
    with pytest.raises(InputError, match=message):
        model.train(TEXT, epochs=1, **keywords)


def test_divergence_names_the_last_good_checkpoint(tmp_path, monkeypatch) -> None:
    real, steps = NumpyRun.step, [0]

    def step(self, batch, lr):
        steps[0] += 1
        if steps[0] == 30:
            self.model.w_out.data[:, 0] = np.nan
        return real(self, batch, lr)

    monkeypatch.setattr(NumpyRun, "step", step)
    with pytest.raises(NonFiniteError, match=r"diverged in epoch \d+ at batch") as caught:
        Word2Vec(TEXT, checkpoint=tmp_path, **(SMALL | OFTEN))
    assert f"the last good checkpoint is {newest_checkpoint(tmp_path).path}" in str(caught.value)
    assert "--" not in str(caught.value)


def test_a_folder_has_one_training_at_a_time(tmp_path) -> None:
    problems: list[str] = []

    class Second:
        def on_epoch_end(self, model: Word2Vec) -> None:
            with pytest.raises(InputError) as caught:
                Word2Vec(TEXT, checkpoint=tmp_path, resume=True, **SMALL)
            problems.append(str(caught.value))

    Word2Vec(TEXT, checkpoint=tmp_path, callbacks=[Second()], **(SMALL | {"epochs": 2}))
    assert len(problems) == 2
    assert f"{tmp_path} is in use by process {os.getpid()} on" in problems[0]
    assert problems[0].endswith("; wait for its end, or give another folder as checkpoint")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------- a real process
ENDED = """
import signal, sys
from tinygrad_w2v import Word2Vec
from tinygrad_w2v.training.engines.numpy import NumpyRun
signal.signal(signal.SIGTERM, signal.SIG_DFL)
step, steps = NumpyRun.step, [0]
def stepping(self, batch, lr):
    steps[0] += 1
    if steps[0] == 30:
        signal.raise_signal(signal.SIGTERM)
    return step(self, batch, lr)
NumpyRun.step = stepping
text = [line.split() for line in open(sys.argv[1], encoding="utf-8")]
Word2Vec(text, vector_size=8, sample=0, epochs=6, seed=3, engine="numpy", checkpoint=sys.argv[2])
print("went on")
"""


@pytest.mark.process
@pytest.mark.skipif(os.name != "posix", reason="the system has no such signal")
def test_a_process_that_is_ended_keeps_the_place_and_ends(tmp_path) -> None:
    text, folder = tmp_path / "text.txt", tmp_path / "run"
    text.write_text("\n".join(map(" ".join, TEXT)) + "\n", encoding="utf-8")
    command = [sys.executable, "-c", ENDED, str(text), str(folder)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, b""), done.stderr
    assert [path.name for path in folder.iterdir()] == ["checkpoint-1.npz"]
    again = Word2Vec(TEXT, checkpoint=folder, resume=True, **SMALL)
    assert bytes_of(again) == bytes_of(Word2Vec(TEXT, **SMALL))


PROGRAM = """
import sys
from tinygrad_w2v import Word2Vec
text, folder, target, epochs = sys.argv[1:]
model = Word2Vec(
    corpus_file=text, vector_size=16, sample=0, epochs=int(epochs), heldout=0.1, seed=3,
    checkpoint=folder, checkpoint_minutes=2e-4, resume=True, engine="numpy",
)
model.save(target)
"""


@pytest.mark.process
@pytest.mark.proof
def test_killed_at_random_moments_it_ends_with_the_same_bytes(tmp_path, rng) -> None:
    epochs = 150
    text, folder, target = (tmp_path / name for name in ("text.txt", "run", "model"))
    text.write_text("\n".join(map(" ".join, TEXT)) + "\n", encoding="utf-8")
    command = [sys.executable, "-c", PROGRAM, str(text), str(folder), str(target), str(epochs)]
    places, left = set(), 4  # kills
    for _ in range(30):
        before = set(folder.glob("checkpoint-*.npz"))
        with subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE) as process:
            while left and process.poll() is None:
                if set(folder.glob("checkpoint-*.npz")) - before:
                    time.sleep(rng.uniform(0, epochs / 750))  # much less than they take
                    process.kill()
                    left -= 1
                    break
                time.sleep(0.005)
            problem = process.stderr.read()
        assert b"Traceback" not in problem, problem
        if process.returncode == 0:
            break
        places.add(newest_checkpoint(folder).state.history.words)
    assert process.returncode == 0
    assert len(places) > 1, "the kills did not hit the training"
    assert list(folder.iterdir()) == []
    keywords = {"vector_size": 16, "sample": 0, "epochs": epochs, "heldout": 0.1, "seed": 3}
    whole = Word2Vec(corpus_file=text, engine="numpy", **keywords)
    model = Word2Vec.load(target)
    assert bytes_of(model) == bytes_of(whole)
    assert (model.losses, model.heldout_losses) == (whole.losses, whole.heldout_losses)
