// The page: which view is shown, at which position, and what is selected.

const timelines = data.views.map(() => null), positions = data.views.map(() => 0);
const timelineAt = place => (timelines[place] ??= timelineOf(data.views[place]));
let place = 0, drawing = null, selected = null, lit = [];

document.title = data.title;
byId("title").replaceChildren(named(data.title));

// ---------------------------------------------------------------- moving
const update = ({ follow = true } = {}) => {
  const timeline = timelineAt(place), position = positions[place];
  const active = drawing.show(position);
  showStep(timeline, position);
  player.show(timeline, position);
  const { pass, step } = timeline.at(position);
  document.body.dataset.pass = pass;
  const complete = pass === "seed" ? [data.result] : pass !== "backward" ? []
    : step.inputs.filter(key => value(key)?.parts?.length && timeline.gradientAt(key, position).whole);
  listing.current(step ? step.ops : [], pass === "backward" || pass === "seed", complete);
  if (follow && active.length) zoom.follow(...active[0].node.at);
  light();
};
const to = position => {
  positions[place] = Math.max(0, Math.min(position, timelineAt(place).last));
  update();
};
const move = by => to(positions[place] + by);

// ---------------------------------------------------------------- views
const draw = next => {
  place = next;
  drawing = drawingOf(timelineAt(place), { onselect: pressed, onhover: hovered });
  zoom.show(drawing.svg, data.views[place]);
  trail();
  clearTimeout(waiting);
  panel.show(selected); // not the box that was pointed at: the reader is in it
  update({ follow: false });
};
// A box opens where the reader is: before its values, after them, or after its gradients.
const openView = next => {
  const { parent } = data.views[next];
  if (parent === place && parent !== null) {
    const outer = timelineAt(parent), inner = timelineAt(next);
    const box = outer.steps.find(step => step.view === next), position = positions[parent];
    const { pass, step } = outer.at(position);
    if (step === box) positions[next] = pass === "backward" ? Math.min(inner.seedAt, inner.last) : 0;
    else if (box.ops.some(number => outer.arrival(number) <= position)) positions[next] = inner.last;
    else positions[next] = position > box.place ? inner.forwardEnd : 0;
  }
  draw(next);
  byId("canvas").querySelector("[tabindex]")?.focus({ preventScroll: true });
};
// Out of a box, to it.
const up = () => {
  const left = place;
  if (data.views[left].parent === null) return;
  draw(data.views[left].parent);
  byId("canvas").querySelector(`[data-box="${left}"]`)?.focus({ preventScroll: true });
};
const trail = () => {
  const path = [];
  for (let at = place; at !== null; at = data.views[at].parent) path.unshift(at);
  const name = at => (at === 0 ? say("whole") : data.views[at].title);
  byId("trail").setAttribute("aria-label", say("trail"));
  byId("trail").replaceChildren(...(data.views.length === 1 ? [] : path.flatMap((at, i) => [
    i ? make("span", { "aria-hidden": "true" }, "›") : null,
    at === place ? make("span", { "aria-current": "page" }, named(name(at)))
      : make("button", { type: "button", onclick: () => draw(at) }, named(name(at))),
  ]).filter(Boolean)));
};
// The view that shows an op or a value as a node of its own.
const viewOf = target => {
  const shows = at => {
    const { steps } = timelineAt(at);
    if (target.op !== undefined) return steps.some(step => !step.view && step.ops[0] === target.op);
    return data.views[at].nodes.some(node => node.value === target.value && node.kind !== "reference");
  };
  return [place, ...data.views.keys()].find(shows) ?? place;
};

