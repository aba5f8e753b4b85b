// The part of a view that is seen: wheel, fingers, keys; it follows the step that is shown.

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const zoomOf = (canvas, onswipe) => {
  let svg = null, whole = [0, 0, 100, 100], box = { x: 0, y: 0, w: 100, h: 100 }, moved = false, frame = 0;
  const apply = () => svg?.setAttribute("viewBox", `${box.x} ${box.y} ${box.w} ${box.h}`);
  const size = () => [Math.max(canvas.clientWidth, 1), Math.max(canvas.clientHeight, 1)];
  const ratio = () => { const [w, h] = size(); return h / w; };
  const stop = () => cancelAnimationFrame(frame);

  // The box always has the window's shape, so that a unit is the same length both ways.
  const centred = (x, y, w) => ({ x: x - w / 2, y: y - (w * ratio()) / 2, w, h: w * ratio() });
  const largest = 1.6; // pixels a unit, where the graph is small
  const fit = () => {
    stop();
    const [x, y, w, h] = whole, [wide] = size();
    box = centred(x + w / 2, y + h / 2, Math.max(w, h / ratio(), wide / largest));
    apply();
  };
  // The full width, or a size at which it can be read, from the top.
  const width = () => {
    stop();
    const [x, y, w] = whole, [wide] = size();
    const across = Math.max(Math.min(w, wide / 0.85), wide / 1.15);
    box = { x: x + w / 2 - across / 2, y, w: across, h: across * ratio() };
    apply();
  };
  const begin = () => {
    moved = false;
    const [, , w, h] = whole, [wide, high] = size();
    if (Math.max(w / wide, h / high) > 1.7 && !matchMedia("print").matches) width(); else fit();
  };
  const zoom = (factor, cx = box.x + box.w / 2, cy = box.y + box.h / 2) => {
    stop();
    moved = true;
    const w = Math.min(Math.max(box.w * factor, 60), 30 * Math.max(whole[2], whole[3]));
    const f = w / box.w;
    box = { x: cx - (cx - box.x) * f, y: cy - (cy - box.y) * f, w, h: w * ratio() };
    apply();
  };
  const pan = (x, y) => { moved = true; box = { ...box, x: box.x + x, y: box.y + y }; apply(); };
  const glide = target => {
    stop();
    if (calm()) { box = target; apply(); return; }
    const from = box, start = performance.now();
    const move = now => {
      const t = Math.min((now - start) / 260, 1), s = t * t * (3 - 2 * t);
      box = Object.fromEntries(["x", "y", "w", "h"].map(k => [k, from[k] + (target[k] - from[k]) * s]));
      apply();
      if (t < 1) frame = requestAnimationFrame(move);
    };
    frame = requestAnimationFrame(move);
  };
  // Bring a place into sight, if it is not well inside already.
  const follow = (x, y, w, h) => {
    const mx = Math.min(box.w * 0.12, 60), my = Math.min(box.h * 0.16, 70);
    const inside = x - w / 2 > box.x + mx && x + w / 2 < box.x + box.w - mx
      && y - h / 2 > box.y + my && y + h / 2 < box.y + box.h - my;
    const covers = box.w >= whole[2] && box.h >= whole[3];
    if (inside || (covers && !moved)) return;
    glide(centred(x, y, box.w));
  };
  const show = (element, view) => {
    svg = element;
    whole = [-12, -12, view.width + 24, view.height + 24];
    canvas.replaceChildren(svg);
    begin();
  };

  const at = event => {
    const r = canvas.getBoundingClientRect();
    return [box.x + ((event.clientX - r.left) / r.width) * box.w, box.y + ((event.clientY - r.top) / r.height) * box.h];
  };
  canvas.addEventListener("wheel", event => {
    event.preventDefault();
    const turned = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    zoom(Math.exp(Math.max(-240, Math.min(240, turned)) * 0.0016), ...at(event));
  }, { passive: false });
  const fingers = new Map();
  let swipe = null, dragged = false;
  canvas.addEventListener("pointerdown", event => {
    if (event.button) return;
    fingers.set(event.pointerId, event);
    dragged = false;
    swipe = event.pointerType === "touch" && fingers.size === 1 ? { x: event.clientX, y: event.clientY, at: event.timeStamp, box, moved } : null;
  });
  canvas.addEventListener("pointermove", event => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    if (!dragged && fingers.size === 1 && Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) < 4) return;
    if (!dragged) {
      dragged = true;
      stop();
      canvas.setPointerCapture(event.pointerId);
      canvas.classList.add("moving");
    }
    if (fingers.size === 2) {
      const [other] = [...fingers.values()].filter(f => f.pointerId !== event.pointerId);
      const far = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
      zoom(far(before, other) / far(event, other), ...at(other));
    } else {
      const scale = box.w / size()[0];
      pan((before.clientX - event.clientX) * scale, (before.clientY - event.clientY) * scale);
    }
    fingers.set(event.pointerId, event);
  });
  const lift = event => {
    const quick = swipe && fingers.size === 1 && event.type === "pointerup" && event.timeStamp - swipe.at < 300;
    const x = quick ? event.clientX - swipe.x : 0, y = quick ? event.clientY - swipe.y : 0;
    if (Math.abs(x) > 60 && Math.abs(y) < 40) {
      ({ box, moved } = swipe);
      apply();
      onswipe(x < 0 ? 1 : -1);
    }
    fingers.delete(event.pointerId);
    swipe = null;
    if (!fingers.size) canvas.classList.remove("moving");
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  // The end of a drag is not a press of the node below it.
  canvas.addEventListener("click", event => {
    if (dragged) event.stopPropagation();
    dragged = false;
  }, true);
  new ResizeObserver(() => {
    if (!svg) return;
    if (!moved) begin(); else { box.h = box.w * ratio(); apply(); }
  }).observe(canvas);
  return { show, fit, width, larger: () => zoom(0.8), smaller: () => zoom(1.25), follow };
};
