// One view as SVG: nodes that can be pressed, edges, and what each of them says at a position.

const TITLE_WIDTH = 7.3, DETAIL_WIDTH = 5.8, TITLE_HIGH = 17, DETAIL_HIGH = 13;
const acrossPage = data.direction === "TB";

const drawingOf = (timeline, { onselect, onhover }) => {
  const { view } = timeline;
  const nodes = view.nodes.map((node, i) => nodeOf(node, i, timeline, onselect, onhover));
  const edges = view.edges.map(([tail, head, path, x, y]) => edgeOf(view.nodes[tail], view.nodes[head], path, x, y));
  placeParts(edges, timeline);
  const frames = view.frames.map(([name, x, y, width, height]) =>
    make("g", { class: "frame" },
      make("rect", { x, y, width, height, rx: 8 }),
      make("text", { x: x + 9, y: y + 15 }, cut(name, (width - 14) / 6.4))));
  const svg = make("svg", { viewBox: `-12 -12 ${view.width + 24} ${view.height + 24}`,
    role: "group", "aria-label": data.title }, arrowHeads(),
    make("g", { class: "frames" }, frames),
    make("g", { class: "edges" }, edges.map(edge => edge.element)),
    make("g", { class: "nodes" }, nodes.map(node => node.element)));
  return { svg, nodes, edges, timeline, show: position => show(nodes, edges, timeline, position) };
};

