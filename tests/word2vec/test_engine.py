"""Which engine runs: what is taken, what is said of it, and that both learn the same."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError, InputError, MissingDependencyError
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.training.checkpoints import newest_checkpoint
from tinygrad_w2v.training.engines import Engine, EngineOptions, choose_engine
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.engines.numpy import NumpyRun
from tinygrad_w2v.word2vec import TrainingSettings, Word2Vec, train_vectors

TOPICS = [["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"]]


def two_topics(sentences: int = 300, seed: int = 7) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [rng.choice(TOPICS[i % 2], size=8).tolist() for i in range(sentences)]


TEXT = two_topics()
# One kernel for most of these tests.
SMALL = {"vector_size": 8, "sample": 0.0, "epochs": 2}
ONE_THREAD = {"engine": "compiled", "workers": 1}


@pytest.fixture
def numba() -> None:
    pytest.importorskip("numba", reason="numba is not installed")


@pytest.fixture
def no_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, logger="tinygrad_w2v"):
        yield caplog


def said_of_the_engine(log: pytest.LogCaptureFixture) -> str:
    """The one line that tells of the engine."""
    (line,) = [message for message in log.messages if message.startswith("engine ")]
    assert "\n" not in line
    return line


def bytes_of(model: Word2Vec) -> bytes:
    return model.wv.vectors.tobytes() + model.model.w_out.data.tobytes()


def learned_the_topics(model: Word2Vec) -> bool:
    return all(
        {word for word, _ in model.wv.most_similar(topic[0], topn=3)} == set(topic[1:])
        for topic in TOPICS
    )


class Own(tw.Module):
    """A mean of contexts; what is done with it beside is up to those below."""

    def __init__(self, vocab_size: int, dim: int) -> None:
        rng = np.random.default_rng(0)
        self.w_in = tw.Parameter((rng.random((vocab_size, dim), np.float32) - 0.5) / dim)
        self.w_out = tw.Parameter(np.zeros((vocab_size, dim), np.float32))

    def hidden(self, batch):
        return self.w_in[batch.contexts].mean(axis=-2)

    def loss(self, batch):
        scores = (self.hidden(batch)[..., None, :] * self.w_out[batch.targets]).sum(axis=-1)
        return -F.log_sigmoid((2 * batch.labels - 1) * scores).sum()


class Sorted(Own):
    """With an op that no kernel has."""

    def hidden(self, batch):
        return F.sort(self.w_in[batch.contexts], axis=-2).mean(axis=-2)


class Dropped(Own):
    """A kernel would hold the first mask for all windows."""

    rng = np.random.default_rng(3)

    def hidden(self, batch):
        return F.dropout(super().hidden(batch), 0.3, self.rng)


class Dense(Own):
    """Uses what only arrays have."""

    def hidden(self, batch):
        assert isinstance(batch.contexts, np.ndarray)
        return super().hidden(batch)


# ---------------------------------------------------------------------- what is taken
@pytest.mark.usefixtures("numba")
def test_the_compiled_engine_is_taken_where_it_can_be(log) -> None:
    model = Word2Vec(TEXT, workers=2, **SMALL)
    assert said_of_the_engine(log) == (
        "engine compiled (numba is installed and the model compiles), 2 threads: the bytes may "
        "differ from run to run; workers=1 or deterministic=True makes them equal"
    )
    assert model.losses[1] < model.losses[0]


@pytest.mark.usefixtures("no_numba")
def test_without_numba_numpy_runs_and_says_what_to_install(log) -> None:
    with pytest.warns(tw.EngineWarning, match="numba is not installed") as given:
        model = Word2Vec(TEXT, **SMALL)
    assert [warning.filename for warning in given] == [__file__]
    line = said_of_the_engine(log)
    assert line.startswith(
        "engine numpy (numba is not installed: pip install 'tinygrad_w2v[fast]' "
    )
    assert line.endswith("1 thread: the same seed gives the same bytes")
    assert bytes_of(model) == bytes_of(Word2Vec(TEXT, engine="numpy", **SMALL))


@pytest.mark.usefixtures("no_numba")
def test_without_numba_the_compiled_engine_is_an_error() -> None:
    with pytest.raises(MissingDependencyError, match=r"pip install 'tinygrad_w2v\[fast\]'"):
        Word2Vec(TEXT, engine="compiled", **SMALL)


def test_a_numba_that_cannot_be_imported_is_said(log, monkeypatch) -> None:
    def broken() -> None:
        raise MissingDependencyError("needs numba") from ImportError("Numba needs NumPy 1.0")

    monkeypatch.setattr("importlib.util.find_spec", lambda name: "there")
    monkeypatch.setattr("tinygrad_w2v.compiler.codegen.kernel_cache.check_numba", broken)
    with pytest.warns(tw.EngineWarning, match="numba cannot be imported"):
        Word2Vec(TEXT, **SMALL)
    assert "engine numpy (numba cannot be imported: Numba needs NumPy 1.0)" in log.text


@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize(
    ("own", "reason"),
    [
        (Sorted, "np.argsort cannot be compiled: a kernel orders nothing"),
        (Dropped, "Dropped.loss draws random numbers from self.rng"),
        (Dense, "AssertionError"),
    ],
)
def test_a_model_that_cannot_be_compiled(own, reason, log) -> None:
    with pytest.warns(tw.EngineWarning, match=f"many times slower: .* this model: {reason}"):
        model = Word2Vec(TEXT, model=own, **SMALL)
    line = said_of_the_engine(log)
    assert line.startswith(f"engine numpy (the compiled engine cannot run this model: {reason}")
    if own is Sorted:
        assert "test_engine.py:" in line
        assert "F.sort(self.w_in[batch.contexts], axis=-2)" in line
    assert model.losses[1] < model.losses[0]
    expected = AssertionError if own is Dense else CompileError
    with pytest.raises(expected):
        Word2Vec(TEXT, model=own, engine="compiled", **SMALL)


@pytest.mark.usefixtures("numba")
def test_what_is_wrong_in_a_model_is_raised_as_it_is() -> None:
    class Wrong(Own):
        def hidden(self, batch):
            return self.no_such_table[batch.contexts]

    with pytest.raises(AttributeError, match="no_such_table"):
        Word2Vec(TEXT, model=Wrong, **SMALL)


def test_names_of_engines() -> None:
    with pytest.raises(
        InputError, match="engine must be 'auto', 'numpy', 'compiled' or 'ray', not 'jax'"
    ):
        EngineOptions("jax").check()
    with pytest.raises(InputError, match="workers must be 1 or more, not 0"):
        EngineOptions(workers=0).check()


@pytest.mark.process
def test_numba_is_imported_only_when_a_kernel_is_made() -> None:
    program = (
        "import sys; from tinygrad_w2v import Word2Vec; import tinygrad_w2v.cli; "
        "Word2Vec([['you', 'say']] * 9, vector_size=4, sample=0, engine='numpy'); "
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"


# ---------------------------------------------------------------------- what it learns
@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("keywords", [{}, {"sg": 1}, {"hs": 1, "negative": 0}], ids=str)
def test_words_of_one_topic_become_neighbours(keywords, workers) -> None:
    model = Word2Vec(
        two_topics(600),
        engine="compiled",
        workers=workers,
        **({"vector_size": 8, "sample": 0.0, "epochs": 4} | keywords),
    )
    assert learned_the_topics(model)
    assert model.losses[-1] < model.losses[0]


@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("workers", [1, 2])
def test_both_engines_learn_nearly_the_same(workers) -> None:
    """The same windows and negative words; one by one in place of some at once."""
    settings = TrainingSettings(size=8, sample=0, epochs=3, batch=1, alpha=0.02)
    vocabulary, corpus = build_corpus(two_topics(150))
    numpy, compiled = (
        train_vectors(vocabulary, corpus, settings, engine=engine, workers=workers)
        for engine in ("numpy", "compiled")
    )
    np.testing.assert_allclose(compiled.history.losses, numpy.history.losses, rtol=0.02)
    assert compiled.history.words == numpy.history.words
    cosines = [
        np.corrcoef(a, b)[0, 1]
        for a, b in zip(numpy.vectors.vectors, compiled.vectors.vectors, strict=True)
    ]
    assert min(cosines) > 0.95


@pytest.mark.usefixtures("numba")
def test_a_model_of_ones_own_runs_in_either_engine(log) -> None:
    models = [
        Word2Vec(TEXT, model=Own, workers=1, engine=engine, **SMALL)
        for engine in ("compiled", "numpy")
    ]
    assert [line.split()[1] for line in log.messages if line.startswith("engine ")] == [
        "compiled",
        "numpy",
    ]
    np.testing.assert_allclose(models[0].losses, models[1].losses, rtol=0.05)


@pytest.mark.usefixtures("numba")
def test_what_is_around_a_training_is_there_with_both() -> None:
    seen: list[str] = []

    class Look:
        def on_epoch_begin(self, model):
            seen.append(f"begin {len(model.losses)}")

        def on_epoch_end(self, model):
            seen.append(f"end {len(model.losses)}")

    model = Word2Vec(TEXT, heldout=0.2, callbacks=[Look()], **(SMALL | ONE_THREAD))
    assert seen == ["begin 0", "end 1", "begin 1", "end 2"]
    assert len(model.heldout_losses) == 2
    trained, raw = model.train(TEXT, total_examples=model.corpus_count, epochs=1)
    assert (trained, raw) == (2400, 2400)
    again = Word2Vec(TEXT, compute_loss=True, **(SMALL | ONE_THREAD))
    assert again.get_latest_training_loss() > 0


@pytest.mark.usefixtures("numba")
def test_divergence_is_said_without_a_batch() -> None:
    with pytest.raises(FloatingPointError, match=r"diverged .* learning rate \(alpha\)$"):
        Word2Vec(TEXT, alpha=1e30, **(SMALL | ONE_THREAD))


# ---------------------------------------------------------------------- the same bytes
@pytest.mark.usefixtures("numba")
def test_one_seed_gives_the_same_bytes() -> None:
    once, again = (bytes_of(Word2Vec(TEXT, **(SMALL | ONE_THREAD))) for _ in range(2))
    assert once == again
    assert once != bytes_of(Word2Vec(TEXT, seed=2, **(SMALL | ONE_THREAD)))


@pytest.mark.usefixtures("numba")
def test_deterministic_means_for_any_number_of_workers(log) -> None:
    wanted = SMALL | {"engine": "compiled", "deterministic": True}
    assert len({bytes_of(Word2Vec(TEXT, workers=workers, **wanted)) for workers in (1, 2, 4)}) == 1
    lines = [line for line in log.messages if line.startswith("engine ")]
    assert all(line.endswith("the same seed gives the same bytes") for line in lines)


PROGRAM = """
import hashlib
from tinygrad_w2v import Word2Vec
text = [["you", "say", "goodbye", "and", "i", "say", "hello"][i % 3 :] for i in range(200)]
model = Word2Vec(text, vector_size=8, sample=0, epochs=2, engine="compiled", workers=1)
print(hashlib.sha256(model.wv.vectors.tobytes()).hexdigest(), model.wv.index_to_key)
"""


@pytest.mark.process
@pytest.mark.usefixtures("numba")
def test_same_bytes_in_every_process() -> None:
    outputs = set()
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", PROGRAM]
        outputs.add(
            subprocess.run(command, env=environment, capture_output=True, check=True).stdout
        )
    assert len(outputs) == 1
    assert len(outputs.pop().split()[0]) == 64


# ---------------------------------------------------------------------- going on
class Killed(BaseException):
    """Ends a training as hard as one process can end itself."""


def broken_off(folder, monkeypatch, kind: type, steps: int = 30, **keywords) -> None:
    """Train until a step, and leave the checkpoint before it."""
    real, left = kind.step, [steps]

    def step(self, batch, lr):
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return real(self, batch, lr)

    often = {"checkpoint": folder, "checkpoint_minutes": 1e-9, "seed": 3}
    with monkeypatch.context() as patch:
        patch.setattr(kind, "step", step)
        with pytest.raises(Killed):
            Word2Vec(TEXT, **(SMALL | often | keywords))
    assert newest_checkpoint(folder) is not None


@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_training_that_was_broken_off_goes_on(workers, tmp_path, monkeypatch, log) -> None:
    keywords = {"engine": "compiled", "workers": workers, "seed": 3}
    broken_off(tmp_path, monkeypatch, CompiledRun, **keywords)
    kept = newest_checkpoint(tmp_path)
    assert kept.about["engine"]["workers"] == workers
    log.clear()
    model = Word2Vec(TEXT, checkpoint=tmp_path, resume=True, **(SMALL | keywords))
    whole = Word2Vec(TEXT, **(SMALL | keywords))
    differs = "the bytes may differ from those of a run that never stopped"
    assert (differs in log.text) == (workers > 1)
    assert len(model.losses) == 2
    np.testing.assert_allclose(model.losses, whole.losses, rtol=0.1)
    if workers == 1:
        assert bytes_of(model) == bytes_of(whole)
        assert model.losses == whole.losses


@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize(
    ("begun", "goes_on", "message"),
    [
        (
            {"engine": "compiled", "workers": 1},
            {"engine": "compiled", "workers": 2},
            r"is of a run with engine='compiled' workers=1, .* engine='compiled' workers=2; give",
        ),
        (
            {"engine": "compiled", "workers": 2},
            {"engine": "numpy"},
            r"is of a run with engine='compiled' workers=2, .* engine='numpy'; give those, or name",
        ),
        (
            {"engine": "numpy"},
            {"engine": "compiled"},
            r"is of a run with engine='numpy', whose place .* engine='compiled' workers=3",
        ),
    ],
)
def test_another_engine_does_not_go_on(begun, goes_on, message, tmp_path, monkeypatch) -> None:
    kind = NumpyRun if begun["engine"] == "numpy" else CompiledRun
    broken_off(tmp_path, monkeypatch, kind, **begun)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=message):
        Word2Vec(TEXT, checkpoint=tmp_path, resume=True, seed=3, **(SMALL | goes_on))
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("numba")
def test_auto_goes_on_with_the_engine_that_it_began_with(tmp_path, monkeypatch) -> None:
    """A run that began before numba was installed, for example."""
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "numba", None)
        with pytest.warns(tw.EngineWarning, match="numba is not installed"):
            broken_off(tmp_path, monkeypatch, NumpyRun)
    model = Word2Vec(TEXT, checkpoint=tmp_path, resume=True, seed=3, **SMALL)
    assert bytes_of(model) == bytes_of(Word2Vec(TEXT, seed=3, engine="numpy", **SMALL))


def test_the_threads_end_with_the_training(monkeypatch) -> None:
    pytest.importorskip("numba", reason="numba is not installed")
    closed: list[bool] = []
    real = CompiledRun.close
    monkeypatch.setattr(CompiledRun, "close", lambda self: (closed.append(True), real(self))[1])
    Word2Vec(TEXT, engine="compiled", workers=2, **SMALL)
    with pytest.raises(FloatingPointError):
        Word2Vec(TEXT, engine="compiled", workers=2, alpha=1e30, **SMALL)
    assert closed == [True, True]


def test_an_engine_is_a_value() -> None:
    vocabulary, corpus = build_corpus(TEXT)
    settings = TrainingSettings(size=8)
    model, source = settings.new_model(len(vocabulary)), settings.source(corpus, vocabulary)
    engine = choose_engine(EngineOptions("numpy", workers=4), model, source)
    assert isinstance(engine, Engine)
    assert (engine.name, engine.why, engine.workers) == ("numpy", "asked for", 1)
    assert engine.about == {"name": "numpy"}
    engine.close()


def test_vectors_that_are_held_follow_tables_that_threads_have_moved(monkeypatch) -> None:
    pytest.importorskip("numba")
    from tinygrad_w2v.training.engines import compiled

    monkeypatch.setattr(compiled, "LEAST_UNITS_FOR_COPIES", 0)
    text = two_topics(300)
    options = {"hs": 1, "negative": 0, "workers": 2, "engine": "compiled", "sample": 0}
    model = Word2Vec(vector_size=8, epochs=2, min_count=1, **options)
    model.build_vocab(text)
    held = model.wv
    before = held.vectors.copy()
    for _ in range(2):  # what was learned is gone on with, not begun anew
        model.train(text, epochs=2)
        assert held is model.wv
        assert np.shares_memory(held.vectors, model.model.w_in.data)
        assert not np.array_equal(held.vectors, before)
        before = held.vectors.copy()
    assert model.losses[-1] < model.losses[0]
