"""The page by keys alone, read aloud, in the dark, without motion; names are inert."""

import re

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [pytest.mark.browser, pytest.mark.render]

# Contrast of what is written with what is behind it, by the rule of WCAG 2.
CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const numbers = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
  const light = colour => {
    const linear = c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = colour.map(c => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    const node = element.closest(".node");
    if (node) return numbers(getComputedStyle(node.querySelector(".body")).fill);
    const layers = [];
    for (let at = element; at; at = at.parentElement)
      layers.unshift(numbers(getComputedStyle(at).backgroundColor));
    return layers.reduce((below, top) => [...over(top, below), 1], [255, 255, 255, 1]);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const said = child => child.nodeType === 3 && child.textContent.trim();
    const own = [...element.childNodes].some(said);
    const hidden = "script, style, dialog:not([open]), noscript, option";
    if (!own || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest(hidden)) continue;
    const style = getComputedStyle(element), svg = element.closest("svg");
    const text = numbers(svg ? style.fill : style.color), back = behind(element);
    const [a, b] = [light(over(text, back)), light(back)].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), element.outerHTML.slice(0, 120)]);
  }
  return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("position", [0, 3, 9, 40])
def test_everything_can_be_read(opened, cbow, theme, position):
    loss, _, labels = cbow
    screen = opened(
        tw.graph(loss, labels=labels).html(), color_scheme=theme, reduced_motion="reduce"
    )
    screen.choose("w_in")
    screen.press("ArrowRight", position)
    screen.page.wait_for_timeout(100)
    found = screen.page.evaluate(CONTRASTS)
    assert len(found) > 80
    assert [entry for entry in found if entry[0] < 4.5] == []


def test_the_theme_is_chosen_by_the_system_and_by_a_button(opened, z):
    screen = opened(tw.graph(z).html(), color_scheme="dark")
    root = screen.page.locator("html")
    assert root.get_attribute("data-theme") == "dark"
    screen.page.locator("#theme").click()
    assert root.get_attribute("data-theme") == "light"
    screen.press("d")
    assert root.get_attribute("data-theme") == "dark"


def test_by_keys_alone(opened, z):
    screen = opened(tw.graph(z).html())
    seen = set()
    for _ in range(60):
        screen.press("Tab")
        seen.add(
            screen.page.evaluate(
                "(e => e.id || e.getAttribute('aria-label'))(document.activeElement)"
            )
        )
    controls = {"skip", "query", "text", "theme", "ask", "larger", "smaller", "fit"}
    assert controls | {"play", "next", "last", "slider", "speed"} <= seen
    assert any(label and label.startswith("op add") for label in seen)
    assert any(label and label.startswith("x, variable") for label in seen)
    screen.page.locator("#skip").focus()
    screen.press("Enter")
    assert screen.page.evaluate("document.activeElement.id") == "next"
    screen.press("Enter")
    assert screen.position[0] == 1
    screen.press("End")
    assert screen.position == (5, 5)
    screen.press("Home")
    assert screen.position[0] == 0
    screen.press("?")
    assert screen.page.locator("#help").is_visible()
    screen.press("Escape")
    assert not screen.page.locator("#help").is_visible()
    screen.press("t")
    assert not screen.page.locator("#program").is_visible()


def test_the_slider_and_the_buttons(opened, z):
    screen = opened(tw.graph(z).html())
    for button, position in (("next", 1), ("last", 5), ("back", 4), ("first", 0)):
        screen.page.locator(f"#{button}").click()
        assert screen.position[0] == position
    slider = screen.page.locator("#slider")
    slider.focus()
    screen.press("ArrowRight", 2)
    assert screen.position[0] == 2
    assert slider.get_attribute("aria-valuetext") == "forward 2 of 2"
    screen.page.locator("#speed").select_option("4×")
    screen.page.locator("#play").click()
    expect(screen.page.locator("#count")).to_have_text("5 / 5")
    expect(screen.page.locator("#play")).to_have_text("play")


def test_what_is_said_aloud(opened, z):
    screen = opened(tw.graph(z).html())
    caption = screen.page.locator("#caption")
    assert caption.get_attribute("aria-live") == "polite"
    screen.press("ArrowRight")
    assert caption.inner_text() == "add computes h1."
    assert screen.label("h1") == "h1, intermediate value: 5"
    unnamed = screen.page.evaluate(
        """() => [...document.querySelectorAll("button, [role], input, select")].filter(
        e => e.checkVisibility() && !(e.getAttribute("aria-label") || e.textContent.trim())
        ).map(e => e.outerHTML)"""
    )
    assert unnamed == []


def test_without_motion_nothing_moves(opened, z):
    screen = opened(tw.graph(z).html(), reduced_motion="reduce")
    screen.press("ArrowRight", 4)
    moving = "document.getAnimations().filter(a => a.playState === 'running').length"
    assert screen.page.evaluate(moving) == 0
    with_motion = opened(tw.graph(z).html(), reduced_motion="no-preference")
    with_motion.press("ArrowRight", 4)
    assert with_motion.page.evaluate(moving) > 0


