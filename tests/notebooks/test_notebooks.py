"""The notebooks of docs/ are what their pages say, and run as a reader runs them."""

from __future__ import annotations

import ast
import doctest
import re
import runpy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernels import kernel_environment, shown

ROOT = Path(__file__).resolve().parents[2]
MAKE = runpy.run_path(str(ROOT / "docs" / "notebooks" / "make.py"))
PAGES = MAKE["PAGES"]
ADDRESS = "https://github.com/owner/name"
AGAIN = "make them again: python docs/notebooks/make.py"


def kept(page: str) -> Any:
    return nbformat.read(ROOT / "docs" / "notebooks" / f"{page}.ipynb", as_version=4)


def outputs(cell: Any, name: str = "stdout") -> str:
    return "".join(o.text for o in cell.get("outputs", []) if o.get("name") == name)


def test_every_page_of_the_tutorial_is_a_notebook() -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("tutorial*.md")}
    assert pages == set(PAGES)
    written = {path.stem for path in (ROOT / "docs" / "notebooks").glob("*.ipynb")}
    assert written == pages


@pytest.mark.parametrize("page", PAGES)
def test_the_cells_are_those_of_the_page(page: str) -> None:
    made, found = MAKE["notebook"](page, MAKE["repository"]()), kept(page)
    nbformat.validate(found)
    assert [(c.id, c.cell_type, c.source) for c in made.cells] == [
        (c.id, c.cell_type, c.source) for c in found.cells
    ], AGAIN
    assert made.metadata == found.metadata, AGAIN
    index = (ROOT / "docs" / "notebooks" / "README.md").read_text(encoding="utf-8")
    assert index == MAKE["index"](MAKE["repository"]()), AGAIN


@pytest.mark.parametrize("page", PAGES)
def test_what_was_shown_is_kept(page: str) -> None:
    found = kept(page)
    path = ROOT / "docs" / "notebooks" / f"{page}.ipynb"
    assert path.stat().st_size < MAKE["LARGEST"]
    code = [cell for cell in found.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    check_outputs(page, code)
    # Nothing of the machine that made it.
    assert not re.search(r"ipykernel_\d|/(home|root|tmp|work|Users)/", str(code))
    assert str(Path.home()) not in str(code)


@pytest.mark.example
@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize("page", PAGES)
def test_a_notebook_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel_environment(monkeypatch)
    found = kept(page)
    for cell in found.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    MAKE["run"](found, tmp_path)
    check_outputs(page, [cell for cell in found.cells if cell.cell_type == "code"])
    written = {path.name for path in tmp_path.iterdir()}
    assert written <= {"w2v-out"}, "what a page saves is shown instead"


def check_outputs(page: str, code: list[Any]) -> None:
    """Hold what cells show to what the page says."""
    install, *cells = code
    assert "%pip install" in install.source and not install.outputs
    assert not [o for cell in code for o in cell.outputs if o.output_type == "error"]
    assert not [cell.source for cell in code if outputs(cell, "stderr")]
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(
        r"^```(python|sh)\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", text, re.M | re.S
    )
    assert len(blocks) == len(cells)
    checker = doctest.OutputChecker()
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for cell, (language, source, expected) in zip(cells, blocks, strict=True):
        if language == "sh":
            assert cell.source == f"!{source}".strip()
            assert len(outputs(cell).splitlines()) > 5, outputs(cell)
        elif expected:
            assert checker.check_output(expected, outputs(cell), options), outputs(cell)
        if re.search(r"\.save\(.*\.(svg|html)", source):
            assert shown(cell, "text/html")
        if ".plot(" in source:
            assert len(shown(cell, "image/png")) == 1
        if ".fit(" in source and "progress=False" not in source:
            (line,) = [line for line in shown(cell) if line.startswith("training: ")]
            assert re.match(r"training: 100%.* loss=\d", line)


# ---------------------------------------------------------------------- how cells are made
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('tw.graph(y).save("y.svg")', 'tw.graph(y)  # .save("y.svg")'),
        (
            'tw.graph(\n    y, backward=True\n).save("y.svg")\nx = 1',
            'display(tw.graph(\n    y, backward=True\n))  # .save("y.svg")\nx = 1',
        ),
        (
            'trainer.plot("loss.svg")\nprint(1)',
            'trainer.plot()  # .plot("loss.svg", ...)\nprint(1)',
        ),
        (
            'trainer.plot("loss.svg", (0, 2), floor=2 * np.log(2) / 6)',
            'trainer.plot(floor=2 * np.log(2) / 6)  # .plot("loss.svg", (0, 2), ...)',
        ),
        ("trainer.plot()", "trainer.plot()"),
        ('if x:\n    r.save("r.html")', 'if x:\n    display(r)  # .save("r.html")'),
        ('report.save("r.html")', 'report  # .save("r.html")'),
        ('vectors.save("v.npz")', 'vectors.save("v.npz")'),
        ("!ls", "!ls"),
    ],
)
def test_what_is_saved_is_shown(source: str, expected: str) -> None:
    assert MAKE["live"](source) == expected
    if not source.startswith("!"):
        ast.parse(expected)


