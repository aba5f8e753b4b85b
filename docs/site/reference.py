"""The API reference: which public names there are, in which group each is, and the pages of these.

Names come from ``__all__`` of the live package, groups from the tables here. A public name without
a group is refused. Sphinx reads the docstrings; what is written here only says where each goes.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import tinygrad_w2v as tw
from staging import Language, put


class Group(NamedTuple):
    """A page of the reference: its name, its title, and its names, of one module."""

    page: str
    title: dict[Language, str]
    module: str
    names: tuple[str, ...]


Title = dict[Language, str]
# What stands in `tinygrad_w2v` itself.
NAMES: dict[str, tuple[Title, tuple[str, ...]]] = {
    "graph": (
        {"en": "The graph", "ja": "計算グラフ"},
        ("Variable", "Function", "RowGrad", "no_grad", "debug", "graph"),
    ),
    "derivatives": (
        {"en": "Derivatives of functions", "ja": "関数の微分"},
        ("grad", "value_and_grad", "vjp", "jvp", "jacobian", "hessian", "hvp"),
    ),
    "checks": ({"en": "Checks", "ja": "確認"}, ("check_grads", "check_compiled")),
    "models": (
        {"en": "Models and training", "ja": "モデルと学習"},
        (
            *("Module", "Parameter", "CBOW", "SkipGram", "Trainer"),
            *("fit", "History", "KeyedGenerator", "compile"),
        ),
    ),
    "word-vectors": (
        {"en": "Word vectors", "ja": "単語ベクトル"},
        (
            *("Word2Vec", "FastText", "WordVectors", "KeyedVectors"),
            *("LineSentence", "PathLineSentences"),
        ),
    ),
    "documents-phrases": (
        {"en": "Documents and phrases", "ja": "文書とフレーズ"},
        (
            *("Doc2Vec", "TaggedDocument", "TaggedLineDocument"),
            *("Phrases", "FrozenPhrases", "Phraser", "ENGLISH_CONNECTOR_WORDS"),
        ),
    ),
    "errors": (
        {"en": "Errors and warnings", "ja": "エラーと警告"},
        ("CompileError", "GradientError", "EngineWarning", "GraphWarning", "LogitsWarning"),
    ),
}
# Modules of `tinygrad_w2v` of which all names make one page.
MODULES: dict[str, Title] = {
    "nn": {"en": "Layers: tw.nn", "ja": "レイヤ: tw.nn"},
    "optim": {"en": "Optimizers: tw.optim", "ja": "オプティマイザ: tw.optim"},
    "examples": {"en": "Sources of examples: tw.examples", "ja": "学習データ: tw.examples"},
    "text": {"en": "Text: tw.text", "ja": "テキスト: tw.text"},
    "sklearn": {"en": "scikit-learn: tw.sklearn", "ja": "scikit-learn: tw.sklearn"},
    "counting": {"en": "Counting: tw.counting", "ja": "カウントベース: tw.counting"},
}
# Families of `tinygrad_w2v.functions`, by the modules that they are written in.
FAMILIES: dict[str, tuple[Title, tuple[str, ...]]] = {
    "functions-elementwise": (
        {"en": "F: elementwise", "ja": "F: 要素ごとの関数"},
        (
            *("arithmetic", "elementwise", "trigonometry", "hyperbolic"),
            *("remainders", "selection", "casting"),
        ),
    ),
    "functions-reductions": (
        {"en": "F: reductions and sorting", "ja": "F: 集約と並べ替え"},
        ("reductions", "statistics", "running", "sorting"),
    ),
    "functions-products": ({"en": "F: products", "ja": "F: 積"}, ("products", "contractions")),
    "functions-shape": (
        {"en": "F: shape and rows", "ja": "F: 形状と行"},
        ("shape", "joining", "rearranging", "diagonals", "lookup", "segments"),
    ),
    "functions-models": (
        {"en": "F: parts of models", "ja": "F: モデルの部品"},
        ("activations", "probabilities", "losses", "norms", "recurrence"),
    ),
}
RULES = ":py:meth:`VocabularyRules.kept <tinygrad_w2v.text.VocabularyRules.kept>`"
CONSTANTS: dict[str, Title] = {
    "ENGLISH_CONNECTOR_WORDS": {
        "en": "Words such as *of* and *the*, which :py:class:`Phrases <tinygrad_w2v.Phrases>` may "
        "join others by.",
        "ja": "*of* や *the* など、:py:class:`Phrases <tinygrad_w2v.Phrases>` "
        "がほかの単語の間に入れてつなげる単語。",
    },
    "RULE_DEFAULT": {
        "en": f"A ``trim_rule`` leaves the word to ``min_count``, as in {RULES}.",
        "ja": f"``trim_rule`` の戻り値: ``min_count`` に従う。例は {RULES}。",
    },
    "RULE_DISCARD": {
        "en": f"A ``trim_rule`` drops the word, as in {RULES}.",
        "ja": f"``trim_rule`` の戻り値: その単語を除く。例は {RULES}。",
    },
    "RULE_KEEP": {
        "en": f"A ``trim_rule`` keeps the word whatever its count, as in {RULES}.",
        "ja": f"``trim_rule`` の戻り値: 出現回数によらず残す。例は {RULES}。",
    },
}
# Methods that the engines call, and nobody else.
INNER = {
    *("over_variables", "parameters_shown"),
    *("rules", "rule_of", "checked_mask", "update_within", "names_of_numbers", "take_numbers"),
    *("share", "shares", "sharing", "from_mapped", "take", "settings", "engine_options"),
    *("check_context", "check_window", "kept_words", "over", "locked"),
}
WORDS: dict[str, Title] = {
    "title": {"en": "API reference", "ja": "API リファレンス"},
    "intro": {
        "en": "Every public name, with an example that the tests run. "
        "``import tinygrad_w2v as tw`` and "
        "``import tinygrad_w2v.functions as F`` stand before each.",
        "ja": "公開されているすべての名前です。それぞれに、テストで実行される例が付いています。"
        "どの例も ``import tinygrad_w2v as tw`` と ``import tinygrad_w2v.functions as F`` "
        "を前提とします。docstring は英語です。",
    },
    "methods": {"en": "Methods", "ja": "メソッド"},
    "inherits": {"en": "It has what {0} has, too.", "ja": "{0} のメソッドも使えます。"},
    "here too": {"en": "Here, too: {0}.", "ja": "ここからも使える名前: {0}。"},
}


@functools.cache
def groups() -> tuple[Group, ...]:
    """All groups, with every public name in one of them."""
    return (*_of_the_package(), *_of_functions(), *_of_modules())


def _of_the_package() -> Iterator[Group]:
    modules = {name for name in tw.__all__ if isinstance(getattr(tw, name), ModuleType)}
    left = set(tw.__all__) - modules - {"__version__"}
    for page, (title, names) in NAMES.items():
        yield Group(page, title, "tinygrad_w2v", names)
        left -= {*names}
    _refuse(left, "NAMES")
    _refuse(modules - {*MODULES, "functions"}, "MODULES")


def _of_functions() -> Iterator[Group]:
    left = set(tw.functions.__all__)
    for page, (title, families) in FAMILIES.items():
        names = tuple(
            name
            for name in sorted(tw.functions.__all__)
            if getattr(tw.functions, name).__module__.rpartition(".")[2] in families
        )
        yield Group(page, title, "tinygrad_w2v.functions", names)
        left -= {*names}
    _refuse(left, "FAMILIES")


def _of_modules() -> Iterator[Group]:
    for name, title in MODULES.items():
        module = getattr(tw, name)
        yield Group(name, title, f"tinygrad_w2v.{name}", tuple(module.__all__))


def _refuse(names: set[str], table: str) -> None:
    if names:
        raise LookupError(f"docs/site/reference.py: {table} has no place for {sorted(names)}")


# ---------------------------------------------------------------------- entries
class Entry(NamedTuple):
    """A public name and what it is; `of` is the first name of the same thing, its own mostly."""

    group: Group
    name: str
    thing: Any
    of: str

    @property
    def path(self) -> str:
        """The whole name."""
        return f"{self.group.module}.{self.name}"


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Every public name, once; a class that has two is described under its first."""
    found: list[Entry] = []
    first: dict[int, str] = {}
    for group in groups():
        module = import_module(group.module)
        for name in group.names:
            thing = getattr(module, name)
            path = f"{group.module}.{name}"
            of = first.setdefault(id(thing), path) if callable(thing) else path
            found.append(Entry(group, name, thing, of))
    return tuple(found)


