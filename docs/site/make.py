"""Builds the site in both languages, and checks it: python docs/site/make.py

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

HERE = Path(__file__).resolve().parent
# The package of this checkout is described, whichever is installed.
sys.path.insert(0, str(HERE.parents[1]))

import checking  # noqa: E402
import reference  # noqa: E402
from extension import source_line  # noqa: E402
from live import LIVE  # noqa: E402
from staging import LANGUAGES, ROOT, Language, Tree, put  # noqa: E402

FRONT = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>tinygrad_w2v</title>
<script>
location.replace(`${navigator.language.startsWith("ja") ? "ja" : "en"}/index.html`);
</script>
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


def sphinx(language: Language, folder: Path, output: Path) -> subprocess.Popen[bytes]:
    """Start Sphinx on the tree of a language."""
    options = ["-b", "html", "-W", "--keep-going", "-n", "-q", "-t", language]
    kept = folder / f"doctrees-{language}"
    paths = ["-c", str(HERE), "-d", str(kept), str(folder / language), str(output / language)]
    return subprocess.Popen([sys.executable, "-m", "sphinx", *options, *paths])


def clear(output: Path) -> None:
    """Remove a site that was built here before; anything else is left alone."""
    if output.exists() and any(output.iterdir()):
        if not (output / "en" / "searchindex.js").exists():
            raise SystemExit(f"{output} holds something else than the site; give another --output")
        shutil.rmtree(output)


def main() -> None:
    """Build, check, and say where it stands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--outside", action="store_true", help="list the links to the web")
    given = parser.parse_args()
    clear(given.output)
    with tempfile.TemporaryDirectory() as folder:
        stage(Path(folder))
        runs = [sphinx(language, Path(folder), given.output) for language in LANGUAGES]
        ends = [run.wait() for run in runs]
        if any(ends):
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
