// A chart of lines over a common axis, drawn anew for the width that it has.

// About `most` round numbers between two ends.
const ticksOf = (low, high, most, whole = false) => {
  const rough = Math.max((high - low) / most || 1, whole ? 1 : 0);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(n => n * power).find(n => n >= rough);
  const ticks = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) ticks.push(n * step);
  return ticks;
};
const short = number => {
  const size = Math.abs(number);
  if (size >= 1e9) return `${+(number / 1e9).toPrecision(3)}G`;
  if (size >= 1e6) return `${+(number / 1e6).toPrecision(3)}M`;
  if (size >= 1e4) return `${+(number / 1e3).toPrecision(3)}k`;
  return String(+number.toPrecision(4));
};
// The smallest and the largest, but for a few that would make the rest a flat line.
const rangeOf = numbers => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return [sorted[0], sorted[Math.min(Math.ceil(sorted.length * 0.995), sorted.length - 1)]];
};

// `lines`: { name, points: [[x, y], ...], colour, dots, dashed }; `level`: { name, value, colour }.
const chart = (figure, { lines, level, xName, fromZero, height = 230 }) => {
  const drawn = lines.map(line => ({ ...line, points: line.points.filter(([, y]) => y !== null) }))
    .filter(line => line.points.length);
  if (!drawn.length) return;
  const xs = drawn.flatMap(line => line.points.map(([x]) => x));
  const ys = drawn.flatMap(line => line.points.map(([, y]) => y)).concat(level ? [level.value] : []);
  let [low, high] = rangeOf(ys);
  if (fromZero) low = 0;
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  high += room;
  if (!fromZero) low -= room;
  const first = Math.min(...xs), last = Math.max(...xs);

  const readout = make("output");
  const key = ({ name, colour, dashed }) =>
    make("span", {}, make("span", { class: dashed ? "key dashed" : "key", style: `color: var(--${colour})`, "aria-hidden": "true" }), name);
  const caption = make("figcaption", {}, drawn.map(key), level ? key({ ...level, dashed: true }) : null, readout);
  const holder = make("div");
  figure.replaceChildren(caption, holder);

  const draw = () => {
    const width = Math.max(holder.clientWidth, 200), left = 50, right = 12, top = 8, bottom = 38;
    const x = value => left + (last > first ? (value - first) / (last - first) : 0.5) * (width - left - right);
    const y = value => Math.max(top, top + (high - value) / (high - low) * (height - top - bottom));
    const label = `${drawn.map(line => line.name).join(", ")}; ${xName}`;
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label });
    for (const tick of ticksOf(low, high, 4))
      svg.append(make("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
        make("text", { x: left - 7, y: y(tick) + 4, "text-anchor": "end" }, short(tick)));
    for (const tick of ticksOf(first, last, Math.max(width / 110, 3), true))
      svg.append(make("text", { x: x(tick), y: height - bottom + 17, "text-anchor": "middle" }, short(tick)));
    svg.append(make("text", { x: width - right, y: height - 5, "text-anchor": "end" }, xName));
    if (level) svg.append(make("line", { class: "level", x1: left, x2: width - right, y1: y(level.value), y2: y(level.value), style: `stroke: var(--${level.colour})` }));
    for (const line of drawn) {
      const path = line.points.map(([a, b], i) => `${i ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
      svg.append(make("path", { class: "line", d: path, style: `stroke: var(--${line.colour})`, "stroke-dasharray": line.dashed ? "2 3" : null }));
      if (line.dots || line.points.length === 1)
        for (const [a, b] of line.points) svg.append(make("circle", { cx: x(a), cy: y(b), r: 3.5, style: `fill: var(--${line.colour})` }));
    }
    const cursor = make("line", { class: "cursor", y1: top, y2: height - bottom, visibility: "hidden" });
    svg.append(cursor);
    svg.addEventListener("pointermove", event => {
      const box = svg.getBoundingClientRect();
      const at = first + (event.clientX - box.left - left) / (box.width - left - right) * (last - first);
      const near = line => line.points.reduce((best, point) => Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best);
      const [place] = near(drawn[0]);
      cursor.setAttribute("x1", x(place));
      cursor.setAttribute("x2", x(place));
      cursor.setAttribute("visibility", "visible");
      readout.textContent = `${grouped(place)}: ${drawn.map(line => short(near(line)[1])).join(", ")}`;
    });
    svg.addEventListener("pointerleave", () => {
      cursor.setAttribute("visibility", "hidden");
      readout.textContent = "";
    });
    holder.replaceChildren(svg);
  };
  draw();
  let width = holder.clientWidth;
  new ResizeObserver(() => {
    if (holder.clientWidth === width) return;
    width = holder.clientWidth;
    draw();
  }).observe(holder);
};
