"""Every Python block of the README and the docs is run, and what it prints is compared.

A page is one program: its blocks share a namespace, in a folder of their own. A block that begins
with ``>>>`` is a doctest. A ``text`` block right after a Python block is what that block prints
(``...`` stands for anything). A block after ``<!-- not run: reason -->`` is left out.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import itertools
import re
import runpy
import shlex
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._cli.parsing import Parser
from tinygrad_w2v.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "CONTRIBUTING.md",
    *(page for folder in (ROOT, ROOT / "examples") for page in sorted(folder.glob("README*.md"))),
    *sorted((ROOT / "docs").rglob("*.md")),
]
WITH_CODE = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]

NEEDS = {"compiler.md": "numba"}  # pages about what is an extra

NOT_RUN = re.compile(r"<!-- not run: \S.*-->\s*$")
OUTPUT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """A fenced block: its language, its text, the line of its first line, and what stands above."""

    language: str
    text: str
    line: int
    above: str
    gap: str  # what stands between the block before and this one


def blocks(page: Path) -> list[Block]:
    lines = page.read_text(encoding="utf-8").splitlines()
    found: list[Block] = []
    above, start, last = "", None, 0
    for number, line in enumerate(lines):
        if start is None and line.startswith("```"):
            start = number
        elif start is not None and line.rstrip() == "```":
            text = "".join(part + "\n" for part in lines[start + 1 : number])
            gap = "\n".join(lines[last:start])
            found.append(Block(lines[start][3:].strip(), text, start + 2, above, gap))
            start, last, above = None, number + 1, ""
        elif start is None and line.strip():
            above = line
    assert start is None, f"{page.name}:{start + 1}: the block is not closed" if start else ""
    return found


def programs(page: Path) -> Iterator[tuple[Block, str | None]]:
    """The Python blocks that are run, each with the text that it must print."""
    found: list[Block | None] = [*blocks(page), None]
    for block, following in itertools.pairwise(found):
        assert block is not None
        if block.language == "python" and not NOT_RUN.search(block.above):
            shown = following is not None and following.language == "text"
            if shown and not following.gap.strip():
                yield block, following.text
            else:
                yield block, None


def run_doctest(page: Path, block: Block, namespace: dict[str, object]) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, {}, page.name, str(page), block.line - 1)
    test.globs = namespace
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=OUTPUT, verbose=False)
    runner.run(test, out=report.write, clear_globs=False)
    assert not runner.failures, report.getvalue()


def run_program(
    page: Path, block: Block, expected: str | None, namespace: dict[str, object]
) -> None:
    # Empty lines before it, so that a traceback names the line of the page.
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)
    if expected is not None:
        checker = doctest.OutputChecker()
        got = printed.getvalue()
        assert checker.check_output(expected, got, OUTPUT), (
            f"{page.name}:{block.line} prints\n{got}\nand the page says\n{expected}"
        )


@pytest.mark.example
@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page.name in NEEDS:
        pytest.importorskip(NEEDS[page.name])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr(sys, "argv", [page.name])
    namespace: dict[str, object] = {"__name__": "page"}
    with np.errstate(all="warn"), np.printoptions():
        for block, expected in programs(page):
            if block.text.lstrip().startswith(">>>"):
                assert expected is None, f"{page.name}:{block.line}: a doctest has its own output"
                run_doctest(page, block, namespace)
            else:
                run_program(page, block, expected, namespace)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_block_is_left_out_only_for_a_reason(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count("<!-- not run") == len(re.findall(r"^<!-- not run: \S.*-->$", text, re.M))
    known = {"python", "text", "sh", "console", "toml", "bibtex"}
    assert {block.language for block in blocks(page)} <= known


# ---------------------------------------------------------------------- both languages
def english_of(page: Path) -> Path:
    """The English page of a Japanese one: beside `x.ja.md` stands `x.en.md` or `x.md`."""
    name = page.name.removesuffix(".ja.md")
    (english,) = (
        path
        for path in (page.with_name(f"{name}.en.md"), page.with_name(f"{name}.md"))
        if path.exists()
    )
    return english


JAPANESE = {page: english_of(page) for page in PAGES if page.name.endswith(".ja.md")}
ENGLISH = {english: page for page, english in JAPANESE.items()}


def code_alone(block: Block) -> list[str]:
    """The tokens of a block without its comments, so that they may be translated."""
    source = block.text
    if source.lstrip().startswith(">>>"):
        examples = doctest.DocTestParser().get_examples(source)
        outputs = [example.want for example in examples]
        source = "".join(example.source for example in examples)
    else:
        outputs = []
    left_out = {tokenize.COMMENT, tokenize.NL}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type not in left_out] + outputs


@pytest.mark.parametrize("page", JAPANESE, ids=lambda page: str(page.relative_to(ROOT)))
def test_both_languages_show_the_same_code(page: Path) -> None:
    for block, english in zip(blocks(page), blocks(JAPANESE[page]), strict=True):
        where = f"{page.name}:{block.line}"
        assert block.language == english.language, where
        if block.language == "python":
            assert code_alone(block) == code_alone(english), where
        else:
            assert block.text == english.text, where


def test_there_are_pages_in_both_languages() -> None:
    assert {page.name for page in JAPANESE} >= {
        "tutorial.ja.md",
        "tutorial-hand-written.ja.md",
        "counting-and-inference.ja.md",
        "maths.ja.md",
    }


def paragraphs(page: Path) -> str:
    """What is read: the page without its blocks of code."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S)


