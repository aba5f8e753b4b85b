"""Both passes are stepped through in a browser, on the graphs that a reader of the book meets."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

pytestmark = [pytest.mark.browser, pytest.mark.render]
WIDTHS = pytest.mark.parametrize("width", [1280, 400])


@WIDTHS
def test_the_chapters_cbow_forward_and_backward(opened, cbow, width):
    loss, model, labels = cbow
    screen = opened(tw.graph(loss, labels=labels, detail="book").html(), width)
    _, last = screen.position
    assert screen.text("#step h2") == "beginning"
    assert str(float(f"{float(loss):.4g}")) not in screen.label("loss")
    screen.shoot("cbow-0-beginning")

    forward = 0
    while "backward" not in screen.text("#step h2"):
        screen.press("ArrowRight")
        forward += 1
    assert "gloss" in screen.text("#caption") and "1" in screen.text("#rule")
    assert f"{float(loss):.4g}" in screen.label("loss")
    assert "gw_in" not in screen.label("w_in")

    screen.press("ArrowRight")
    assert "backward 1 of" in screen.text("#step h2")
    assert "(y - t) / N" in screen.text("#rule .formula")
    screen.shoot("cbow-1-cross-entropy")
    while screen.position[0] < last:
        screen.press("ArrowRight")
    assert "gw_in = gw_in_1 + gw_in_2" in screen.label("w_in")
    assert "used 2 times" in screen.text("#rule .sum")
    assert {"gw_in_1", "gw_in_2", "gw_out"} <= set(screen.notes())

    screen.choose("w_in")
    say = model.w_in.data[1]
    assert screen.rows()["say"] == [f"{n:.4g}".replace("-", "−") for n in say]
    assert "h = 0.5 *" in screen.text("#rule .site")
    screen.shoot("cbow-2-end")
    for _ in range(last):
        screen.press("ArrowLeft")
    assert screen.position == (0, last)
    assert "gw_in" not in screen.label("w_in")


@WIDTHS
def test_the_chapters_cbow_in_japanese(opened, cbow, width):
    loss, _, labels = cbow
    screen = opened(tw.graph(loss, labels=labels, detail="book", lang="ja").html(), width)
    assert screen.text("#title") == "loss の計算グラフ"
    assert screen.page.locator("#next").get_attribute("aria-label").startswith("次へ")
    assert screen.page.locator("#back").get_attribute("aria-label").startswith("戻る")
    screen.press("ArrowRight")
    assert "順伝播 1 / " in screen.text("#step h2")
    screen.press("End")
    assert "逆伝播" in screen.text("#step h2")
    screen.choose("w_in")
    assert "パラメータ" in screen.text("#inspector h2")
    screen.shoot("cbow-ja")


@WIDTHS
def test_a_sum_of_parts(opened, z, width):
    screen = opened(tw.graph(z).html(), width)
    screen.press("ArrowRight", 4)
    assert screen.text("#rule .numbers").startswith("= 1 * 2 = 2")
    assert "gy  5 + …" in screen.label("y") and "gx" not in screen.label("x")
    screen.press("ArrowRight")
    assert "passes the gradient on unchanged" in screen.text("#rule .copied")
    assert "gx  2" in screen.label("x")
    assert "gy  5 + 2 = 7" in screen.label("y")
    assert screen.text("#rule .sum .chips").split() == "gy = gy_1 5 + gy_2 2 = 7".split()
    assert sorted(screen.notes()) == ["2", "2", "gy_1 5", "gy_2 2"]
    screen.shoot("sum-of-parts")


@WIDTHS
def test_the_apples_of_the_book(opened, width):
    apple, count = tw.Variable(100.0, name="apple"), tw.Variable(2.0, name="count")
    orange, oranges = tw.Variable(150.0, name="orange"), tw.Variable(3.0, name="oranges")
    tax = tw.Variable(1.1, name="tax")
    price = (apple * count + orange * oranges) * tax
    price.name = "price"
    screen = opened(tw.graph(price, direction="LR").html(), width)
    screen.press("End")
    screen.press("Home")
    screen.press("ArrowRight", 3)
    assert "650" in screen.page.locator("#rule .numbers").inner_text()
    screen.press("End")
    gradients = {"apple": "2.2", "count": "110", "orange": "3.3", "oranges": "165", "tax": "650"}
    for name, gradient in gradients.items():
        assert screen.label(name).endswith(f"g{name}  {gradient}")
    assert screen.label("price").endswith("715, gprice  1")
    screen.shoot("apples")


def test_softmax_with_cross_entropy_in_ops_and_as_the_book_has_it(opened):
    scores = tw.Variable([[1.0, 2.0, 0.5], [0.1, 0.2, 0.3]], name="scores")
    loss = F.cross_entropy(scores, np.array([0, 2]))
    expected = {"ops": "softmax", "book": "(y - t) / N"}
    for detail, formula in expected.items():
        screen = opened(tw.graph(loss, detail=detail).html())
        screen.press("End")
        assert formula in screen.text("#rule .formula")
        if detail == "book":
            figures = screen.page.locator("#rule figcaption").all_inner_texts()
            assert [text.split()[0] for text in figures] == ["y", "t", "gscores"]
            assert "= 2" in screen.page.locator("#rule .definition").last.inner_text()
        screen.shoot(f"cross-entropy-{detail}")


def test_a_square_has_small_digits_and_its_slope_none(opened):
    x = tw.Variable(3.0, name="x")
    screen = opened(tw.graph((x - 1.0) ** 2, notation="dh").html(), 1280)
    screen.press("ArrowRight")
    screen.press("ArrowRight")
    assert screen.text("#rule") == "y = h1²\n= 2² = 4"
    screen.press("ArrowRight")
    screen.press("ArrowRight")
    assert screen.text("#rule") == "dh1 = dy * 2 * h1\n= 1 * 2 * 2 = 4"


def test_a_letter_of_the_chapter_is_told_from_a_name_of_the_graph(opened):
    y = tw.Variable(np.array([[0.0, 1.0]]), name="y")
    screen = opened(tw.graph(F.cross_entropy(y, [1]), detail="book").html(), 1280)
    screen.press("End")
    assert "gy = (y′ - t) / N * gL" in screen.text("#rule")
    assert "y′ = softmax(y)" in screen.text("#rule")


@WIDTHS
def test_rows_that_are_looked_up_have_their_words(opened, rng, width):
    words = ["you", "say", "goodbye", "and", "i", "hello", "."]
    w = tw.Parameter(rng.normal(size=(7, 3)), name="w")
    h = w[np.array([4, 1])]
    h.name = "h"
    screen = opened(tw.graph(F.sum(h * h), labels={"w": words}).html(), width)
    screen.press("End")
    screen.choose("h")
    assert list(screen.rows()) == ["i", "say"]
    screen.choose("w")
    assert list(screen.rows()) == words
    gradient = screen.page.locator("#inspector .of-gradient tbody tr").all_inner_texts()
    assert gradient[0].split() == ["you", "0", "0", "0"]
    assert gradient[1].split()[0] == "say" and gradient[1].split()[1] != "0"
    screen.shoot("look-ups")


def test_a_large_table_shows_the_rows_that_were_read(opened, rng):
    w = tw.Parameter(rng.normal(size=(5000, 30)), name="w")
    screen = opened(tw.graph(F.sum(w[np.array([3, 70, 3])] ** 2)).html())
    screen.press("End")
    screen.choose("w")
    assert "A sample: " in screen.text("#inspector .sampled")
    gradient = screen.page.locator("#inspector .of-gradient")
    assert gradient.locator("tbody th").all_inner_texts() == ["3", "70"]
    assert "Only these rows of 5000" in gradient.inner_text()


def test_places_of_a_sample_are_written(opened):
    w = tw.Parameter(np.arange(5000.0 * 40).reshape(5000, 40), name="w")
    screen = opened(tw.graph(w.sum()).html())
    screen.press("ArrowRight")
    assert screen.text("#rule").startswith("y = sum(w)\n")
    screen.choose("w")
    headings = screen.page.locator("#inspector table").first.locator("th").all()
    screen_box = screen.page.locator("#inspector .scroll").first.bounding_box()
    assert len(headings) == 48
    assert all(heading.bounding_box()["x"] >= screen_box["x"] for heading in headings)


def test_signs_and_sums_are_written(opened):
    x, b = tw.Variable(-3.0, name="x"), tw.Variable([1.0, 2.0], name="b")
    y = x**2 + b
    y.name = "y"
    screen = opened(tw.graph(y.sum()).html())
    screen.press("ArrowRight")
    assert "= (−3)² = 9" in screen.text("#rule")
    screen.press("ArrowRight", 5)
    copied, *equations = screen.text("#rule").split("\n")
    assert copied == "add passes the gradient on unchanged."
    assert "gh1 = sum(gy, axis=0)" in equations and "gb = gy" in equations
    assert "h1 was broadcast" in screen.text("#rule")
    screen.choose("x")
    screen.press("End")
    assert "= 2 * 2 * (−3) = −12" in screen.text("#rule")


def test_an_op_of_ones_own(opened):
    class Cube(tw.Function):
        def forward(self, x):
            self.save(x)
            return x**3

        def backward(self, g):
            (x,) = self.saved
            return 3 * x**2 * g

    x = tw.Variable([1.0, 2.0], name="x")
    screen = opened(tw.graph(F.sum(Cube()(x))).html())
    screen.press("End")
    assert "no formula that could be shown" in screen.text("#rule")
    assert screen.page.locator("#rule .matrix").last.inner_text().split()[:2] == ["3", "12"]
    screen.shoot("own-op")


def test_five_hundred_ops(opened, rng):
    h = tw.Variable(rng.normal(size=(30, 20)), name="x")
    for _ in range(250):
        h = np.tanh(h * 1.001)
    page = tw.graph(F.sum(h)).html()
    assert len(page.encode()) < 1_000_000
    screen = opened(page)
    assert (
        screen.page.locator("#canvas .node.op").count() == 501
        or screen.page.locator(
            "#canvas .node.module, #canvas .node.run, #canvas .node.group"
        ).count()
    )
    screen.press("End")
    assert screen.position[0] == screen.position[1]
    assert "a sample" in screen.text("#rule .matrix")
    screen.shoot("chain-of-500")


def test_what_has_no_gradient_says_why(opened):
    screen = opened(tw.graph(tw.Variable(np.array([1, 2]), name="ids") * 2).html())
    assert screen.position == (0, 1)
    assert "int64" in screen.text("#message")
    screen.press("End")
    assert "No backward pass" in screen.text("#rule")


def test_ops_that_get_no_gradient_are_passed_over(opened):
    x = tw.Variable([1.0, 2.0], name="x")
    y = F.sum(x * F.stop_gradient(x * 3.0))
    screen = opened(tw.graph(y).html())
    screen.press("End")
    assert "got no gradient" in screen.text("#rule")