def test_a_line_and_its_node_light_up_together(opened, z):
    screen = opened(tw.graph(z).html())
    line = screen.page.locator("#listing .line", has_text="h1").first
    line.hover()
    assert "lit" in screen.page.locator(".node.op", has_text="add").get_attribute("class")
    screen.page.locator(".node.op", has_text="multiply").hover()
    lit = screen.page.locator("#listing .line.lit").all_inner_texts()
    assert lit and all("multiply" in text for text in lit)
    expect(screen.page.locator("#inspector h2")).to_contain_text("multiply")
    line.click()
    assert "add" in screen.text("#inspector h2")


def test_search_finds_names_ops_and_words(opened, cbow):
    loss, _, labels = cbow
    screen = opened(tw.graph(loss, labels=labels).html())
    for wanted, heading in (("cross", "cross_entropy"), ("gw_out", "w_out"), ("goodbye", "w_in")):
        screen.press("/")
        screen.page.keyboard.type(wanted)
        assert screen.page.locator("#results li").count() >= 1
        if wanted == "goodbye":
            screen.page.locator("#results li", has_text="in w_in").first.click()
            assert screen.page.locator("#inspector th.found").first.inner_text() == "goodbye"
        else:
            screen.press("Enter")
        assert heading in screen.text("#inspector h2")
    screen.press("/")
    screen.page.keyboard.type("no such thing")
    assert screen.text("#results") == "nothing found"
    screen.press("Escape")
    assert not screen.page.locator("#results").is_visible()


@pytest.mark.parametrize("width", [1280, 400])
def test_hostile_names_are_inert(opened, width):
    names = [
        "</script><script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "x" * 5000,
        "שלום \u202e עולם",
        "<!--",
        "${1}",
    ]
    leaves = [tw.Variable(float(i + 2), name=name) for i, name in enumerate(names)]
    total = leaves[0]
    for leaf in leaves[1:]:
        total = total * leaf
    total.name = "</title><h1>&lt;"
    screen = opened(tw.graph(total, labels=None).html(), width)
    screen.press("End")
    assert screen.page.locator("img, h1:not(#title)").count() == 0
    assert screen.page.title().startswith("Graph of </title>")
    for name in names:
        shown = screen.page.evaluate(
            """() => Object.values(JSON.parse(document.getElementById("data").textContent).values)
            .map(value => value.name)"""
        )
        assert any(text[:20] == name[:20] or "\\u202e" in text for text in shown)
    screen.page.locator("#canvas .node").first.focus()
    screen.press("Enter")
    wide = screen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    screen.shoot("hostile-names")


def test_labels_are_inert_and_higher_axes_are_chosen(opened, rng):
    words = ["<b>bold</b>", "a" * 300, "שלום", "&amp;"]
    w = tw.Parameter(rng.normal(size=(4, 2)), name="w")
    h = w[np.array([[0, 1], [2, 3], [3, 0]])]
    h.name = "h"
    screen = opened(tw.graph(F.sum(h * h), labels={"w": words}).html())
    screen.choose("h")
    assert next(iter(screen.rows())) == "<b>bold</b>"
    screen.page.locator("#inspector select").first.select_option("1")
    assert list(screen.rows()) == ["שלום", "&amp;"]
    assert screen.page.locator("b", has_text="bold").count() == 0


def test_what_is_not_finite_is_said(opened):
    with np.errstate(all="ignore"):
        x = tw.Variable([0.0, 1.0, np.nan], name="x")
        screen = opened(tw.graph(F.sum(x / 0.0)).html())
    screen.choose("x")
    assert screen.page.locator("#inspector td").all_inner_texts().count("nan") == 1
    assert re.search(r"not finite\s+1", screen.text("#inspector .statistics"))


def test_fingers_swipe_for_a_step(opened, z):
    screen = opened(tw.graph(z).html(), 400, has_touch=True)
    box = screen.page.locator("#canvas").bounding_box()
    client = screen.page.context.new_cdp_session(screen.page)
    y = box["y"] + box["height"] / 2
    client.send(
        "Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": 300, "y": y}]}
    )
    for x in (240, 180, 120):
        client.send(
            "Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]}
        )
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert screen.position[0] == 1


def test_in_a_notebooks_frame_it_steps(opened, z):
    frame = tw.graph(z)._repr_html_()
    screen = opened(f"<!DOCTYPE html><title>notebook</title><meta charset=utf-8>{frame}")
    inside = screen.page.frame_locator("iframe")
    inside.locator("#next").click()
    assert inside.locator("#caption").inner_text() == "add computes h1."


def test_without_a_script_the_program_is_there(opened, z):
    screen = opened(tw.graph(z).html(), java_script_enabled=False)
    assert "JavaScript" in screen.text("noscript")
    assert "= multiply(h1, y)" in screen.text("#listing")
