"""Makes the notebooks of the tutorial, outputs included: python docs/notebooks/make.py

A page is the source: its text and its code become cells, in order, and are run. What a page says
that a block prints is left out, for the cell prints it; a picture that a block saves is shown by
its cell. The one setting is `url` under `[metadata]` of setup.cfg, the public address of the
repository on GitHub: with it the first cell installs from there, and links open the notebooks in
Colab and Binder. Without it the first cell installs from the checkout that the notebook lies in.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "notebooks"
PAGES = (
    "tutorial.en",
    "tutorial.ja",
    "tutorial-hand-written.en",
    "tutorial-hand-written.ja",
)
BRANCH = "main"
LARGEST = 1_500_000  # bytes of a notebook

INSTALL = """\
# {comment}
import importlib.util

if importlib.util.find_spec("tinygrad_w2v") is None:
    %pip install -q "{source}"
"""
WORDS = {
    "en": {
        "comment": "Installs the library where it is not there yet.",
        "colab": "Open in Colab",
        "binder": "Open in Binder",
    },
    "ja": {
        "comment": "ライブラリがなければインストールします。",
        "colab": "Colab で開く",
        "binder": "Binder で開く",
    },
}
INDEX = """\
# The tutorial as notebooks

Made of the pages by `python docs/notebooks/make.py`, outputs included. The first cell installs
the library{place}

| page | notebook |{more}
|---|---|{line}
{rows}
"""
FROM_THE_CHECKOUT = """\
 from the checkout that the notebook lies in.

The repository has no public address on record yet. With `url` under `[metadata]` of `setup.cfg`,
and the notebooks made again, it installs from there, and links to Colab and Binder stand here.\
"""


def repository() -> str:
    """Return the address of the repository on GitHub; empty where setup.cfg has none."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    url = settings.get("metadata", "url", fallback="").strip().rstrip("/").removesuffix(".git")
    if url and not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", url):
        raise SystemExit(
            f"setup.cfg: url = {url}: Colab and Binder open https://github.com/OWNER/NAME"
        )
    return url


# ---------------------------------------------------------------------- links
def services(page: str, url: str) -> dict[str, str]:
    """Where a notebook is opened without an installation; nothing without an address."""
    if not url:
        return {}
    name = url.removeprefix("https://github.com/")
    path = f"docs/notebooks/{page}.ipynb"
    return {
        "colab": f"https://colab.research.google.com/github/{name}/blob/{BRANCH}/{path}",
        "binder": f"https://mybinder.org/v2/gh/{name}/{BRANCH}?labpath={path}",
    }


def index(url: str) -> str:
    """Return the page of the folder, with a link to each notebook."""
    rows = []
    for page in PAGES:
        title = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8").partition("\n")[0]
        links = [f"[{name.title()}]({link})" for name, link in services(page, url).items()]
        cells = [f"[{title[2:]}](../{page}.md)", f"[{page}.ipynb]({page}.ipynb)", *links]
        rows.append(f"| {' | '.join(cells)} |")
    more, line = (" Colab | Binder |", "---|---|") if url else ("", "")
    place = f" from {url}." if url else FROM_THE_CHECKOUT
    return INDEX.format(place=place, more=more, line=line, rows="\n".join(rows))


def linked(text: str, url: str) -> str:
    """Let the links of a page lead on from the notebook: to its siblings, or to other pages."""

    def moved(link: re.Match[str]) -> str:
        target, anchor = link[1], link[2] or ""
        if target.removesuffix(".md") in PAGES:  # whose anchors are others than the page's
            return f"]({target.removesuffix('.md')}.ipynb)"
        place = f"{url}/blob/{BRANCH}/docs/" if url else "../"
        return f"]({place}{target}{anchor})"

    return re.sub(r"\]\(([^):#\s]+)(#[^)\s]*)?\)", moved, text)


# ---------------------------------------------------------------------- cells
SHOWN = ('.svg"', '.png"', '.html"')


