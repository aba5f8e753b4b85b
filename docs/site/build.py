"""Builds the site in both languages, and checks it: python docs/site/build.py

It stands in build/site then, and works from a disk as from a server. Warnings are errors.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import checking
import reference
from extension import source_line
from live import LIVE
from staging import LANGUAGES, ROOT, Language, Tree, put

HERE = Path(__file__).resolve().parent
FRONT = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>tinygrad_w2v</title>
<script>location.replace(navigator.language.startsWith("ja") ? "ja/index.html" : "en/index.html")</script>
<p><a href="en/index.html">English</a> · <a href="ja/index.html" lang="ja">日本語</a></p>
</html>
"""


def stage(folder: Path) -> None:
    """Write what Sphinx reads: a tree for each language, and lists of what each has."""
    trees = {language: Tree(language, LIVE) for language in LANGUAGES}
    for language, tree in trees.items():
        tree.write(folder / language)
        reference.write(folder / language, language)
    code = set().union(*(tree.code for tree in trees.values())) | described_code()
    for language in LANGUAGES:
        other = folder / ("en" if language == "ja" else "ja")
        pages = [
            path.relative_to(other).with_suffix("").as_posix()
            for suffix in ("md", "rst")
            for path in other.rglob(f"*.{suffix}")
        ]
        put(folder / language / "pages.json", json.dumps(sorted(pages)))
        put(folder / language / "code.json", json.dumps(sorted(code)))


def described_code() -> set[str]:
    """The files in which the names of the reference are written."""
    found = set()
    for entry in reference.entries():
        names = [entry.name]
        if reference.has_page(entry):
            names += [f"{entry.name}.{name}" for name in reference.members(entry.thing)]
        places = (source_line(name, entry.group.module) for name in names)
        found |= {place[0].relative_to(ROOT).as_posix() for place in places if place}
    return found


def sphinx(language: Language, source: Path, output: Path, doctrees: Path) -> subprocess.Popen[bytes]:
    """Start Sphinx on a tree."""
    options = ["-b", "html", "-W", "--keep-going", "-n", "-q", "-t", language]
    paths = ["-c", str(HERE), "-d", str(doctrees), str(source), str(output)]
    return subprocess.Popen([sys.executable, "-m", "sphinx", *options, *paths])


def main() -> None:
    """Build, check, and say where it stands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--outside", action="store_true", help="list the links to the web")
    given = parser.parse_args()
    shutil.rmtree(given.output, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        stage(Path(folder))
        runs = [
            sphinx(language, Path(folder, language), given.output / language, Path(folder, "d" + language))
            for language in LANGUAGES
        ]
        if any([run.wait() for run in runs]):
            raise SystemExit("the site has warnings")
    put(given.output / "index.html", FRONT)
    found = list(checking.faults(given.output))
    if found:
        raise SystemExit("\n".join(found))
    if given.outside:
        print("\n".join(sorted(checking.outside(given.output))))  # noqa: T201
    print(f"the site: {given.output / 'index.html'}")  # noqa: T201


if __name__ == "__main__":
    main()
