"""What the book calls otherwise is answered with the line to write, and that line runs."""

from __future__ import annotations

import copy
import pickle
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.book_names import PARTS, Row, answered
from tinygrad_w2v._base.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
ROWS = [row for part in PARTS for row in part.rows]
ASKED = [(name, row) for row in ROWS for name in answered(row)]
ids, word_to_id, id_to_word = tw.text.preprocess("You say goodbye and I say hello.")


class Line(tw.Module):
    def __init__(self) -> None:
        self.w = tw.Parameter(np.ones((2, 3)))

    def forward(self, x: Any, t: Any) -> Any:
        return F.cross_entropy(x @ self.w, t)


def owner_of(on: str) -> Any:
    return {
        "": tw,
        "Module": Line(),
        "Trainer": tw.Trainer(Line(), tw.optim.SGD()),
        "Optimizer": tw.optim.Adam(),
    }[on]


# ---------------------------------------------------------------------- answers
@pytest.mark.parametrize(("name", "row"), ASKED, ids=[name for name, _ in ASKED])
def test_a_name_of_the_book_is_there_or_answered(name: str, row: Row) -> None:
    owner = owner_of(row.on)
    if (owner, name) == (tw, "Trainer") or name in ("CBOW", "SkipGram", "update"):
        assert hasattr(owner, name)
        return
    assert not hasattr(owner, name)
    with pytest.raises(AttributeError) as caught:
        getattr(owner, name)
    assert row.book in str(caught.value) and (row.ours or row.en) in str(caught.value)


@pytest.mark.parametrize("name", ["cross_entropy_error", "MatMul", "cos_similarity"])
def test_the_module_of_functions_answers_too(name: str) -> None:
    with pytest.raises(AttributeError, match="for the book's"):
        getattr(F, name)
    with pytest.raises(ImportError, match="for the book's"):
        exec(f"from tinygrad_w2v.functions import {name}")


def test_an_import_is_answered_in_the_same_words() -> None:
    with pytest.raises(ImportError, match=r"for the book's `Adam\(.*`tw\.optim\.Adam\(lr=0\.001"):
        exec("from tinygrad_w2v import Adam")


def test_update_of_lists_is_answered() -> None:
    w = tw.Parameter(np.ones(2))
    g = np.ones(2)
    for kind in (tw.optim.SGD, tw.optim.Momentum, tw.optim.Adam, tw.optim.RMSprop):
        with pytest.raises(InputError, match=r"`optimizer\.step\(\)`"):
            kind().update([w.data], [g])


def test_a_rate_in_the_place_of_parameters() -> None:
    with pytest.raises(InputError, match=r"`SGD\(lr=0\.1\)`"):
        tw.optim.SGD(0.1)


def test_a_layer_of_a_model_answers() -> None:
    with pytest.raises(AttributeError, match=r"`model\.parameters\(\)`"):
        tw.nn.Linear(2, 3).params  # noqa: B018
    with pytest.raises(AttributeError, match=r"`model\.w_in\.data`"):
        tw.CBOW(7, 5).word_vecs  # noqa: B018


# ---------------------------------------------------------------------- the lines that are shown
def known() -> dict[str, Any]:
    model = tw.CBOW(7, 4, objective="softmax", rng=np.random.default_rng(0))
    contexts, target = tw.text.create_contexts_target(ids)
    matrix = np.random.default_rng(0).normal(size=(7, 4))
    vectors = tw.WordVectors(id_to_word, matrix)
    optimizer = tw.optim.SGD(model.parameters())
    loss = model(contexts, target)
    W, x = tw.Variable(np.ones((3, 4))), tw.Variable(np.ones((2, 3)))
    (x @ W).sum().backward()
    loss.backward()
    return {
        "tw": tw,
        "F": F,
        "np": np,
        "rng": np.random.default_rng(0),
        "p": 0.5,
        "x": x,
        "y": x,
        "W": W,
        "b": tw.Variable(np.ones(4)),
        "h": x @ W,
        "idx": np.array([0, 2]),
        "t": np.array([0, 1]),
        "scores": x,
        "model": model,
        "optimizer": optimizer,
        "loss": loss,
        "text": "you say hello",
        "corpus": ids,
        "vocab_size": 7,
        "hidden_size": 4,
        "dim": 4,
        "counts": np.bincount(ids),
        "id_to_word": id_to_word,
        "word_matrix": matrix,
        "query": "you",
        "vectors": vectors,
        "word": "you",
        "max_norm": 1.0,
        "C": np.ones((7, 7)),
        "trainer": tw.Trainer(Line(), tw.optim.SGD()),
        "g": x,
    }


