"""Both passes over one graph as an SVG that moves by itself: values appear, then gradients return.

It has no script, so that it moves where only a picture may stand, as in a README. Each part is
shown during an interval of a loop, by keyframes. Where nothing moves, for a reader who asked for
that or in a program that cannot, the last frame is seen: every value and every gradient.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.language import Language, words_in
from tinygrad_w2v._base.listing import display_width
from tinygrad_w2v.drawing.layout.placing import DETAIL, DETAIL_HEIGHT, TITLE, TITLE_HEIGHT
from tinygrad_w2v.drawing.layout.svg import FONTS
from tinygrad_w2v.drawing.page.moments import COLUMN, Data, Moments, Written
from tinygrad_w2v.drawing.page.views import part_text

MOST_STEPS = 60  # forward; more would last too long
SECONDS = 1.1  # a step
HELD = 4  # steps for which the end stands still
MOST_COLUMNS = 100  # of a formula
FADING = 0.12  # of a step
_MARGIN, _HEADING, _LINE = 14.0, 36.0, 18.0
_WORDS = {
    "title": {"en": "Both passes over the graph of {}", "ja": "{} の計算グラフの順伝播と逆伝播"},
    "desc": {
        "en": "Values appear op by op; then the gradients flow back over the same graph.",
        "ja": "関数が 1 つずつ計算されて値が現れ、続いて同じ計算グラフを勾配が逆向きに流れます。",
    },
}


def animated(view: Data, moments: Moments, lang: Language, down: bool) -> str:
    """Return the SVG.

    Parameters
    ----------
    view : dict
        Places of nodes and edges, as `views.views_of` makes them.
    moments : Moments
        When each of them is seen.
    lang : {"en", "ja"}
    down : bool
        Whether the graph goes from top to bottom.

    Raises
    ------
    InputError
        For a graph with too many steps.
    """
    count = len(moments.steps)
    if count > MOST_STEPS:
        raise InputError(
            f"an animation shows at most {MOST_STEPS} ops, and this graph has {count}: draw "
            "modules as one box (`collapse=`), or step through the graph (`.html()`)"
        )
    return _Animation(view, moments, lang, down).svg()


@dataclass
class _Clock:
    """Names the intervals in which something is shown."""

    end: int
    prefix: str
    names: dict[tuple[int, int], str] = field(default_factory=dict)

    def during(self, first: int, end: int | None = None, classes: str = "") -> str:
        """The classes of a thing that is shown from one position to before another."""
        last = self.end if end is None else end
        parts = classes.split()
        if first > 0 or last < self.end:
            parts += ["i", self.names.setdefault((first, last), f"{self.prefix}-{len(self.names)}")]
        if last < self.end:
            parts.append("passing")
        return " ".join(parts)

    def style(self) -> str:
        rules = [f".i {{ animation: {self.end * SECONDS:.4g}s linear infinite; }}"]
        for (first, last), name in self.names.items():
            rules.append(f".{name} {{ animation-name: {name}; }}")
            # What goes has gone before what follows comes.
            times = (first, first + FADING, last - FADING, last)
            shown, there, gone, away = (f"{100 * at / self.end:.2f}%" for at in times)
            frames = f"0%, {shown} {{ opacity: 0; }} " if first else ""
            if last < self.end:
                frames += f"{there}, {gone} {{ opacity: 1; }} {away}, 100% {{ opacity: 0; }}"
            else:
                frames += f"{there}, 100% {{ opacity: 1; }}"
            rules.append(f"@keyframes {name} {{ {frames} }}")
        return "\n".join(rules)


class _Animation:
    def __init__(self, view: Data, moments: Moments, lang: Language, down: bool) -> None:
        self.view, self.at, self.down = view, moments, down
        self.words = words_in(lang, _WORDS)
        # Beside other pictures on a page, names and styles are this one's own.
        seen = repr((view, moments.captions)).encode()
        self.id = f"tw{hashlib.blake2b(seen, digest_size=4).hexdigest()}"
        self.clock = _Clock(moments.last + HELD, self.id)

    # ------------------------------------------------------------------ the whole
    def svg(self) -> str:
        view, name = self.view, self.at.whole.values[self.at.whole.result].name
        captions = [[_cut(text, MOST_COLUMNS) for text in texts] for texts in self.at.captions]
        lines = max(len(texts) for texts in captions)
        widest = max(display_width(text) for texts in captions for text in texts) * COLUMN
        width = max(view["width"], widest) + 2 * _MARGIN
        top = _MARGIN + _HEADING + _LINE * (lines - 0.5)
        height = view["height"] + top + _MARGIN
        left = (width - view["width"]) / 2
        written = self._written(captions, width / 2, _MARGIN + _HEADING)
        graph = [*self._frames(), *self._edges(), *map(self._node, view["nodes"])]
        place = f"translate({left:.1f} {top:.1f})"
        sheet = {"width": width - 1, "height": height - 1, "rx": 8}
        drawn = [
            _tag("rect", class_="sheet", x=0.5, y=0.5, **sheet),
            *written,
            _tag("g", "\n".join(graph), transform=place),
        ]
        # Not before all is drawn are all intervals known.
        style = (files("tinygrad_w2v.drawing.page") / "assets" / "animation.css").read_text("utf-8")
        parts = [
            _tag("title", escape(self.words["title"].format(name))),
            _tag("desc", escape(self.words["desc"])),
            f"<style>\n{_scoped(style + self.clock.style(), self.id)}\n</style>",
            _tag("defs", "".join(self._arrow(kind) for kind in ("ahead", "behind"))),
            *drawn,
        ]
        size = {"width": width, "height": height, "viewBox": f"0 0 {width:.1f} {height:.1f}"}
        space = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "id": self.id}
        space["font_family"] = FONTS
        return _tag("svg", "\n".join(parts), **space, **size) + "\n"

    def _written(self, captions: list[list[str]], middle: float, top: float) -> list[str]:
        """Which step it is, and what it computes."""
        made = []
        for position, texts in enumerate(captions):
            end = position + 1 if position + 1 < len(captions) else None
            kind = " of-gradient" if position >= self.at.seed else ""
            heading = escape(self.at.heading(position))
            lines = _tag("text", heading, class_=f"pass{kind}", x=_MARGIN, y=_MARGIN + 10)
            for place, text in enumerate(texts):
                at = {"x": middle, "y": top + _LINE * place}
                lines += _tag("text", escape(text), class_=f"formula{kind}", **at)
            made.append(_tag("g", lines, class_=self.clock.during(position, end)))
        return made

    # ------------------------------------------------------------------ the graph
    def _frames(self) -> Iterable[str]:
        for name, x, y, width, height in self.view["frames"]:
            text = _tag("text", escape(_cut(name, (width - 14) / 6.4)), x=x + 9, y=y + 15)
            box = _tag("rect", x=x, y=y, width=width, height=height, rx=8)
            yield _tag("g", box + text, class_="frame")

    def _arrow(self, kind: str) -> str:
        head = _tag("path", d="M0 .8L8 4L0 7.2z")
        size = {"viewBox": "0 0 8 8", "markerWidth": 7, "markerHeight": 7, "refX": 7.4, "refY": 4}
        how = {"markerUnits": "userSpaceOnUse", "orient": "auto-start-reverse"}
        return _tag("marker", head, id=f"{self.id}-{kind}", class_=kind, **size, **how)

    def _edges(self) -> Iterable[str]:
        taken: dict[tuple[int, int], int] = {}
        for tail, head, path, *place in self.view["edges"]:
            source, target = self.view["nodes"][tail], self.view["nodes"][head]
            yield _tag("path", class_="line", d=path, marker_end=f"url(#{self.id}-ahead)")
            step = self.at.steps[target["step"] if "step" in target else source["step"]]
            at = step["place"] + 1
            flow = _tag("path", class_="line now flows", d=path)
            yield _tag("g", flow, class_=self.clock.during(at, at + 1))
            key = source.get("value") if "step" in target else target.get("value")
            if key is None or not step["backward"]:
                continue
            if "step" not in target:
                if arrivals := self.at.arrivals(key):
                    yield from self._returned(min(arrivals), self.at.arrival[step["ops"][0]], path)
                continue
            parts = [part for of, part in self.at.parts(step) if of == key]
            which = taken[tail, head] = taken.get((tail, head), -1) + 1
            if parts:
                back = self.at.arrival[step["ops"][0]]
                yield from self._returned(back, back, path)
                if place and which < len(parts):
                    x = place[0] + (5 if self.down else 0)
                    y = place[1] + (3.5 if self.down else 8)
                    text = _minus(part_text(parts[which], self.at.gradient(key)))
                    shown = self.clock.during(back, classes="note")
                    yield _tag("text", escape(text), class_=shown, x=x, y=y)

    def _returned(self, first: int, now: int, path: str) -> Iterable[str]:
        """A gradient on an edge, against its arrow; while its op's rule runs it is bold."""
        aside = "translate(5 0)" if self.down else "translate(0 5)"
        shown = self.clock.during(first, classes="line back")
        head = f"url(#{self.id}-behind)"
        yield _tag("path", class_=shown, d=path, transform=aside, marker_start=head)
        flow = _tag("path", class_="line back now returns", d=path, transform=aside)
        yield _tag("g", flow, class_=self.clock.during(now, now + 1))

    def _node(self, node: Data) -> str:
        x, y, width, height = node["at"]
        is_op, small = "step" in node, node["kind"] in ("reference", "number")
        radius = 6 if is_op else 8 if small else min(height / 2, 16)
        box = {"x": -width / 2, "y": -height / 2, "width": width, "height": height, "rx": radius}
        body = _tag("rect", class_="body", **box)
        key = node.get("value")
        if is_op:
            step = self.at.steps[node["step"]]
            known = step["place"] + 1
            back = [self.at.arrival[step["ops"][0]]] if step["backward"] else []
            fixed = [(node["title"], "title"), *((text, "detail") for text in node["details"])]
            timed: list[Written] = []
            slots = len(fixed)
        else:
            known, back = self.at.made.get(key, 0) if key is not None else 0, []
            if key is not None and not small:
                back = self.at.arrivals(key)
            fixed, timed, slots = [(node["title"], "title")], [], 1
            if key is None:
                fixed += [(text, "detail") for text in node["details"]]
                slots = len(fixed)
            elif not small:
                timed, slots = self.at.lines_of(key, known, back)
        text_width = width - (8 if small else 14)
        first = DETAIL_HEIGHT if small else TITLE_HEIGHT
        top = -(first + DETAIL_HEIGHT * (slots - 1)) / 2

        def line(text: str, kind: str, place: int, classes: str = "") -> str:
            high = first if place == 0 else DETAIL_HEIGHT
            at = top + first + DETAIL_HEIGHT * place - high * 0.28
            column = TITLE if kind == "title" and not small else DETAIL
            shown = text if kind == "title" else _minus(text)
            shown = escape(_cut(shown, text_width / column + 0.5))
            return _tag("text", shown, class_=f"{kind} {classes}".strip(), x=0, y=at)

        written = "".join(line(text, kind, place) for place, (text, kind) in enumerate(fixed))
        parts = [body, written] if known else []
        parts.append(_tag("g", body + written, class_=self.clock.during(known, classes="known")))
        place = {"detail": 1, "gradient": slots - 1}
        parts += [
            line(text, kind, place[kind], self.clock.during(since, until))
            for text, kind, since, until in timed
        ]
        if back:
            shown = self.clock.during(min(back), classes="sent")
            parts.append(_tag("rect", class_=shown, **box))
        now = [(known, "now")] if known else []
        for at, kind in [*now, *((at, "back now") for at in dict.fromkeys(back))]:
            shown = self.clock.during(at, at + 1, kind)
            again = written if is_op else ""
            parts.append(_tag("g", _tag("rect", **box) + again, class_=shown))
        kinds = f"{'op' if is_op else 'value'} {node['kind']}{' small' if small else ''}"
        return _tag("g", "".join(parts), class_=kinds, transform=f"translate({x} {y})")


def _scoped(style: str, key: str) -> str:
    """A style, a rule a line, for what is inside the element of that id."""
    lines = []
    for line in style.split("\n"):
        selectors, brace, rest = line.partition(" {")
        if line and not line.startswith("@"):
            selectors = ", ".join(f"#{key} {each.strip()}" for each in selectors.split(","))
        lines.append(f"{selectors}{brace}{rest}".replace("{ * {", f"{{ #{key} * {{"))
    return "\n".join(lines)


def _tag(tag: str, content: str = "", **attributes: Any) -> str:
    """An element; `content` is markup."""
    written = "".join(
        f' {_attribute(name)}="{_number(value)}"'
        for name, value in attributes.items()
        if value != ""
    )
    return f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>"


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _number(value: Any) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else escape(str(value))


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _cut(text: str, columns: float) -> str:
    if display_width(text) <= columns:
        return text
    kept = ""
    for character in text:
        if display_width(kept + character) > columns - 1:
            break
        kept += character
    return f"{kept}…"