const arrowHeads = () => make("defs", {}, [["ahead", "arrow"], ["behind", "arrow back"]].map(([id, className]) =>
  make("marker", { id, class: className, viewBox: "0 0 8 8", refX: 7.4, refY: 4, markerWidth: 7, markerHeight: 7,
    markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" }, make("path", { d: "M0 .8L8 4L0 7.2z" }))));

// ---------------------------------------------------------------- nodes
const nodeOf = (node, place, timeline, onselect, onhover) => {
  const [x, y, width, height] = node.at, isOp = node.step !== undefined;
  const step = isOp ? timeline.steps[node.step] : null;
  const small = node.kind === "reference" || node.kind === "number";
  const radius = isOp ? 6 : small ? 8 : Math.min(height / 2, 16);
  const lines = make("text", { "text-anchor": "middle" });
  const element = make("g", {
    class: `node ${isOp ? "op" : "value"} ${node.kind}${small ? " small" : ""}`,
    transform: `translate(${x} ${y})`,
    "data-value": node.value, "data-op": step && !step.view ? step.ops[0] : undefined,
    "data-box": step?.view,
    role: node.value === undefined && !isOp ? "img" : "button",
    tabindex: node.value === undefined && !isOp ? undefined : "0",
    onclick: () => onselect(node, step),
    onkeydown: event => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      onselect(node, step);
    },
    onpointerenter: event => event.pointerType === "mouse" && onhover(node, step),
    onpointerleave: event => event.pointerType === "mouse" && onhover(null),
  }, make("rect", { class: "body", x: -width / 2, y: -height / 2, width, height, rx: radius }),
  node.kind === "result" ? make("rect", { class: "inner", x: -width / 2 + 3, y: -height / 2 + 3, width: width - 6, height: height - 6, rx: Math.max(radius - 3, 3) }) : null,
  step?.view ? make("path", { class: "opens", d: `M${width / 2 - 11} ${-height / 2 + 5}h6v6M${width / 2 - 5} ${-height / 2 + 5}l-6 6` }) : null,
  lines);
  const slots = 1 + (isOp || node.value === undefined ? node.details.length : small ? 0 : detailCount(node.value));
  return { node, step, element, lines, small, isOp, slots, place };
};

const detailCount = key => {
  const shown = value(key);
  return (firstDetail(key) ? 1 : 0) + (shown.gradient ? 1 : 0);
};

// Type and numbers in short.
const firstDetail = key => {
  const it = value(key);
  return [it.type === "()" ? "" : it.type, minus(it.content ?? "")].filter(Boolean).join("  ");
};

const write = (item, texts) => {
  const { node, lines, small, slots } = item;
  const first = small ? DETAIL_HIGH : TITLE_HIGH;
  const width = node.at[2] - (small ? 8 : 14);
  let y = -(first + DETAIL_HIGH * (slots - 1)) / 2;
  lines.replaceChildren(...texts.map(([text, className], place) => {
    const high = place === 0 ? first : DETAIL_HIGH;
    y += high;
    return make("tspan", { x: 0, y: y - high * 0.28, class: className },
      cut(text, width / (place === 0 && !small ? TITLE_WIDTH : DETAIL_WIDTH) + 0.5));
  }));
};

const textsOf = (item, timeline, position) => {
  const { node, isOp, small } = item;
  if (isOp || node.value === undefined) return [[node.title, "title"], ...node.details.map(text => [text, "detail"])];
  if (small) return [[node.title, "title"]];
  const known = timeline.isKnown(node.value, position);
  const type = value(node.value).type;
  const texts = [[node.title, "title"]];
  if (firstDetail(node.value)) texts.push([known ? firstDetail(node.value) : type === "()" ? "" : type, "detail"]);
  const text = gradientText(node.value, timeline, position);
  if (text) texts.push([text, "gradient"]);
  return texts;
};

// The gradient at a node: "gx  5", or the parts that came so far.
const gradientText = (key, timeline, position) => {
  const whole = value(key)?.gradient;
  if (!whole) return "";
  const { parts, whole: complete } = timeline.gradientAt(key, position);
  if (!complete && !parts.length) return "";
  const just = parts.some(part => timeline.arrival(part.op) === position);
  const several = value(key).parts.length > 1;
  if (complete && !(several && just)) return `${whole.name}  ${minus(whole.content)}`;
  const single = isScalar(whole.array);
  // Many numbers would not fit: their sum so far.
  if (value(key).parts.length > 3) {
    const soFar = single ? minus(parts.at(-1).sum) : partName(parts.at(-1), whole);
    return complete ? `${whole.name}  ${minus(whole.content)}` : `${whole.name}  ${soFar} + …`;
  }
  const sum = parts.map((part, i) => {
    const text = single ? minus(part.content ?? whole.content) : partName(part, whole);
    return i > 0 && text.startsWith("−") ? `(${text})` : text;
  }).join(" + ") + (complete ? "" : " + …");
  return single ? `${whole.name}  ${sum}${complete ? ` = ${minus(whole.content)}` : ""}` : `${whole.name} = ${sum}`;
};

// ---------------------------------------------------------------- edges
const edgeOf = (tail, head, path, x, y) => {
  const line = make("path", { class: "line", d: path, "marker-end": "url(#ahead)" });
  const back = make("path", { class: "back", d: path, "marker-start": "url(#behind)",
    transform: acrossPage ? "translate(5 0)" : "translate(0 5)" });
  const note = make("text", { class: "note" });
  const element = make("g", { class: "edge" }, line, back, note);
  return { tail, head, element, line, note, place: x === undefined ? null : [x, y], part: undefined };
};

// Which part travels on each edge from a value to an op: the second edge carries the second one.
const placeParts = (edges, timeline) => {
  const counts = new Map();
  for (const edge of edges) {
    const { tail, head } = edge;
    if (tail.value === undefined || head.step === undefined) continue;
    const step = timeline.steps[head.step], id = `${tail.value} ${head.step}`;
    const at = counts.get(id) ?? 0;
    counts.set(id, at + 1);
    const parts = (value(tail.value).parts ?? []).filter(part => step.ops.includes(part.op));
    edge.part = step.view ? undefined : parts[at];
    edge.sends = parts.length > 0;
  }
};

const writeNote = edge => {
  const whole = value(edge.tail.value)?.gradient;
  if (!edge.part || !whole) return;
  if (!edge.place) {
    const middle = edge.line.getPointAtLength(edge.line.getTotalLength() / 2);
    edge.place = [middle.x + 9, middle.y + 3];
    edge.note.setAttribute("text-anchor", "start");
  }
  edge.note.setAttribute("x", edge.place[0] + (acrossPage ? 5 : 0));
  edge.note.setAttribute("y", edge.place[1] + (acrossPage ? 3.5 : 19));
  edge.note.textContent = partText(edge.part, whole);
};

// ---------------------------------------------------------------- a position
const show = (nodes, edges, timeline, position) => {
  const { pass, step } = timeline.at(position);
  const roomy = edges.length <= 200;
  const active = new Set();
  for (const item of nodes) {
    const { node, element } = item, list = element.classList;
    if (item.isOp) {
      const forward = position >= item.step.place + 1;
      const ran = item.step.ops.some(number => timeline.arrival(number) <= position);
      const now = step === item.step;
      list.toggle("done", forward);
      list.toggle("ran", ran);
      list.toggle("active", now);
      list.toggle("backward", now && pass === "backward");
      if (now) active.add(item);
    } else if (node.value !== undefined) {
      const known = timeline.isKnown(node.value, position);
      const { parts, whole } = timeline.gradientAt(node.value, position);
      const made = pass === "forward" && step.outputs.includes(node.value);
      const reached = (pass === "backward" && step.inputs.includes(node.value) && (parts.length || whole))
        || (pass === "seed" && whole);
      list.toggle("known", known);
      list.toggle("sent", whole || parts.length > 0);
      list.toggle("active", Boolean(made || reached));
      list.toggle("backward", Boolean(reached));
    }
    const texts = textsOf(item, timeline, position), key = JSON.stringify(texts);
    if (item.written !== key) {
      write(item, texts);
      item.written = key;
    }
    const label = labelOf(item, timeline, position);
    if (item.label !== label) {
      element.setAttribute("aria-label", label);
      item.label = label;
    }
  }
  for (const edge of edges) {
    const { tail, head, element } = edge, list = element.classList;
    const reader = head.step !== undefined ? timeline.steps[head.step] : null;
    const maker = tail.step !== undefined ? timeline.steps[tail.step] : null;
    const now = step && (reader === step || maker === step);
    const arrived = reader
      ? edge.sends && reader.ops.some(number => timeline.arrival(number) <= position)
      : maker && head.value !== undefined && (g => g.whole || g.parts.length > 0)(timeline.gradientAt(head.value, position))
        && maker.backward && (timeline.backward.includes(maker));
    list.toggle("flowed", reader ? position >= reader.place + 1 : maker ? position >= maker.place + 1 : false);
    list.toggle("returned", Boolean(arrived));
    list.toggle("active", Boolean(now));
    list.toggle("backward", Boolean(now && pass === "backward"));
    const noted = arrived && reader && edge.part && (roomy || now);
    if (noted && !edge.noted) writeNote(edge);
    if (!noted && edge.noted) edge.note.textContent = "";
    edge.noted = Boolean(noted);
  }
  return [...active];
};

// What a reader who does not see the node is told of it.
const labelOf = (item, timeline, position) => {
  const { node, step, isOp } = item;
  if (isOp) return step.view ? say("aria_box", node.title, step.ops.length) : say("aria_op", node.title, op(step.ops[0])?.text ?? "");
  if (node.value === undefined) return node.title;
  const texts = textsOf(item, timeline, position).slice(1).map(([text]) => text).filter(Boolean);
  return say("aria_value", value(node.value).name, say(`kind_${value(node.value).kind}`), texts.join(", "));
};
