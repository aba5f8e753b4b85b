// The map of words: a canvas that is moved and zoomed, labelled as far as there is room.

const SIZE = 13, HIGH = 17, MOST_LABELS = 400, FURTHEST = 400;

const makeMap = (vectors, choose) => {
  const canvas = byId("map"), pen = canvas.getContext("2d"), labels = makeLabels();
  const places = Array.from({ length: vectors.onMap }, (_, id) => vectors.place(id));
  const widths = new Map();
  let view = { x: 0, y: 0, zoom: 1 }, chosen = null, near = [], colours = {}, due = 0;
  canvas.setAttribute("aria-label", say("map_label", grouped(vectors.onMap)));

  const size = () => [canvas.clientWidth || 1, canvas.clientHeight || 1];
  const scale = () => view.zoom * Math.min(...size()) * 0.47;
  const stretch = () => Math.max(1, Math.min(size()[0] / size()[1], 1.8));
  const onScreen = ([x, y]) => {
    const [w, h] = size(), s = scale();
    return [w / 2 + (x - view.x) * s * stretch(), h / 2 - (y - view.y) * s];
  };
  const widthOf = word => {
    if (!widths.has(word)) widths.set(word, pen.measureText(word).width);
    return widths.get(word);
  };
  const label = (id, fill, bold) => {
    const [x, y] = onScreen(places[id]), word = vectors.words[id].slice(0, 40);
    pen.font = `${bold ? "600 " : ""}${SIZE}px ${colours.font}`;
    const w = (bold ? pen.measureText(word).width : widthOf(word)) + 8;
    if (!labels.place({ x: x - w / 2, y: y - HIGH - 3, w, h: HIGH, id })) return false;
    if (bold) {
      pen.fillStyle = colours.panel;
      pen.fillRect(x - w / 2, y - HIGH - 3, w, HIGH);
    }
    pen.fillStyle = fill;
    pen.fillText(word, x, y - 8);
    return true;
  };
  const dot = (id, radius, fill) => {
    const [x, y] = onScreen(places[id]);
    pen.fillStyle = fill;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 7);
    pen.fill();
  };
  const draw = () => {
    due = 0;
    const [w, h] = size(), ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio);
      canvas.height = Math.round(h * ratio);
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, w, h);
    pen.textAlign = "center";
    pen.font = `${SIZE}px ${colours.font}`;
    labels.begin();
    const seen = [];
    for (let id = 0; id < places.length; id++) {
      const [x, y] = onScreen(places[id]);
      if (x < -40 || x > w + 40 || y < -10 || y > h + 30) continue;
      seen.push(id);
    }
    pen.globalAlpha = chosen === null ? 0.55 : 0.3;
    pen.fillStyle = colours.blue;
    const radius = seen.length > 3000 ? 1.2 : 2;
    for (const id of seen) {
      const [x, y] = onScreen(places[id]);
      pen.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    }
    pen.globalAlpha = 1;
    if (chosen !== null) {
      const there = near.filter(id => id < places.length);
      if (chosen < places.length) {
        const [x, y] = onScreen(places[chosen]);
        pen.strokeStyle = colours.orange;
        pen.globalAlpha = 0.5;
        for (const id of there) {
          pen.beginPath();
          pen.moveTo(x, y);
          pen.lineTo(...onScreen(places[id]));
          pen.stroke();
        }
        pen.globalAlpha = 1;
        dot(chosen, 5, colours.orange);
        label(chosen, colours.orange, true);
      }
      for (const id of there) {
        dot(id, 3, colours.orange);
        label(id, colours.ink, true);
      }
    }
    pen.font = `${SIZE}px ${colours.font}`;
    pen.globalAlpha = chosen === null ? 1 : 0.55;
    let written = 0;
    const ranked = [...seen.filter(id => !vectors.functionWords.has(id)), ...seen.filter(id => vectors.functionWords.has(id))];
    for (const id of ranked) {
      if (written >= MOST_LABELS) break;
      if (id !== chosen && !near.includes(id) && label(id, colours.ink, false)) written++;
    }
    pen.globalAlpha = 1;
  };
  const soon = () => { due ||= requestAnimationFrame(draw); };
  const theme = () => {
    for (const name of ["blue", "orange", "ink", "panel"]) colours[name] = colour(name);
    colours.font = getComputedStyle(document.body).fontFamily;
    soon();
  };
  const zoom = (factor, at = null) => {
    const before = view.zoom;
    view.zoom = Math.max(0.7, Math.min(view.zoom * factor, FURTHEST));
    if (at !== null) {
      const [w, h] = size(), s = Math.min(w, h) * 0.47, f = 1 / before - 1 / view.zoom;
      view.x += (at[0] - w / 2) / (s * stretch()) * f;
      view.y -= (at[1] - h / 2) / s * f;
    }
    soon();
  };
  const pan = (dx, dy) => {
    view.x -= dx / (scale() * stretch());
    view.y += dy / scale();
    soon();
  };
  const fit = () => { view = { x: 0, y: 0, zoom: 1 }; soon(); };
  const centre = id => {
    if (id >= places.length) return;
    const [x, y] = onScreen(places[id]), [w, h] = size();
    if (view.zoom < 1.6 || x < 40 || x > w - 40 || y < 30 || y > h - 20)
      view = { x: places[id][0], y: places[id][1], zoom: Math.max(view.zoom, 2) };
  };

  const inside = event => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const press = (x, y) => {
    const hit = labels.at(x, y);
    if (hit) return choose(hit.id, false);
    let best = null, least = 14 ** 2;
    for (let id = 0; id < places.length; id++) {
      const [a, b] = onScreen(places[id]), far = (a - x) ** 2 + (b - y) ** 2;
      if (far < least) [best, least] = [id, far];
    }
    if (best !== null) choose(best, false);
  };
  const fingers = new Map();
  let dragged = false;
  canvas.addEventListener("pointerdown", event => {
    if (event.button) return;
    fingers.set(event.pointerId, inside(event));
    dragged = false;
  });
  canvas.addEventListener("pointermove", event => {
    const before = fingers.get(event.pointerId), now = inside(event);
    if (!before) return;
    if (!dragged && fingers.size === 1 && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
    if (!dragged) canvas.setPointerCapture(event.pointerId);
    dragged = true;
    canvas.classList.add("moving");
    if (fingers.size === 2) {
      const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const far = a => Math.hypot(a[0] - other[0], a[1] - other[1]) || 1;
      zoom(far(now) / far(before), other);
    } else pan(now[0] - before[0], now[1] - before[1]);
    fingers.set(event.pointerId, now);
  });
  const lift = event => {
    if (!dragged && event.type === "pointerup" && fingers.has(event.pointerId)) press(...inside(event));
    fingers.delete(event.pointerId);
    canvas.classList.remove("moving");
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  // A wheel that passes over the page is not meant for the map: it is when the map was clicked.
  canvas.addEventListener("wheel", event => {
    if (document.activeElement !== canvas && !event.ctrlKey) return;
    event.preventDefault();
    zoom(Math.exp(-Math.max(-240, Math.min(240, event.deltaY)) * 0.002), inside(event));
  }, { passive: false });
  canvas.addEventListener("keydown", event => {
    const keys = { ArrowLeft: () => pan(60, 0), ArrowRight: () => pan(-60, 0), ArrowUp: () => pan(0, 60), ArrowDown: () => pan(0, -60),
      "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), 0: fit };
    if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  const tool = (sign, name, action) => make("button", { type: "button", title: say(name), "aria-label": say(name), onclick: action }, sign);
  byId("map-tools").append(tool("+", "larger", () => zoom(1.5)), tool("−", "smaller", () => zoom(1 / 1.5)), tool("⤢", "fit", fit));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);
  new ResizeObserver(soon).observe(canvas);
  theme();
  canvas.labels = () => labels.all();
  return (id, ids, centred) => {
    [chosen, near] = [id, ids];
    if (centred) centre(id);
    soon();
  };
};