def members(thing: type) -> list[str]:
    """The described methods and properties of a class, but for those of its public bases."""
    elsewhere = {owner for base in bases(thing) for owner in base.thing.__mro__}
    found: dict[str, None] = {}
    for owner in reversed(thing.__mro__):
        if owner.__module__.startswith("tinygrad_w2v") and owner not in elsewhere:
            found |= {name: None for name in vars(owner) if _is_described(owner, name)}
    return [*found]


def _is_described(owner: type, name: str) -> bool:
    member = inspect.getattr_static(owner, name)
    kinds = (staticmethod, classmethod, property, functools.cached_property)
    # A field of a NamedTuple, and a method of a protocol's own, are none.
    described = inspect.isfunction(member) or isinstance(member, kinds)
    shown = not name.startswith("_") and name not in INNER
    return described and shown and bool(member.__doc__)


def bases(thing: type) -> list[Entry]:
    """The public classes of which `thing` is one, but for itself."""
    classes = thing.__mro__[1:]
    return [entry for entry in entries() if entry.thing in classes and entry.path == entry.of]


def example(thing: Any) -> str:
    """Return the lines of code in the docstring of `thing`, its own docstring alone."""
    text = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    return "\n".join(re.findall(r"^\s*(?:>>>|\.\.\.) (.*)$", text, flags=re.M))