// ---------------------------------------------------------------- selecting
const pressed = (node, step) => {
  if (step?.view) openView(step.view);
  else select(step ? { op: step.ops[0] } : { value: node.value }, null, false);
};
const targetOf = (node, step) => (!node ? null : step?.view ? { box: step.view } : step ? { op: step.ops[0] } : node.value !== undefined ? { value: node.value } : null);
let waiting = 0;
const hovered = (node, step) => hover(targetOf(node, step));
const hover = target => {
  clearTimeout(waiting);
  light(target);
  waiting = setTimeout(() => panel.show(target ?? selected), target ? 140 : 400);
};
const select = (target, word = null, travel = true) => {
  if (travel) {
    const there = viewOf(target);
    if (there !== place) draw(there);
  }
  clearTimeout(waiting);
  selected = target;
  panel.show(target);
  light();
  const item = drawing.nodes.find(each => matches(each.element, target));
  if (travel && item) zoom.follow(...item.node.at);
  if (matchMedia("(max-width: 759px)").matches) byId("inspector").scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  if (word) for (const cell of byId("inspector").querySelectorAll("th")) cell.classList.toggle("found", cell.textContent === word);
};
const matches = (element, target) => target && (target.op !== undefined
  ? element.dataset.op === String(target.op) : target.value !== undefined
    ? element.dataset.value === String(target.value) : element.dataset.box === String(target.box));
// Nodes, lines and letters of what is pointed at, or selected, light up together.
const light = target => {
  for (const element of lit) element.classList.remove("lit", "selected");
  lit = [];
  for (const [what, name] of [[selected, "selected"], [target, "lit"]]) {
    if (!what) continue;
    const [kind] = Object.keys(what);
    for (const element of document.querySelectorAll(`[data-${kind}="${what[kind]}"]`)) {
      element.classList.add(name);
      lit.push(element);
    }
  }
};

// ---------------------------------------------------------------- the parts
const zoom = zoomOf(byId("canvas"), move);
const showStep = stepPanel(openView);
const panel = inspector({ select, openView });
const listing = listingPanel({ select, hover });
const search = searchField({ select, openView });
const player = playerBar({ move, to });

const stored = { get: () => { try { return localStorage.getItem("theme"); } catch { return null; } },
  set: theme => { try { localStorage.setItem("theme", theme); } catch { /* a frame without storage */ } } };
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = chosen => { document.documentElement.dataset.theme = chosen; };
theme(stored.get() ?? (dark.matches ? "dark" : "light"));
dark.addEventListener("change", () => stored.get() ?? theme(dark.matches ? "dark" : "light"));
const turn = () => {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  theme(next);
  stored.set(next);
};
const toggleText = () => {
  const hidden = document.body.classList.toggle("no-text");
  byId("text").setAttribute("aria-pressed", String(!hidden));
};
const help = byId("help");
help.append(make("h2", {}, say("help")), make("dl", {}, data.words.keys.split("\n").flatMap(entry => {
  const [keys, what] = entry.split("\t");
  return [make("dt", {}, keys.split(" ").map(key => make("kbd", {}, key))), make("dd", {}, what)];
})), make("p", {}, say("legend_note")), make("form", { method: "dialog" }, make("button", {}, say("close"))));
const toggleHelp = () => (help.open ? help.close() : help.showModal());

byId("tools").setAttribute("aria-label", say("tools"));
byId("tools").append(
  iconButton(say("text"), say("text_hint"), toggleText, { id: "text", "aria-pressed": "true" }),
  iconButton("theme", say("theme"), turn, { id: "theme" }),
  iconButton("?", say("help"), toggleHelp, { id: "ask" }));
byId("zoom").setAttribute("aria-label", say("zoom"));
byId("zoom").append(
  iconButton("larger", say("larger"), zoom.larger, { id: "larger" }),
  iconButton("smaller", say("smaller"), zoom.smaller, { id: "smaller" }),
  iconButton("fit", say("fit"), zoom.fit, { id: "fit" }));
byId("stage").setAttribute("aria-label", say("stage"));
byId("skip").textContent = say("skip");
byId("skip").addEventListener("click", () => byId(byId("next").disabled ? "back" : "next").focus());
if (data.note) { byId("message").textContent = say("no_backward", data.note); byId("message").hidden = false; }

listenToKeys({
  ArrowRight: () => { player.stop(); move(1); }, ArrowLeft: () => { player.stop(); move(-1); },
  Home: () => { player.stop(); to(0); }, End: () => { player.stop(); to(timelineAt(place).last); },
  " ": player.play, "+": zoom.larger, "=": zoom.larger, "-": zoom.smaller, 0: zoom.fit, w: zoom.width,
  "/": search.focus, t: toggleText, d: turn, "?": toggleHelp, Escape: up,
});
panel.show(null);
draw(0);
