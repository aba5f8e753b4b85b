"""What the site adds to Sphinx.

Views of code, links from code in a text to the reference, formulas without a script from elsewhere,
Japanese queries, and the switch between both languages.
"""

from __future__ import annotations

import ast
import functools
import html
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.search.ja import SearchJapanese
from sphinx.transforms import SphinxTransform
from sphinx.util.inspect import stringify_signature

import reference
from staging import ROOT, code_page, up

# ---------------------------------------------------------------------- code in a text
NAME = re.compile(r"(tw|F)\.([A-Za-z_][\w.]*)(?:\(.*\))?")
MODULES = {"tw": "tinygrad_w2v", "F": "tinygrad_w2v.functions"}


class LinkedNames(SphinxTransform):
    """`tw.fit` or `F.softmax(x)` in a text, `WordVectors` in a docstring: a link to its entry."""

    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        if self.env.docname.startswith("adr/"):
            return
        for literal in list(self.document.findall(nodes.literal)):
            target = self._target(literal.astext())
            if target and not self._is_linked(literal):
                link = addnodes.pending_xref(
                    "", refdomain="py", reftype="obj", reftarget=target, refexplicit=True
                )
                literal.replace_self(link)
                link += literal

    def _target(self, text: str) -> str | None:
        name = NAME.fullmatch(text)
        if name:
            return described().get(f"{MODULES[name[1]]}.{name[2]}")
        return short_names().get(text) if self.env.docname.startswith("api/") else None

    @staticmethod
    def _is_linked(node: nodes.Node | None) -> bool:
        linked = (nodes.reference, nodes.title, addnodes.pending_xref, addnodes.download_reference)
        while node is not None and not isinstance(node, linked):
            node = node.parent
        return node is not None


@functools.cache
def described() -> dict[str, str]:
    """Every name of the reference, methods among them, and the name that it is described under."""
    found = {}
    for entry in reference.entries():
        found[entry.path] = entry.of
        if inspect.isclass(entry.thing):
            for owner in (entry, *reference.bases(entry.thing)):
                for name in reference.members(owner.thing):
                    found.setdefault(f"{entry.path}.{name}", f"{owner.of}.{name}")
    return found


@functools.cache
def short_names() -> dict[str, str]:
    """What a docstring calls by its last name: classes, and functions of several words, if unique.

    What a property is called may be a parameter elsewhere.
    """
    found: dict[str, set[str]] = {}
    for entry in reference.entries():
        found.setdefault(entry.name, set()).add(entry.of)
        methods = reference.members(entry.thing) if inspect.isclass(entry.thing) else []
        for name in methods:
            kinds = (property, functools.cached_property)
            if not isinstance(inspect.getattr_static(entry.thing, name), kinds):
                found.setdefault(name, set()).add(f"{entry.of}.{name}")
    said = {name for name in found if name[0].isupper() or "_" in name.strip("_")}
    return {name: min(found[name]) for name in said if len(found[name]) == 1}


def written_inside(app: Sphinx, env: Any, node: Any, text: nodes.Node) -> nodes.Node | None:
    """Resolve what a docstring calls by the module that it is written in, if it is ours.

    What is public leads to its entry; what is not stays a name.
    """
    module, _, name = node["reftarget"].rpartition(".")
    if node.get("refdomain") != "py" or not module.startswith("tinygrad_w2v."):
        return None
    thing = getattr(sys.modules.get(module), name, None)
    for entry in reference.entries():
        if entry.thing is thing and thing is not None:
            domain, page = env.domains.python_domain, node["refdoc"]
            return domain.resolve_xref(env, page, app.builder, "obj", entry.of, node, text)
    return text if thing is not None else None


def signature(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, written: str | None, returns: Any
) -> tuple[str, None] | None:
    """Write the parameters of a class as Python knows them, where its metaclass has others."""
    if what != "class":
        return None
    return stringify_signature(inspect.signature(thing), show_annotation=False), None


# ---------------------------------------------------------------------- views of code
def extra(app: Sphinx) -> Path:
    """The folder of what goes into the site as it is."""
    return Path(app.srcdir) / "extra"


def listed(app: Sphinx, name: str) -> list[str]:
    """A list that was made with the tree."""
    return json.loads((Path(app.srcdir) / f"{name}.json").read_text(encoding="utf-8"))