# ---------------------------------------------------------------------- pages
def write(folder: Path, language: Language) -> None:
    """Write the pages of the reference into the folder of a tree."""
    put(folder / "api" / "index.rst", _index(language))
    for group in groups():
        put(folder / "api" / f"{group.page}.rst", _page(group, language))
        for entry in entries():
            if entry.group is group and has_page(entry):
                put(folder / "api" / f"{entry.name}.rst", _class_page(entry, language))


def has_page(entry: Entry) -> bool:
    """Whether a name has a page of its own: a class that is no error and no other name's."""
    return (
        inspect.isclass(entry.thing)
        and entry.path == entry.of
        and not issubclass(entry.thing, Exception)
    )


def _index(language: Language) -> str:
    parts = [_heading(WORDS["title"][language]), WORDS["intro"][language], ""]
    for group in groups():
        links = [_link(entry) for entry in entries() if entry.group is group]
        parts += [f":doc:`{group.page}`", f"   {' · '.join(links)}", ""]
    return "\n".join([*parts, _contents([group.page for group in groups()])])


def _page(group: Group, language: Language) -> str:
    here = [entry for entry in entries() if entry.group is group]
    own = [entry for entry in here if entry.path == entry.of]
    parts = [
        _heading(group.title[language]),
        f".. currentmodule:: {group.module}\n",
        _table([entry.name for entry in own if callable(entry.thing)]),
    ]
    elsewhere = [entry for entry in here if entry.path != entry.of]
    if elsewhere:
        links = ", ".join(f"{_link(entry)} (= ``{entry.of}``)" for entry in elsewhere)
        parts.append(WORDS["here too"][language].format(links) + "\n")
    for entry in own:
        if not callable(entry.thing):
            parts.append(_constant(entry, language))
        elif not has_page(entry):
            kind = "autoexception" if inspect.isclass(entry.thing) else "autofunction"
            parts.append(f".. {kind}:: {entry.name}\n")
    return "\n".join([*parts, _contents([entry.name for entry in own if has_page(entry)])])


def _constant(entry: Entry, language: Language) -> str:
    if entry.name not in CONSTANTS:
        _refuse({entry.name}, "CONSTANTS")
    value = f"   :value: {entry.thing!r}\n" if len(repr(entry.thing)) < 60 else ""
    return f".. py:data:: {entry.name}\n{value}\n   {CONSTANTS[entry.name][language]}\n"


def _class_page(entry: Entry, language: Language) -> str:
    names = members(entry.thing)
    parts = [
        _heading(entry.name),
        f".. currentmodule:: {entry.group.module}\n",
        f".. autoclass:: {entry.name}",
    ]
    if names:
        parts += [f"   :members: {', '.join(names)}", "   :member-order: bysource"]
    above = bases(entry.thing)
    if above:
        links = ", ".join(f":class:`~{base.path}`" for base in above)
        parts += ["", f"   {WORDS['inherits'][language].format(links)}"]
    if names:
        table = _table([f"{entry.name}.{name}" for name in names])
        parts += ["", f"   .. rubric:: {WORDS['methods'][language]}", "", _indented(table)]
    return "\n".join([*parts, ""])


def _heading(text: str) -> str:
    return f"{text}\n{'=' * 2 * len(text)}\n"


def _link(entry: Entry) -> str:
    return f":py:obj:`{entry.name} <{entry.of}>`"


def _table(names: list[str]) -> str:
    if not names:
        return ""
    return ".. autosummary::\n   :nosignatures:\n\n" + "".join(f"   ~{name}\n" for name in names)


def _contents(pages: list[str]) -> str:
    if not pages:
        return ""
    return ".. toctree::\n   :hidden:\n\n" + "".join(f"   {page}\n" for page in pages)


def _indented(text: str) -> str:
    return "".join(f"   {line}\n" if line else "\n" for line in text.splitlines())