def test_a_japanese_notebook_has_japanese_reports() -> None:
    made = MAKE["live"]('r = tw.check_grads(f, g(x), order=2)\nr.save("r.html")', "ja")
    assert made == 'r = tw.check_grads(f, g(x), order=2, lang="ja")\nr  # .save("r.html")'


def test_a_japanese_notebook_has_japanese_graphs() -> None:
    shown = 'tw.graph(y, lang="ja")  # .save("y.svg")'
    assert MAKE["live"]('tw.graph(y).save("y.svg")', "ja") == shown
    several = MAKE["live"]('tw.graph(\n    y,\n    backward=True,\n).save("y.svg")', "ja")
    assert several == 'tw.graph(\n    y,\n    backward=True, lang="ja")  # .save("y.svg")'


def test_links_lead_on_from_the_folder_of_the_notebooks() -> None:
    text = "[a](tutorial.ja.md#x) [b](maths.md#cbow) [c](https://x.org) [d](#here) [e](how-to/a.md)"
    assert MAKE["linked"](text, "") == (
        "[a](tutorial.ja.ipynb) [b](../maths.md#cbow) [c](https://x.org) [d](#here) "
        "[e](../how-to/a.md)"
    )
    assert f"[b]({ADDRESS}/blob/main/docs/maths.md#cbow)" in MAKE["linked"](text, ADDRESS)


@pytest.mark.parametrize("page", PAGES)
def test_relative_links_are_there(page: str) -> None:
    text = "\n".join(cell.source for cell in kept(page).cells if cell.cell_type == "markdown")
    assert "![" not in text, "a picture is shown by a cell"
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith("https://"):
            assert (ROOT / "docs" / "notebooks" / target).exists(), target


def test_an_address_gives_an_installation_and_links() -> None:
    made = MAKE["notebook"]("tutorial.ja", ADDRESS)
    assert f'"tinygrad_w2v[all] @ git+{ADDRESS}"' in made.cells[0].source
    place = "docs/notebooks/tutorial.ja.ipynb"
    colab = f"https://colab.research.google.com/github/owner/name/blob/main/{place}"
    binder = f"https://mybinder.org/v2/gh/owner/name/main?labpath={place}"
    assert f"[Colab で開く]({colab}) · [Binder で開く]({binder})" in made.cells[1].source
    assert colab in MAKE["index"](ADDRESS) and binder in MAKE["index"](ADDRESS)
    without = MAKE["notebook"]("tutorial.ja", "")
    assert '"../..[all]"' in without.cells[0].source
    assert "colab" not in str(without) and "mybinder" not in str(without)


@pytest.mark.parametrize("url", ["https://github.com/o", "http://example.org/o/n", "o/n"])
def test_an_address_that_the_services_do_not_open_is_refused(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "setup.cfg").write_text(f"[metadata]\nurl = {url}\n", encoding="utf-8")
    monkeypatch.setitem(MAKE["repository"].__globals__, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="OWNER/NAME"):
        MAKE["repository"]()
    (tmp_path / "setup.cfg").write_text(f"[metadata]\nurl = {ADDRESS}.git\n", encoding="utf-8")
    assert MAKE["repository"]() == ADDRESS


def test_the_first_cell_installs_only_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    from IPython.core.inputtransformer2 import TransformerManager

    cell = MAKE["notebook"]("tutorial.en", "").cells[0].source
    code = TransformerManager().transform_cell(cell)
    asked: list[Any] = []
    shell = type("Shell", (), {"run_line_magic": lambda _, *given: asked.append(given)})
    namespace = {"get_ipython": shell}
    exec(code, namespace)
    assert asked == []
    code = code.replace('find_spec("tinygrad_w2v")', 'find_spec("no_such_package")')
    exec(code, namespace)
    assert asked == [("pip", 'install -q "../..[all]"')]


def test_binder_installs_the_checkout() -> None:
    """From the root, where it runs pip; a requirement without a slash is taken for a name."""
    folder = ROOT / ".binder"
    assert (folder / "requirements.txt").read_text(encoding="utf-8") == "./[all]\n"
    version = (folder / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert tuple(map(int, version.split("."))) >= (3, 11)
