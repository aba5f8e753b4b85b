"""Which fonts are taken."""

import pytest

from tinygrad_w2v.drawing.layout import fonts
from tinygrad_w2v.drawing.layout.fonts import advice, coverage, visible


@pytest.fixture
def installed(monkeypatch):
    """Families with the characters that they are said to have."""

    def install(**characters):
        names = {name: name.replace("_", " ") for name in characters}
        monkeypatch.setattr(
            fonts,
            "_files",
            lambda: ((names[n], n, 400, True, "Color" in n) for n in characters),
        )
        monkeypatch.setattr(
            fonts, "characters_in", lambda path, wanted: frozenset(characters[path]) & wanted
        )
        fonts._installed.cache_clear()
        coverage.cache_clear()

    yield install
    monkeypatch.undo()
    fonts._installed.cache_clear()
    coverage.cache_clear()


def names(found):
    return [family.name for family in found.families]


def test_the_preferred_fonts_that_are_needed_are_taken(installed):
    installed(Aaa="損失loss", IPAGothic="損失los", Noto_Sans_CJK_JP="損失los", Arial="los")
    assert names(coverage(visible("loss"))) == ["Arial"]
    assert names(coverage(visible("loss 損失"))) == ["Arial", "Noto Sans CJK JP"]
    assert coverage(visible("loss 損失")).family_of("loss 損失").name == "Noto Sans CJK JP"
    assert coverage(visible("loss 損失")).family_of("los").name == "Arial"
    assert coverage(visible("loss 損失")).family_of("๛") is None


def test_a_font_with_serifs_is_the_last_choice(installed):
    installed(A_Serif="損", B_Mincho="損", C="損")
    assert names(coverage(frozenset("損"))) == ["C"]


def test_fonts_of_boxes_are_not_taken(installed):
    installed(Last_Resort_High_Efficiency="損", cmr10="損", STIXNonUnicode="損")
    assert coverage(frozenset("損")) == ((), frozenset("損"))


def test_coloured_emoji_do_not_write_the_digits_beside_them(installed):
    installed(Arial="1", Noto_Color_Emoji="1😀")
    found = coverage(frozenset("1😀"))
    assert found.family_of("1😀").name == "Arial"
    assert found.family_of("😀").name == "Noto Color Emoji"
    assert coverage(frozenset("1😀"), coloured=False).missing == {"😀"}


def test_a_file_that_is_no_font_has_no_characters(tmp_path):
    (tmp_path / "bad.ttf").write_bytes(b"no font")
    assert fonts.characters_in(str(tmp_path / "bad.ttf"), "a") == frozenset()
    assert fonts.characters_in(str(tmp_path / "none.ttf"), "a") == frozenset()


def test_the_advice_names_each_kind_of_font_once():
    assert (
        advice("損失")
        == "no installed font has 失損; install Noto Sans CJK (Debian: fonts-noto-cjk)"
    )
    assert "Noto Sans for Thai (Debian: fonts-noto-core)" in advice("ดี")
    assert "Noto Color Emoji" in advice("😀")
    assert "Symbola" in advice("😀", coloured=False)
    assert "Noto Sans Math" in advice("𝐱")
    both = advice("損ด失")
    assert both.count("Noto Sans CJK") == 1
    assert " and " in both
    assert "(40 characters)" in advice("".join(map(chr, range(0x4E00, 0x4E28))))
