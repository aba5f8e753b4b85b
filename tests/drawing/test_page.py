"""The page is made of files of the package; it is the page that it was as one string."""

import configparser
import hashlib
from pathlib import Path

from tinygrad_w2v.drawing import page
from tinygrad_w2v.drawing.page import page_of

ROOT = Path(__file__).parents[2]


def test_the_parts_make_the_whole():
    kinds = {(kind, backward) for kind, backward, _ in page._LEGEND}
    made = page_of("Graph of <y>", "<svg viewBox='0 0 1 1'></svg>\n", "a < b\n", kinds)
    digest = hashlib.sha256(made.encode()).hexdigest()
    assert digest == "731d15095b7b8eef874cefd9a0a71c8af9517e32aa5e885b9cacfc37be6bf706"


def test_an_installed_package_has_them():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    assert setup["options.package_data"]["tinygrad_w2v.drawing"] == "pages/*"
    names = {path.name for path in Path(page.__file__).with_name("pages").iterdir()}
    assert names == {"graph.html", "graph.css", "graph.js"}
