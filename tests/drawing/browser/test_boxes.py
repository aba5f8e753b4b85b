"""Boxes open into views of their own, at the place where the reader is."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

pytestmark = [pytest.mark.browser, pytest.mark.render]


class Layer(tw.Module):
    def __init__(self, rows, columns, rng):
        self.w = tw.Parameter(0.5 * rng.normal(size=(rows, columns)))

    def forward(self, x):
        return np.tanh(x @ self.w)


class Block(tw.Module):
    def __init__(self, rng):
        self.first, self.second = Layer(4, 6, rng), Layer(6, 4, rng)

    def forward(self, x):
        return self.second(self.first(x)) + x


class Net(tw.Module):
    def __init__(self, rng):
        self.one, self.two = Block(rng), Block(rng)
        self.head = tw.Parameter(rng.normal(size=(4, 3)))

    def forward(self, x, t):
        return F.cross_entropy(self.two(self.one(x)) @ self.head, t)


@pytest.fixture
def net(rng):
    loss = Net(rng)(rng.normal(size=(5, 4)), np.array([0, 1, 2, 0, 1]))
    loss.name = "loss"
    return loss


@pytest.mark.parametrize("width", [1280, 400])
def test_a_module_opens_and_closes(opened, net, width):
    screen = opened(tw.graph(net, collapse=["one", "two", "first"]).html(), width)
    screen.press("ArrowRight", 2)
    assert "two" in screen.text("#caption")
    screen.shoot("modules")
    screen.page.locator("#rule .open").click()
    trail = screen.page.locator("#trail")
    assert trail.inner_text().split() == ["whole", "graph", "›", "two"]
    assert screen.position[0] == 0
    screen.press("ArrowRight")
    screen.shoot("modules-inside")
    screen.press("Escape")
    assert screen.position[0] == 2
    screen.press("End")
    for box, here in ((1, "last"), (0, "seed")):  # the gradient has passed it; just reaches it
        screen.page.locator("#canvas .node.module").nth(box).focus()
        screen.press("Enter")
        at, last = screen.position
        assert at == last if here == "last" else "backward begins" in screen.text("#step h2")
        screen.press("Escape")
    screen.press("Enter")
    trail.locator("button").first.click()
    assert "whole graph" in trail.inner_text()


def test_in_a_box_it_is_not_offered_to_be_opened(opened, net):
    screen = opened(tw.graph(net, collapse="two").html())
    screen.press("0")  # the whole graph is in sight
    box = screen.page.locator("#canvas .node.module").first
    box.hover()
    screen.page.locator("#inspector .open").wait_for()
    box.click()
    assert "two" in screen.text("#trail")
    assert screen.page.locator("#inspector .open").count() == 0


def test_printed_it_is_whole(opened, net):
    screen = opened(tw.graph(net).html())
    screen.press("End")
    screen.choose("loss")
    screen.page.emulate_media(media="print")
    screen.page.wait_for_timeout(300)
    canvas, listing = (screen.page.locator(name) for name in ("#canvas", "#listing"))
    area = canvas.bounding_box()
    for node in screen.page.locator("#canvas .node").all():
        place = node.bounding_box()
        assert (
            area["y"] <= place["y"] and place["y"] + place["height"] <= area["y"] + area["height"]
        )
    assert listing.evaluate("each => each.scrollHeight <= each.clientHeight + 1")
    assert not screen.page.locator("#player").is_visible()


def test_inside_a_box_the_gradients_are_those_of_the_whole(opened, net):
    whole = opened(tw.graph(net).html())
    whole.press("End")
    boxed = opened(tw.graph(net, collapse="two").html())
    boxed.press("End")
    boxed.page.locator("#canvas .node.module").first.focus()
    boxed.press("Enter")
    inner = boxed.page.locator("#canvas .node.value.sent").all()
    labels = [node.get_attribute("aria-label") for node in inner]
    names = {label.split(",")[0] for label in labels}
    assert len(names) >= 5
    for label in labels:
        name = label.split(",")[0]
        if " + " in label:  # a sum is written out where its last part has just arrived
            continue
        assert whole.label(name).split(", g")[-1] == label.split(", g")[-1]


def test_thousands_of_ops_are_boxes_of_modules(opened, rng):
    class Deep(tw.Module):
        def __init__(self):
            self.w = tw.Parameter(0.1 * rng.normal(size=(4, 4)))

        def forward(self, x):
            for _ in range(55):
                x = np.tanh(x @ self.w) + x
            return x

    class Stack(tw.Module):
        def __init__(self):
            self.parts = [Deep() for _ in range(30)]

        def forward(self, x):
            for part in self.parts:
                x = part(x)
            return F.sum(x)

    loss = Stack()(np.ones((2, 4)))
    screen = opened(tw.graph(loss).html())
    boxes = screen.page.locator("#canvas .node.module")
    assert 20 <= boxes.count() <= 80
    screen.press("End")
    assert screen.position[0] == screen.position[1]
    assert "…" in screen.text("#caption")  # 55 parts of one gradient are not all named
    assert screen.page.locator("#rule .chip").count() < 10
    screen.shoot("thousands")
    boxes.nth(3).focus()
    screen.press("Enter")
    assert screen.page.locator("#canvas .node.op").count() > 20
    screen.press("ArrowLeft")
    screen.shoot("thousands-inside")


def test_a_compiled_program_is_stepped_through_without_numbers(opened):
    from tinygrad_w2v.compiler.inspect.picture import draw_model

    class Line(tw.Module):
        def __init__(self):
            self.slope = tw.Parameter(np.zeros(1))

        def loss(self, batch):
            return ((self.slope * batch["x"] - batch["y"]) ** 2).sum()

    example = {"x": np.zeros(2), "y": np.zeros(2)}
    page = draw_model(Line(), example, {"x": ("n",), "y": ("n",)}).html()
    screen = opened(page)
    screen.press("End")
    assert screen.position[0] == screen.position[1] > 2
    assert "without numbers" not in screen.text("#caption")
    screen.shoot("compiled")
