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
