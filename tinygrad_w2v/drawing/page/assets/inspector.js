// One node in full: the whole array beside its gradient, statistics, source line, rule.

const inspector = ({ select, open, openView }) => {
  const section = byId("inspector"), heading = section.querySelector("h2"), body = section.querySelector("div");
  let shown = "";
  const show = target => {
    const key = JSON.stringify(target);
    if (key === shown) return;
    shown = key;
    const content = !target ? nothing() : target.value !== undefined ? valueView(target.value, select)
      : target.op !== undefined ? opView(target.op, select) : boxView(target.box, openView);
    section.classList.toggle("empty", !target);
    heading.replaceChildren(...content.heading);
    body.replaceChildren(...content.body.filter(Boolean));
    body.scrollTop = 0;
    section.scrollTop = 0;
  };
  return { show };
};

const nothing = () => ({ heading: [say("inspector")], body: [paragraph(say("press_node"), "remark")] });

const badge = text => make("span", { class: "badge" }, text);

const valueView = (key, select) => {
  const it = value(key), made = makerOf(key);
  const scalar = isScalar(it.array);
  const blocks = [];
  if (it.array) blocks.push(block(named(it.name), it.array, "of-value", it.name));
  if (it.gradient?.array) blocks.push(block(named(it.gradient.name), it.gradient.array, "of-gradient", it.gradient.name));
  const parts = it.parts?.length > 1 ? make("details", { class: "parts" },
    make("summary", {}, say("parts", it.parts.length)),
    make("div", { class: "blocks" }, it.parts.map(part => make("div", { class: "block of-gradient" },
      make("h3", {}, named(part.name), " ", make("small", {}, say("from_op", op(part.op).text))),
      part.array ? arrayView(part.array, part.name) : null)))) : null;
  return {
    heading: [named(it.name), " ", badge(say(`kind_${it.kind}`)), it.type && it.type !== "()" ? badge(it.type) : null,
      it.array && !it.array.dtype ? badge("float64") : null].filter(Boolean),
    body: [
      made !== null ? line(say("made_by"), opLink(made, select)) : null,
      readersOf(key).length ? line(say("read_by"), ...readersOf(key).slice(0, 8).map(number => opLink(number, select))) : null,
      made !== null && op(made).site ? paragraph(op(made).site, "site") : null,
      !blocks.length && it.content ? paragraph(minus(it.content)) : null,
      make("div", { class: scalar ? "blocks scalars" : "blocks" }, blocks),
      it.array && !it.gradient && data.numbers && !data.note ? paragraph(say("no_gradient"), "remark") : null,
      parts,
    ],
  };
};

const block = (title, array, className, name) =>
  make("div", { class: `block ${className}` }, make("h3", {}, title), arrayView(array, name),
    array.statistics ? statisticsView(array) : null);

const line = (label, ...items) => make("p", { class: "links" }, make("span", { class: "label" }, label), " ", items.flatMap((item, i) => [i ? " " : null, item]));

const opLink = (number, select) =>
  make("button", { type: "button", class: "link", "data-op": number, onclick: () => select({ op: number }) }, named(op(number).text));
const valueLink = (key, select) =>
  make("button", { type: "button", class: "link", "data-value": key, onclick: () => select({ value: key }) }, named(value(key).name));

const opView = (number, select) => {
  const it = op(number), rule = ruleOf(number);
  const keys = list => [...new Set(list)].filter(key => key !== null && value(key));
  const backward = rule ? rule.backward.map((tokens, input) => partOf(number, input)?.formula ?? tokens)
    .filter((tokens, input) => tokens && (!data.numbers || value(it.inputs[input])?.gradient)) : [];
  return {
    heading: [named(it.label), " ", badge(say(it.kind === "rule" ? "kind_rule" : "kind_op")), it.scope.length ? badge(it.scope.join(" › ")) : null].filter(Boolean),
    body: [
      paragraph(it.text, "call"),
      it.site ? paragraph(it.site, "site") : null,
      line(say("reads"), ...keys(it.inputs).map(key => valueLink(key, select))),
      line(say("makes"), ...keys(it.outputs).map(key => valueLink(key, select))),
      rule ? make("h3", {}, say("forward")) : null,
      rule ? make("div", { class: "equation" }, formulaView(number, rule.forward)) : null,
      ...(rule ? definitionsView(number, rule, "forward") : []),
      backward.length ? make("h3", {}, say("backward")) : null,
      ...backward.map(tokens => make("div", { class: "equation" }, formulaView(number, tokens))),
      ...(backward.length ? definitionsView(number, rule, "backward") : []),
      rule?.note ? paragraph(say("note", rule.note), "remark") : null,
      !rule && data.numbers ? paragraph(say("no_formula", it.label), "remark") : null,
      data.numbers && !data.note && !it.backward ? paragraph(say("no_gradient_op"), "remark") : null,
    ],
  };
};

const boxView = (place, openView) => {
  const view = data.views[place], ops = view.steps.flatMap(step => step.ops ?? [step.op]);
  const counts = new Map();
  for (const number of ops) counts.set(op(number).label, (counts.get(op(number).label) ?? 0) + 1);
  return {
    heading: [named(view.title), " ", badge(say("kind_box")), badge(say("ops", ops.length))],
    body: [
      make("button", { type: "button", class: "open", onclick: () => openView(place) }, say("open", view.title)),
      make("ul", { class: "counts" }, [...counts].sort((a, b) => b[1] - a[1]).slice(0, 20)
        .map(([label, count]) => make("li", {}, named(label), count > 1 ? ` × ${count}` : ""))),
    ],
  };
};

// Who makes and who reads each value, over the whole graph.
const makers = new Map(), readers = new Map();
for (const [number, it] of Object.entries(data.ops)) {
  for (const key of it.outputs) if (key !== null) makers.set(key, Number(number));
  for (const key of new Set(it.inputs)) readers.set(key, [...(readers.get(key) ?? []), Number(number)]);
}
const makerOf = key => makers.get(Number(key)) ?? null;
const readersOf = key => readers.get(Number(key)) ?? [];
