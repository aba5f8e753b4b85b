"""PNG with characters that the layout engine's own font lacks."""

import struct
import sys
import zlib

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v.drawing.layout import fonts, raster, render

PNG = b"\x89PNG\r\n\x1a\n"

pytestmark = pytest.mark.render


@pytest.fixture(autouse=True)
def wheel_alone(monkeypatch):
    """Graphviz's own `dot` takes the fonts of the system by itself."""
    found = [engine for engine in render.engines() if engine.name == "graphviz-pure"]
    assert found, "graphviz-pure is a dependency"
    monkeypatch.setattr(render, "engines", lambda: found)


@pytest.fixture
def only(monkeypatch):
    """Leave the fonts whose names hold a word; DejaVu, for one, comes with matplotlib."""

    def leave(word):
        left = [entry for entry in fonts._files() if word in entry[0]]
        monkeypatch.setattr(fonts, "_files", lambda: iter(left))
        fonts._installed.cache_clear()
        fonts.coverage.cache_clear()

    yield leave
    monkeypatch.undo()
    fonts._installed.cache_clear()
    fonts.coverage.cache_clear()


def named(name):
    x = tw.Variable(np.ones((1, 2)), name=name)
    y = x * x
    y.name = "y"
    return tw.graph(y)


def pixels(png):
    """Width, height, and the bytes of the rows."""
    assert png.startswith(PNG)
    width, height = struct.unpack(">II", png[16:24])
    place, data = 8, b""
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += length + 12
    return width, height, zlib.decompress(data)


@pytest.mark.parametrize("pair", ["単語", "가나"], ids=["Japanese", "Korean"])
def test_characters_look_like_themselves(pair, only):
    one, other = (pixels(named(character).png()) for character in pair)
    assert one[:2] == other[:2]
    assert one[2] != other[2]
    only("DejaVu")
    with pytest.warns(UserWarning, match=f"no installed font has {pair[0]}; .*fonts-noto-cjk"):
        box = pixels(named(pair[0]).png())
    with pytest.warns(UserWarning, match=f"no installed font has {pair[1]}"):
        assert pixels(named(pair[1]).png()) == box
    assert box[2] != one[2]


def test_the_warning_points_at_the_users_line_and_is_one(only):
    only("DejaVu")
    x = tw.Variable([1.0], name="入力")
    y = x * x
    y.name = "損失"
    with pytest.warns(UserWarning, match="入力失損") as seen:
        tw.graph(y, backward=True).png()
    assert len(seen) == 1
    assert seen[0].filename == __file__


def test_without_the_extra_boxes_are_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.warns(UserWarning, match=r"lacks 2 .*入力.*tinygrad_w2v\[png\]") as seen:
        assert named("入力").png().startswith(PNG)
    assert len(seen) == 1


def test_what_the_engines_own_font_has_needs_no_other(monkeypatch):
    monkeypatch.setattr(raster, "rasterised", lambda svg: [].pop())
    assert named("dL/dw é Ω ш ∂ שלום").png().startswith(PNG)


def test_a_path_or_docstring_with_japanese_is_not_in_the_picture():
    """Only what is written in it counts, not its tooltips."""
    x = tw.Variable([1.0], name="x")
    double = eval(compile("lambda x: x + x", "/家/手本.py", "eval"))
    graph = tw.graph(double(x))
    assert "家" not in graph._diagram.words


def test_arabic_is_joined_and_emoji_are_drawn(only):
    only("DejaVu")
    joined, apart = (pixels(named(name).png()) for name in ("بب", "ب\u200cب"))
    assert joined != apart
    assert pixels(named("😀").png()) != pixels(named("😁").png())


def test_joiners_join_in_a_name():
    assert "می\u200cخواهم" in named("می\u200cخواهم").svg()
    assert "a\\u202eb" in named("a\u202eb").svg()


def test_what_has_no_font_names_its_script(only):
    only("DejaVu")
    with pytest.warns(UserWarning, match=r"no installed font has 𐎠; install Noto Sans for Old"):
        named("𐎠").png()


def test_long_pictures_are_bounded():
    x = tw.Variable([1.0], name="語")
    for _ in range(150):
        x = x * 1.5
    width, height, _ = pixels(tw.graph(x).png())
    assert max(width, height) <= render.LARGEST_PNG * render.DOTS_PER_INCH


def test_frames_have_room_for_wide_names():
    class 単語埋め込みの平均を求める長い名前のモジュール(tw.Module):
        def forward(self, x):
            return x * 2.0

    svg = tw.graph(
        単語埋め込みの平均を求める長い名前のモジュール()(tw.Variable([1.0], name="x"))
    ).svg()
    width = float(svg.partition('viewBox="')[2].split()[2])
    assert width > 24 * 11  # characters, each as wide as it is high
