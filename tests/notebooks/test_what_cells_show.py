"""What cells show, and a saved notebook keeps: they are run in a kernel, their outputs are read."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from kernels import cells, executed, shown

from tinygrad_w2v._base.notebook import CellLine, cell_name, current_cell, html_table, in_notebook

pytestmark = [pytest.mark.process, pytest.mark.slow]

MODEL = """
import logging
import numpy as np
import tinygrad_w2v as tw

class Line(tw.Module):
    def __init__(self):
        self.slope = tw.Parameter(0.0)
    def forward(self, x, t):
        return ((self.slope * x - t) ** 2).mean()

x = np.linspace(-1, 1, 10)
trainer = tw.Trainer(Line(), tw.optim.SGD(lr=0.01))
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda *sources: executed(cells(*sources), monkeypatch, tmp_path).cells


def test_a_curve_is_shown_once(run: Any, tmp_path: Path) -> None:
    fit, last, not_last, held, again, saved, open_figures, inside = run(
        MODEL + "trainer.fit(x, 2 * x, max_epoch=100, batch_size=4, quiet=True)",
        "trainer.plot()",
        "trainer.plot()\nprint('more')",
        "figure = trainer.plot()",
        "figure",
        "trainer.plot('loss.svg')",
        "import matplotlib.pyplot as plt\nprint(plt.get_fignums())",
        "figure.axes[0].set_title('mine')\nfor _ in range(2):\n    trainer.plot()",
    )
    pictures = [len(shown(cell, "image/png")) for cell in (last, not_last, held, again, saved)]
    assert pictures == [1, 1, 1, 1, 1]
    assert len(shown(inside, "image/png")) == 2
    assert shown(fit) == []
    assert shown(open_figures) == ["[]\n"]
    assert (tmp_path / "loss.svg").stat().st_size > 1000


def test_a_saved_notebook_keeps_the_last_loss(run: Any) -> None:
    trained, vectors, stopped, quiet, logged = run(
        MODEL + "trainer.fit(x, 2 * x, max_epoch=300, batch_size=4)\nlast = trainer.losses[-1]",
        "w = tw.Word2Vec([['you', 'say', 'hello']] * 900, vector_size=4, epochs=2, engine='numpy')",
        "def stop(*_):\n    raise KeyboardInterrupt\n"
        "trainer.optimizer.step = stop\n"
        "trainer.fit(x, 2 * x)\nprint(trainer.interrupted)",
        "print(repr(trainer))\nprint(last)",
        "logging.basicConfig(level=logging.INFO, force=True)\n"
        "w.train([['you', 'say', 'hello']] * 9, total_examples=9, epochs=1);",
    )
    text, last = "".join(shown(quiet)).splitlines()
    (line,) = shown(trained)
    assert line.startswith("training: 100%|██████████| 3.00k/3.00k ")
    assert f"loss={float(last):.4g}, epoch=300" in line
    assert "widget" not in str(trained.outputs)
    (line,) = shown(vectors)
    assert re.match(r"training: 100%.* 5\.40k/5\.40k .*words/s, loss=\d", line)
    assert shown(stopped)[0].startswith("training:   0%|")
    assert shown(stopped)[1] == "True\n"
    assert text.endswith(", stopped by Ctrl-C)")
    assert any("training: 100% of " in line for line in shown(logged)), "lines of a log stay lines"


def test_what_shows_itself_as_a_table(run: Any) -> None:
    results = run(
        MODEL + "trainer",
        "trainer.fit(x, 2 * x, max_epoch=300, batch_size=4, quiet=True)\ntrainer",
        "trainer.history",
        "wv = tw.WordVectors(['you', '<b>'], np.eye(2))\nwv",
        "wv.cosine_table(digits=2)",
        "wv.most_similar('you')",
        "v = tw.Variable(np.ones((3, 2)), 'w')\nv[[1, 2, 1]].sum().backward()\nv.grad.data",
        "v.grad",
    )
    pages = [shown(cell, "text/html") for cell in results]
    untrained, trained, history, vectors, cosines, near, rows, grad = pages
    assert "not trained" in shown(results[0])[0] and "<svg" not in untrained[0]
    assert "300 epochs, 900 iterations" in trained[0]
    assert trained[0].count("<polyline") == 1
    assert "45 intervals" in history[0] and history[0].count("<tr>") == 1 + 5 + 1 + 5
    assert "<th>&lt;b&gt;</th>" in vectors[0]
    assert "<tr><th>&lt;b&gt;</th><td>0.00</td><td>1.00</td></tr>" in cosines[0]
    assert near == [] and shown(results[5]) == ["[('<b>', 0.0)]"]
    assert rows[0].count("<th>1</th><td>1</td><td>1</td>") == 2
    assert rows[0] in grad[0]


def test_a_line_of_a_cell_is_named_as_in_tracebacks(run: Any) -> None:
    message, drawn = run(
        "import tinygrad_w2v as tw\nx = tw.Variable(2.0, 'x')\nwith tw.debug():\n"
        "    y = x * 3\nprint(y.creator.site)",
        "print(tw.graph(y).text)\ntw.graph(y)",
    )
    assert shown(message) == ["Cell In[1], line 4: y = x * 3\n"]
    assert "ipykernel" not in str(drawn.outputs)


# ---------------------------------------------------------------------- without a kernel
def shell(name: str, module: str) -> Any:
    kind = type(name, (), {"__module__": module, "execution_count": 7, "compile": compile})
    return types.SimpleNamespace(get_ipython=lambda: kind())


@pytest.mark.parametrize(
    ("name", "module", "expected"),
    [
        ("ZMQInteractiveShell", "ipykernel.zmqshell", True),
        ("Shell", "google.colab._shell", True),
        ("TerminalInteractiveShell", "IPython.terminal.interactiveshell", False),
        ("SpyderShell", "spyder_kernels.console.shell", False),
    ],
)
def test_notebooks_are_told_from_terminals(
    name: str, module: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "IPython", shell(name, module))
    assert in_notebook() == expected
    assert current_cell() == 7
    assert cell_name("<ipython-input-7>") is None, "as IPython 7 knows no name"


def test_a_line_without_words_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    line = CellLine()
    line.write("\n")
    line.flush()
    assert capsys.readouterr() == ("", "")


def test_a_table_holds_text_and_no_markup() -> None:
    page = html_table([["<b>", "a&b"]], ["", "<i>"], "<script>")
    assert not re.search("<(b|i|script)>", page)
    assert "<th>&lt;b&gt;</th><td>a&amp;b</td>" in page
    assert html_table([["1", "2"]], named=False) == (
        "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    )
