// What the step that is shown does, in words, as an equation and with its numbers.

const stepPanel = open => {
  const heading = byId("step").querySelector("h2"), caption = byId("caption"), rule = byId("rule");
  return (timeline, position) => {
    const { pass, step } = timeline.at(position);
    heading.textContent = headingOf(timeline, position);
    const { text, body } = {
      start: () => started(timeline),
      forward: () => (step.view ? boxForward(step, open) : opForward(step.ops[0])),
      seed: () => seeded(timeline, position),
      backward: () => (step.view ? boxBackward(step, timeline, position, open) : opBackward(step, timeline, position)),
    }[pass]();
    caption.textContent = text;
    rule.replaceChildren(...body.filter(Boolean), ...(position === timeline.last && position > 0 ? ended(timeline) : []));
  };
};

const headingOf = (timeline, position) => {
  const { forwardEnd, seedAt, backward } = timeline, { pass } = timeline.at(position);
  if (pass === "start") return say("at_start");
  if (pass === "forward") return say("at_forward", position, forwardEnd);
  if (pass === "seed") return say("at_seed");
  return say("at_backward", position - seedAt, backward.length);
};

const paragraph = (text, className) => make("p", { class: className }, text);

const started = timeline => ({
  text: !timeline.steps.length ? say("start_leaf") : data.numbers ? say("start_text", timeline.forwardEnd) : say("start_plain", timeline.forwardEnd),
  body: [data.note ? paragraph(say("no_backward", data.note), "remark") : null],
});

// ---------------------------------------------------------------- forward
const opForward = number => {
  const it = op(number), rule = ruleOf(number);
  const names = it.outputs.filter(key => key !== null).map(key => value(key).name).join(say("comma"));
  const body = [];
  if (!rule) body.push(paragraph(`${names} = ${it.text}`, "call"));
  if (rule) body.push(equationView(number, rule.forward), ...definitionsView(number, rule, "forward"));
  else if (data.numbers) body.push(figuresOf(it.inputs, it.outputs));
  return { text: say("forward_text", it.label, names), body };
};

const figuresOf = (inputs, outputs) => {
  const figures = keys => [...new Set(keys)].filter(key => value(key)?.array?.shape.length)
    .slice(0, 4).map(key => matrixFigure(value(key).name, value(key).array, "of-value"));
  const after = figures(outputs.filter(key => key !== null));
  return after.length ? make("div", { class: "matrices" }, withArrow(figures(inputs)), after) : null;
};

const openButton = (step, open) =>
  make("button", { type: "button", class: "open", onclick: () => open(step.view) }, say("open", step.box));

const boxForward = (step, open) => ({
  text: step.kind === "run" ? say("forward_run", step.ops.length) : say("forward_box", step.box, step.ops.length),
  body: [
    figuresOf([], step.outputs),
    openButton(step, open),
  ],
});

// ---------------------------------------------------------------- backward
const seeded = (timeline, position) => {
  const { view } = timeline;
  if (view.parent !== null && !timeline.steps.some(step => step.outputs.includes(data.result))) return { text: say("seed_inside", view.title), body: arrivedFromOutside(timeline, position) };
  const g = value(data.result).gradient;
  return {
    text: say("seed_text", g.name, value(data.result).name),
    body: [make("div", { class: "equation" }, make("code", { class: "formula" },
      make("bdi", { class: "of-gradient", "data-value": data.result }, g.name), ` = ${minus(g.content)}`))],
  };
};

const arrivedFromOutside = (timeline, position) => timeline.steps.flatMap(step => step.outputs)
  .filter(key => value(key)?.gradient && timeline.gradientAt(key, position).parts.length)
  .map(key => {
    const { parts, whole } = timeline.gradientAt(key, position), g = value(key).gradient;
    return whole ? matrixFigure(g.name, g.array, "of-gradient")
      : make("div", {}, parts.map(part => matrixFigure(partName(part, g), partArray(part, g), "of-gradient")));
  });