def view_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The pages of code, all of them in the English site."""
    if app.config.language != "en":
        return
    for name in listed(app, "code"):
        path = ROOT / name
        page = code_page(path)
        body = listing(path, page) if path.is_dir() else shown(path)
        title = html.escape(name)
        yield page, {"title": title, "body": f"<h1>{title}</h1>\n{body}"}, "page.html"


def shown(path: Path) -> str:
    """Return a file with its lines numbered, each a place that a link may name."""
    text = path.read_text(encoding="utf-8")
    try:
        lexer = get_lexer_for_filename(path.name)
    except ClassNotFound:
        lexer = TextLexer()
    return highlight(text, lexer, HtmlFormatter(linenos="inline", linespans="L", wrapcode=True))


CODE = re.compile(r"`+([^`]+)`+")


def listing(folder: Path, page: str) -> str:
    """Return the files of a folder, each with the idea that its module begins with."""
    rows = []
    for path in sorted(folder.glob("*.py")):
        idea = html.escape((module_docstring(path) or " ").splitlines()[0])
        idea = CODE.sub(r"<code>\1</code>", idea)
        link = f"{up(page)}{code_page(path)}.html"
        rows.append(
            f'<tr><td><a href="{link}"><code>{path.name}</code></a></td><td>{idea}</td></tr>'
        )
    return f'<table class="table">{"".join(rows)}</table>'


def module_docstring(path: Path) -> str:
    """Return the docstring of a file without importing it."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def source_line(fullname: str, module: str) -> tuple[Path, int] | None:
    """Return where a name of the reference is written."""
    thing: Any = sys.modules[module]
    for part in fullname.split("."):
        thing = inspect.getattr_static(thing, part, None) or getattr(thing, part, None)
    thing = getattr(thing, "fget", None) or getattr(thing, "func", None) or thing
    try:
        thing = inspect.unwrap(getattr(thing, "__func__", thing))
        path, (_, line) = Path(inspect.getfile(thing)), inspect.getsourcelines(thing)
    except (TypeError, OSError):
        return None
    return (path, line) if path.is_relative_to(ROOT) else None


def linkcode_resolve(domain: str, info: dict[str, str]) -> str | None:
    """Return where the link [source] of an entry leads, from a page in api/, as all are."""
    found = source_line(info["fullname"], info["module"])
    return found and f"../../en/{code_page(found[0])}.html#L-{found[1]}"


# ---------------------------------------------------------------------- formulas
def visit_math(self: Any, node: Any) -> None:
    """Write a formula as MathML, which browsers show by themselves."""
    block = isinstance(node, nodes.math_block)
    self.body.append(f"{tex2mathml(node.astext(), as_block=block)}")
    raise nodes.SkipNode


# ---------------------------------------------------------------------- search
class Japanese(SearchJapanese):
    """Japanese, of which a query is cut into the words that the index has.

    The text is cut into words when the index is made; a query has no spaces between its words.
    """

    js_splitter_code = (Path(__file__).parent / "static" / "query.js").read_text(encoding="utf-8")

    def split(self, input: str) -> list[str]:
        """Cut into words what is Japanese; a name such as `most_similar` stays whole."""
        runs = re.findall(r"[A-Za-z0-9_]+|[^A-Za-z0-9_\s]+", input)
        cut = (([run] if run.isascii() else super(Japanese, self).split(run)) for run in runs)
        return [word for words in cut for word in words]

    def stem(self, word: str) -> str:
        return word.lower()


# ---------------------------------------------------------------------- both languages
NAMES = {"en": "English", "ja": "日本語"}


def switch(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Tell the template where the page stands in the other language, or else the front page.

    The theme's button to hide the contents has no Japanese, and is left out.
    """
    bars = context.get("sidebars") or []
    context["sidebars"] = [bar for bar in bars if not bar.startswith("sidebar-collapse")]
    here = app.config.language
    there = "en" if here == "ja" else "ja"
    target = page if page in listed(app, "pages") else "index"
    context["other_language"] = there
    context["other_language_name"] = NAMES[there]
    context["other_language_page"] = f"{up(page)}../{there}/{target}.html"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register all of it."""
    app.add_transform(LinkedNames)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math, None))
    app.add_search_language(Japanese)
    app.connect("config-inited", lambda app, config: config.html_extra_path.append(str(extra(app))))
    app.connect("autodoc-process-signature", signature)
    app.connect("missing-reference", written_inside)
    app.connect("html-collect-pages", view_pages)
    app.connect("html-page-context", switch)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