@pytest.mark.parametrize("page", JAPANESE, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_in_two_languages_link_to_each_other_at_the_top(page: Path) -> None:
    for here, there in ((page, JAPANESE[page]), (JAPANESE[page], page)):
        top = paragraphs(here).partition("\n## ")[0]
        assert f"]({there.name})" in top, f"{here.name} does not begin with a link to {there.name}"


@pytest.mark.parametrize("page", JAPANESE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_japanese_page_says_which_links_lead_to_english(page: Path) -> None:
    for target, after in re.findall(r"\]\(([^)\s#]+\.md)[^)]*\)(.{0,5})", paragraphs(page)):
        linked = (page.parent / target).resolve()
        if linked == JAPANESE[page]:
            continue
        assert linked not in ENGLISH, f"{page.name}: {ENGLISH[linked].name} is there in Japanese"
        english = not linked.name.endswith(".ja.md")
        assert english == (after == " (英語)"), f"{page.name}: the link to {target}"


CONTINUED = re.compile(r"^(?![#|<!]| {4}).+\n {0,3}(?!\d+\. |[-*] )[^\s#|<!]", re.M)


@pytest.mark.parametrize("page", JAPANESE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_japanese_paragraph_is_one_line(page: Path) -> None:
    """Browsers show the end of a line as a space, and Japanese has none between its words."""
    broken = CONTINUED.search(paragraphs(page))
    assert not broken, f"{page.name}: {broken[0]}" if broken else ""


TRANSLATIONESE = (
    "自分の来歴",
    "演算子はどれも 1 つの関数",
    "いつもすること",
    "まわりについて語る",
    "同じ問いに現れる",
    "対数にマイナスを付け",
    "ほかの単語も聞いて",
    "(英語) に続きます",
    "それとともに移り",
    "出会った単語",
    "関数を再掲した",
    "隣の配列の dtype",
    "1 つの写し",
    "終わりのない行",
    "教師データの和",
)


@pytest.mark.parametrize("page", JAPANESE, ids=lambda page: str(page.relative_to(ROOT)))
def test_japanese_is_not_translated_word_by_word(page: Path) -> None:
    read = paragraphs(page)
    assert [words for words in TRANSLATIONESE if words in read] == []


# ---------------------------------------------------------------------- names and commands
NAME = re.compile(r"(?<![\w.])(tw|F)((?:\.[A-Za-z_]\w*)+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_name_exists(page: Path) -> None:
    for root, path in NAME.findall(page.read_text(encoding="utf-8")):
        found: object = {"tw": tw, "F": tw.functions}[root]
        for name in path.split(".")[1:]:
            assert hasattr(found, name), f"{page.name}: there is no {root}{path}"
            found = getattr(found, name)


def command_lines(page: Path) -> Iterator[list[str]]:
    """The arguments of each `tinygrad-w2v` in a shell block."""
    for block in blocks(page):
        if block.language == "sh":
            for command in re.split(r"\n|&&|\|", block.text):
                words = shlex.split(command)
                if words[:1] == ["tinygrad-w2v"]:
                    yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_are_understood(page: Path) -> None:
    for name, *options in command_lines(page):
        parser = Parser(prog=f"tinygrad-w2v {name}")
        _, add_options, _ = COMMANDS[name]
        add_options(parser)
        parser.parse_args(options)


def test_commands_are_found(tmp_path: Path) -> None:
    text = "```sh\npip install x && tinygrad-w2v train a\ncat b | tinygrad-w2v eval\n```\n"
    assert list(command_lines(write(tmp_path, text))) == [["train", "a"], ["eval"]]


# ---------------------------------------------------------------------- links
LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)\)|(?:src|href|srcset)=\"([^\"]+)\"")


def anchors(page: Path) -> set[str]:
    """The places that a link may name: GitHub's way of writing a heading as an anchor."""
    found = set()
    fenced = False
    for line in page.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        if not fenced and (heading := re.match(r"#+ +(.*)", line)):
            words = re.sub(r"[^\w\- ]", "", heading[1].replace("`", "").lower())
            found.add(words.strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(paragraphs(page)):
        target = link[0] or link[1]
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{page.name} links to {target}, which is not there"
        assert linked.is_relative_to(ROOT), f"{page.name} links out of the project: {target}"
        if anchor:
            assert anchor in anchors(linked), f"{page.name}: no heading for {target}"


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            target = (page.parent / (link[0] or link[1]).partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists():
                waiting.append(target)
    left = {str(page.relative_to(ROOT)) for page in set(PAGES) - reached}
    assert not left, f"no link leads to {left}"


# ---------------------------------------------------------------------- the tests of these tests
def write(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def test_a_wrong_output_is_found(tmp_path: Path) -> None:
    page = write(tmp_path, "```python\nprint(1)\n```\n\n```text\n2\n```\n")
    ((block, expected),) = programs(page)
    with pytest.raises(AssertionError, match=r"page\.md:2 prints\s+1"):
        run_program(page, block, expected, {})


def test_a_wrong_doctest_is_found(tmp_path: Path) -> None:
    page = write(tmp_path, "```python\n>>> 1 + 1\n3\n```\n")
    ((block, _),) = programs(page)
    with pytest.raises(AssertionError, match="Expected"):
        run_doctest(page, block, {})


def test_blocks_share_names_and_one_may_be_left_out(tmp_path: Path) -> None:
    page = write(
        tmp_path,
        "```python\nx = 1\n```\n<!-- not run: it would wait for you -->\n```python\ninput()\n```\n"
        "```python\nassert x == 1\n```\n",
    )
    assert [block.text for block, _ in programs(page)] == ["x = 1\n", "assert x == 1\n"]


def test_comments_alone_may_differ(tmp_path: Path) -> None:
    ours, theirs, other = (
        code_alone(Block("python", text, 1, "", ""))
        for text in ("x = 1  # one\n", "x = 1  # 一\n", "x = 2  # one\n")
    )
    assert ours == theirs != other


# ---------------------------------------------------------------------- pictures
def words_of(svg: str) -> list[str]:
    """What is written in a picture; where it stands is the layout engine's affair."""
    written = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    written += re.findall(r"<!-- (.*?) -->", svg)  # beside the outlines of a curve's letters
    lines_of_code = re.findall(r"<title>([^<]*\.py:\d+[^<]*)</title>", svg)
    return sorted(written + lines_of_code)


@pytest.mark.render
def test_the_pictures_are_up_to_date(tmp_path: Path) -> None:
    namespace = runpy.run_path(str(ROOT / "docs" / "images" / "make.py"))
    namespace["main"](tmp_path)
    drawn = sorted(tmp_path.iterdir())
    assert [path.name for path in drawn] == [
        "cbow-animated.ja.svg",
        "cbow-animated.svg",
        "cbow-backward.svg",
        "cbow-book.svg",
        "cbow-loss.ja.svg",
        "cbow-loss.svg",
        "cbow.svg",
        "skipgram-compiled.svg",
    ]
    for path in drawn:
        kept = ROOT / "docs" / "images" / path.name
        assert words_of(kept.read_text(encoding="utf-8")) == words_of(
            path.read_text(encoding="utf-8")
        ), f"draw {path.name} again: python docs/images/make.py"
