"""One HTML file that shows a graph: to be zoomed and panned, with nothing to load."""

from __future__ import annotations

from html import escape
from string import Template

from tinygrad_w2v.drawing.dot import BACKWARD, FORWARD, Look
from tinygrad_w2v.drawing.svg import FONTS

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
html, body { margin: 0; height: 100%; font-family: $fonts; color: #1d2433; }
body { display: flex; flex-direction: column; background: #fff; }
header { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center;
  padding: .5rem .9rem; border-bottom: 1px solid #d5dbe5; background: #f7f9fc; }
h1 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
ul { display: flex; flex-wrap: wrap; gap: .2rem .8rem; margin: 0; padding: 0; list-style: none;
  font-size: .75rem; color: #5a6475; }
li i { display: inline-block; width: 1.1em; height: .75em; margin-right: .35em;
  border: 1.5px solid; border-radius: 50%; vertical-align: -.05em; }
li i.op { border-radius: .2em; }
nav { margin-left: auto; display: flex; gap: .3rem; }
button { font: inherit; font-size: .8rem; min-width: 2.1rem; padding: .2rem .55rem; cursor: pointer;
  border: 1px solid #b9c3d3; border-radius: .35rem; background: #fff; color: inherit; }
button:hover { background: #e9eff7; }
main { flex: 1; min-height: 0; display: flex; }
#view { flex: 1; min-width: 0; overflow: hidden; cursor: grab; touch-action: none; outline: none; }
#view.moving { cursor: grabbing; }
#view svg { width: 100%; height: 100%; display: block; user-select: none; }
pre { margin: 0; padding: .8rem 1rem; max-width: 50%; overflow: auto; box-sizing: border-box;
  border-left: 1px solid #d5dbe5; background: #fbfcfe; font-size: .78rem; line-height: 1.45;
  font-family: ui-monospace, Menlo, Consolas, 'Noto Sans Mono CJK JP', monospace; }
pre[hidden] { display: none; }
@media print { header nav, pre { display: none; } }
</style>
</head>
<body>
<header>
<h1>$title</h1>
<ul>$legend</ul>
<nav>
<button id="smaller" title="zoom out (-)" aria-label="zoom out">&minus;</button>
<button id="larger" title="zoom in (+)" aria-label="zoom in">+</button>
<button id="fit" title="the whole graph (0)">fit</button>
<button id="wide" title="the full width, from the top (w)">width</button>
<button id="listing" title="the graph as a program (t)" aria-expanded="false">text</button>
</nav>
</header>
<main>
<div id="view" tabindex="0" aria-label="graph: drag to move, wheel to zoom">
$svg</div>
<pre id="text" hidden>$text</pre>
</main>
<script>
(() => {
  const view = document.getElementById("view"), svg = view.querySelector("svg");
  const [left, top, wide, high] = svg.getAttribute("viewBox").split(/[ ,]+/).map(Number);
  let box = { x: left, y: top, w: wide, h: high };
  svg.removeAttribute("width"); svg.removeAttribute("height");
  const show = () => svg.setAttribute("viewBox", [box.x, box.y, box.w, box.h].join(" "));
  const shape = () => { const r = view.getBoundingClientRect(); return r.height / r.width || 1; };
  // The box always has the window's shape, so that a pixel is the same length both ways.
  const fit = () => {
    const ratio = shape(), w = Math.max(wide, high / ratio, view.clientWidth * 0.5);
    box = { x: left - (w - wide) / 2, y: top - (w * ratio - high) / 2, w: w, h: w * ratio };
    show();
  };
  const width = () => {
    const w = Math.max(wide, view.clientWidth * 0.75), ratio = shape();
    box = { x: left - (w - wide) / 2, y: top, w: w, h: w * ratio }; show();
  };
  let moved = false;
  const zoom = (factor, cx, cy) => {
    moved = true;
    const w = Math.min(Math.max(box.w * factor, 40), 40 * Math.max(wide, high));
    const f = w / box.w;
    box = { x: cx - (cx - box.x) * f, y: cy - (cy - box.y) * f, w: box.w * f, h: box.h * f };
    show();
  };
  const at = e => {
    const r = view.getBoundingClientRect();
    return [box.x + (e.clientX - r.left) / r.width * box.w,
            box.y + (e.clientY - r.top) / r.height * box.h];
  };
  const middle = factor => zoom(factor, box.x + box.w / 2, box.y + box.h / 2);
  view.addEventListener("wheel", e => {
    e.preventDefault();
    const step = e.deltaMode === 1 ? e.deltaY * 16 : e.deltaY;
    zoom(Math.exp(Math.max(-240, Math.min(240, step)) * 0.0016), ...at(e));
  }, { passive: false });
  const fingers = new Map();
  view.addEventListener("pointerdown", e => {
    fingers.set(e.pointerId, e); view.setPointerCapture(e.pointerId); view.classList.add("moving");
  });
  view.addEventListener("pointermove", e => {
    const before = fingers.get(e.pointerId);
    if (!before) return;
    if (fingers.size === 2) {
      const [other] = [...fingers.values()].filter(f => f.pointerId !== e.pointerId);
      const far = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
      zoom(far(before, other) / far(e, other), ...at(other));
    } else {
      const scale = box.w / view.getBoundingClientRect().width;
      box.x -= (e.clientX - before.clientX) * scale;
      box.y -= (e.clientY - before.clientY) * scale;
      moved = true; show();
    }
    fingers.set(e.pointerId, e);
  });
  const lift = e => {
    fingers.delete(e.pointerId);
    if (!fingers.size) view.classList.remove("moving");
  };
  view.addEventListener("pointerup", lift); view.addEventListener("pointercancel", lift);
  view.addEventListener("dblclick", e => zoom(0.6, ...at(e)));
  const text = document.getElementById("text"), button = document.getElementById("listing");
  const toggle = () => {
    text.hidden = !text.hidden; button.setAttribute("aria-expanded", String(!text.hidden));
    moved = false; begin();
  };
  const actions = { smaller: () => middle(1.25), larger: () => middle(0.8), fit: fit,
    wide: width, listing: toggle };
  for (const [id, run] of Object.entries(actions))
    document.getElementById(id).addEventListener("click", run);
  const keys = { "+": actions.larger, "=": actions.larger, "-": actions.smaller, "0": fit,
    "w": width, "t": toggle };
  addEventListener("keydown", e => {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = arrows[e.key];
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (move) { box.x += move[0] * box.w / 10; box.y += move[1] * box.h / 10; show(); }
    else if (keys[e.key]) keys[e.key](); else return;
    e.preventDefault();
  });
  // A graph too long to be read as a whole is shown from its top.
  const begin = () => {
    if (high / wide > 2 * shape() && high > view.clientHeight) width(); else fit();
  };
  addEventListener("resize", () => {
    if (!moved) begin(); else { box.h = box.w * shape(); show(); }
  });
  begin();
})();
</script>
</body>
</html>
""")


def page_of(title: str, svg: str, text: str, kinds: set[tuple[str, bool]]) -> str:
    """A self-contained page.

    Parameters
    ----------
    title : str
        Heading of the page.
    svg : str
        The picture, as for the inside of a page.
    text : str
        The listing that the button "text" shows.
    kinds : set of (str, bool)
        The kinds of nodes that the legend explains, and whether they are of the backward part.
    """
    legend = "".join(
        _entry(name, (BACKWARD if backward else FORWARD)[kind], kind)
        for kind, backward, name in _LEGEND
        if (kind, backward) in kinds
    )
    return _PAGE.substitute(
        title=escape(title), fonts=FONTS, legend=legend, svg=svg, text=escape(text)
    )


_LEGEND = (
    ("parameter", False, "parameter"),
    ("variable", False, "variable"),
    ("constant", False, "constant"),
    ("input", False, "input"),
    ("op", False, "op"),
    ("rule", False, "op of backward or of the update"),
    ("module", False, "module"),
    ("run", False, "several ops"),
    ("result", False, "result"),
    ("op", True, "op of backward"),
    ("module", True, "backward of a module"),
    ("gradient", True, "gradient"),
    ("written", False, "written"),
    ("reference", True, "drawn elsewhere"),
)


def _entry(name: str, look: Look, kind: str) -> str:
    shape = ' class="op"' if kind in ("op", "module", "run", "rule") else ""
    border = "dashed" if look.dashed else "solid"
    style = f"background:{look.fill};border-color:{look.line};border-style:{border}"
    return f'<li><i{shape} style="{style}"></i>{name}</li>'