const opBackward = (step, timeline, position) => {
  const number = step.ops[0], it = op(number), rule = ruleOf(number);
  const body = [];
  let copies = 0, sent = 0;
  it.inputs.forEach((key, input) => {
    const part = partOf(number, input);
    if (!part) return;
    sent += 1;
    const tokens = part.formula ?? rule?.backward[input];
    if (rule?.copies[input] && !part.formula) copies += 1;
    if (tokens) body.push(equationView(number, tokens));
    else body.push(withoutFormula(it, key, part));
    if (part.formula) body.push(paragraph(say("broadcast", value(key).name), "remark"));
  });
  if (rule) body.push(...definitionsView(number, rule, "backward"), rule.note ? paragraph(say("note", rule.note), "remark") : null);
  else body.push(paragraph(say("no_formula", it.label), "remark"));
  if (copies) body.unshift(paragraph(say(copies > 1 ? "copied_all" : "copied", it.label), "copied"));
  body.push(...sums(step, timeline, position));
  if (it.site) body.push(paragraph(it.site, "site"));
  return { text: say(sent ? "backward_text" : "backward_none", it.label, partNames(step)), body };
};

// Names in a row, the middle left out where they are many.
const MOST_NAMES = 8;
const partNames = step => {
  const names = [...new Set(step.inputs)].flatMap(key => (value(key)?.parts ?? [])
    .filter(part => step.ops.includes(part.op)).map(part => partName(part, value(key).gradient)));
  return shortened(names, MOST_NAMES).map(name => (name === GAP ? "…" : name)).join(say("comma"));
};

const withoutFormula = (it, key, part) => {
  const whole = value(key).gradient, array = partArray(part, whole);
  const from = it.outputs.filter(output => value(output)?.gradient)
    .map(output => matrixFigure(value(output).gradient.name, value(output).gradient.array, "of-gradient"));
  const text = isScalar(array) ? ` = ${numberText(array.numbers[0])}` : "";
  return make("div", { class: "equation" },
    make("code", { class: "formula" }, make("bdi", { class: "of-gradient", "data-value": key }, partName(part, whole)), text),
    array?.shape.length ? make("div", { class: "matrices" }, withArrow(from),
      matrixFigure(partName(part, whole), array, "of-gradient")) : null);
};

// The parts of a gradient that arrive at this step, added to those that were there.
const sums = (step, timeline, position) => [...new Set(step.inputs)].flatMap(key => {
  const shown = value(key);
  if (!shown?.gradient || shown.parts.length < 2) return [];
  const { parts, whole } = timeline.gradientAt(key, position);
  const fresh = part => timeline.arrival(part.op) === position;
  if (!parts.some(fresh)) return [];
  const { gradient } = shown, single = isScalar(gradient.array), missing = shown.parts.length - parts.length;
  const chips = shortened(parts, MOST_NAMES).flatMap((part, i) => part === GAP
    ? [make("span", { class: "plus" }, "+ …")] : [i ? make("span", { class: "plus" }, "+") : null,
    make("span", { class: `chip${fresh(part) ? " fresh" : ""}` }, named(part.name),
      single ? make("b", {}, ` ${minus(part.content)}`) : null)]);
  if (missing) chips.push(make("span", { class: "plus" }, "+"), make("span", { class: "chip waiting" }, say("waiting", missing)));
  const total = single ? minus(parts.at(-1).sum) : null;
  return [make("div", { class: "sum" },
    paragraph(say("sum_text", shown.name, shown.parts.length), "remark"),
    make("div", { class: "chips" }, make("bdi", { class: "of-gradient" }, gradient.name), " = ", chips,
      total !== null ? make("b", {}, ` ${missing ? "→" : "="} ${total}`) : null),
    !single && whole ? make("div", { class: "matrices" },
      parts.slice(0, 4).flatMap((part, i) => [i ? make("span", { class: "arrow" }, "+") : null,
        matrixFigure(part.name, part.array, "of-gradient")]),
      parts.length > 4 ? make("span", { class: "arrow" }, "+ …") : null,
      make("span", { class: "arrow" }, "="), matrixFigure(gradient.name, gradient.array, "of-gradient")) : null)];
});

const boxBackward = (step, timeline, position, open) => ({
  text: say("backward_box", step.box, partNames(step) || "…"),
  body: [...sums(step, timeline, position).slice(0, 6), openButton(step, open)],
});

// ---------------------------------------------------------------- the end
const ended = timeline => {
  if (timeline.seedAt === forever) {
    return data.note ? [paragraph(say("no_backward", data.note), "remark")] : [];
  }
  const passed = timeline.steps.filter(step => !step.backward && !step.view).map(step => op(step.ops[0]).text);
  const shown = passed.slice(0, 5).join(say("comma")) + (passed.length > 5 ? `${say("comma")}…` : "");
  return [paragraph(say("done"), "remark"), passed.length ? paragraph(say("passed_over", passed.length, shown), "remark") : null].filter(Boolean);
};