def live(source: str, lang: str = "en") -> str:
    """Show in a cell what the page's block saves: a graph, a report, or the curve of a loss."""
    if source.startswith(("!", "%")):
        return source
    if lang != "en":
        check = re.compile(r"^(.*\btw\.check_grads\(.*)\)$", re.M)
        source = check.sub(rf'\1, lang="{lang}")', source)
    lines = source.splitlines()
    tree = ast.parse(source)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    for statement in sorted(found, key=lambda node: -node.lineno):
        call = statement.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
            continue
        owner = ast.get_source_segment(source, call.func.value) or ""
        saved = ", ".join(ast.unparse(each) for each in call.args).replace("'", '"')
        if call.func.attr == "save" and saved.endswith(SHOWN):
            if lang != "en" and owner.startswith("tw.graph("):
                owner = f'{owner[:-1].rstrip().rstrip(",")}, lang="{lang}")'
            shown = owner if statement is tree.body[-1] else f"display({owner})"
            shown += f"  # .save({saved})"
        elif call.func.attr == "plot":
            given = (ast.get_source_segment(source, each) or "" for each in call.keywords)
            shown = f"{owner}.plot({', '.join(given)})  # .plot({saved}, ...)"
        else:
            continue
        lines[statement.lineno - 1 : statement.end_lineno] = [" " * statement.col_offset + shown]
    return "\n".join(lines)


def notebook(page: str, url: str) -> Any:
    """Return the cells of a page, not yet run."""
    lang = page.rpartition(".")[2]
    words = WORDS[lang]
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    text = re.sub(r"^```sh\n(.+)\n```$", r"```python\n!\1\n```", text, flags=re.M)
    text = re.sub(
        r"^(```python\n(?:.+\n|\n)*?```\n)\n```text\n(?:.*\n)*?```\n", r"\1", text, flags=re.M
    )
    # No notebook leads to itself.
    text = re.sub(r"\s· \[[^\]]*\]\(notebooks/[^)]*\)", "", text)
    form = {"extension": ".md", "split_at_heading": True}
    source = f"tinygrad_w2v[all] @ git+{url}" if url else "../..[all]"
    install = INSTALL.format(comment=words["comment"], source=source).rstrip()
    cells = [nbformat.v4.new_code_cell(install)]
    for cell in jupytext.reads(text, fmt=form).cells:
        if cell.cell_type == "code":
            cells.append(nbformat.v4.new_code_cell(live(cell.source, lang)))
            continue
        written = linked(cell.source, url)
        if cells[-1].cell_type == "code" and re.search(r"# \.(save|plot)\(", cells[-1].source):
            written = re.sub(r"\A!\[[^\]]*\]\([^)]*\)\n*", "", written)
        if len(cells) == 1 and url:
            links = [f"[{words[name]}]({link})" for name, link in services(page, url).items()]
            written = written.replace("\n\n", f"\n\n{' · '.join(links)}\n\n", 1)
        if written:
            cells.append(nbformat.v4.new_markdown_cell(written))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:02}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=about)


def run(made: Any, folder: Path) -> Any:
    """Run all cells in `folder`, in a kernel of this Python, and keep what they show."""
    left_out = ("MPLBACKEND", "PYTHONWARNDEFAULTENCODING")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    # The command of this environment is the one that cells call.
    path = [str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]
    environment["PATH"] = os.pathsep.join(path)
    about = dict(made.metadata)
    NotebookClient(
        made,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
    ).execute(env=environment)
    made.metadata = nbformat.from_dict(about)  # without the version of this Python
    return made


def main() -> None:
    """Write all notebooks and the page that lists them."""
    url = repository()
    (FOLDER / "README.md").write_text(index(url), encoding="utf-8")
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            text = nbformat.writes(run(notebook(page, url), Path(folder))).replace("\\r\\n", "\\n")
        size = len(text.encode())
        if size > LARGEST:
            raise SystemExit(f"{page}: {size:,} bytes are more than {LARGEST:,}")
        (FOLDER / f"{page}.ipynb").write_text(text.rstrip("\n") + "\n", encoding="utf-8")
        print(f"{page}.ipynb: {size:,} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