OTHERS: dict[str, dict[str, Any]] = {
    "SigmoidWithLoss().forward(x, t)": {"t": np.ones((2, 3))},
    "analogy(a, b, c, word_to_id, id_to_word, word_matrix)": {"a": "you", "b": "say", "c": "i"},
    "layer.forward(x)": {"model": tw.nn.Linear(3, 2)},
    "U, S, V = np.linalg.svd(W)": {"W": np.eye(200), "id_to_word": [f"w{i}" for i in range(200)]},
}
NOT_RUN = {
    "self.x, self.y, self.t": "stands in the forward of an op",
    "ptb.load_data('train')": "reads a file of the user's",
    "layer.backward(dout)": "was run to make the gradients",
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.book)
def test_the_line_to_write_runs(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = known() | OTHERS.get(row.book, {})
    if row.book in NOT_RUN or not row.ours:
        compile(row.ours, "names", "exec")
        return
    if row.book.startswith("trainer."):
        names["x"], names["t"] = np.ones((4, 2)), np.array([0, 1, 2, 0])
        names["trainer"].fit(names["x"], names["t"], max_epoch=1, quiet=True)
    if row.book.startswith("model.load_params"):
        names["model"].save("model.npz")
    exec(row.ours, names)


def test_every_row_speaks_both_languages() -> None:
    assert [row.book for row in ROWS if bool(row.en) != bool(row.ja)] == []
    asked = [(name, row.on) for name, row in ASKED]
    assert len(set(asked)) == len(asked)


# ---------------------------------------------------------------------- the pages
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_pages_are_made_of_the_table(lang: str) -> None:
    made = runpy.run_path(str(ROOT / "docs" / "names.py"))
    page = made["PAGES"][lang].read_text(encoding="utf-8")
    assert page == made["page"](lang), "make them again: python docs/names.py"


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_chapters_2_and_4_are_there(lang: str) -> None:
    page = (ROOT / "docs" / {"en": "names.md", "ja": "names.ja.md"}[lang]).read_text("utf-8")
    for name in (
        "create_co_matrix",
        "ppmi",
        "UnigramSampler",
        "NegativeSamplingLoss",
        "EmbeddingDot",
    ):
        assert name in page


# ---------------------------------------------------------------------- what does not change
def test_other_names_are_unknown_as_ever() -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'qqqqq'$"):
        tw.qqqqq  # noqa: B018
    with pytest.raises(AttributeError, match=r"did you mean `Word2Vec`\?"):
        tw.word2vek  # noqa: B018
    assert not hasattr(tw, "__wrapped__") and not hasattr(Line(), "_private")


class Failing(tw.Module):
    @property
    def size(self) -> int:
        return self.table.missing_entry  # type: ignore[attr-defined]

    def __init__(self) -> None:
        self.table = tw.Parameter(1.0)


def test_a_property_that_fails_says_its_own_reason() -> None:
    with pytest.raises(AttributeError, match="missing_entry"):
        Failing().size  # noqa: B018


def test_copies_and_pickles_ask_for_nothing() -> None:
    model = tw.CBOW(7, 5)
    assert copy.deepcopy(model).w_in.shape == (7, 5)
    assert pickle.loads(pickle.dumps(tw.nn.Linear(2, 3))).weight.shape == (2, 3)
    trainer = copy.deepcopy(tw.Trainer(Line(), tw.optim.SGD()))
    assert trainer.losses == []


@pytest.mark.process
def test_the_table_is_read_when_a_name_is_asked_for() -> None:
    program = (
        "import sys, tinygrad_w2v, tinygrad_w2v.functions\n"
        "asked = [n for n in sys.modules if 'book_names' in n or 'unknown_names' in n]\n"
        "assert not asked, asked\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# ---------------------------------------------------------------------- keywords
def test_a_keyword_of_the_book_is_answered() -> None:
    vectors = tw.WordVectors(id_to_word, np.eye(7))
    with pytest.raises(TypeError, match=r"most_similar\(\) has no argument 'top': write `topn=`"):
        vectors.most_similar("you", top=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"CBOW\(\) has no argument 'hidden_size': write `dim=`"):
        tw.CBOW(7, hidden_size=5)  # type: ignore[call-arg]


def test_a_keyword_that_is_misspelled_or_strange() -> None:
    @knowing()
    def f(alpha: int, beta: int = 1) -> int:
        return alpha + beta

    assert f(1, beta=2) == 3
    with pytest.raises(TypeError, match=re.escape("no argument 'betta': did you mean `beta=`?")):
        f(1, betta=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=re.escape("no argument 'zzz': it takes alpha, beta")):
        f(1, zzz=2)  # type: ignore[call-arg]
