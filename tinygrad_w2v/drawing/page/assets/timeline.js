// What is known after each step of a view: values that appeared, gradients that arrived.
//
// A view has its ops (or boxes) in order. Position 0 is the beginning; then each step forward;
// then the seed; then backward over those of the steps, in reverse, that a gradient passes.

const forever = Infinity;

const timelineOf = view => {
  const steps = view.steps.map((step, place) => {
    const ops = step.ops ?? [step.op];
    const inputs = step.inputs ?? op(step.op).inputs;
    const outputs = (step.outputs ?? op(step.op).outputs).filter(key => key !== null);
    return { ...step, place, ops, inputs, outputs, backward: ops.some(number => op(number).backward) };
  });
  const backward = steps.filter(step => step.backward).reverse();
  const seeded = backward.length > 0 || (steps.length === 0 && hasGradient(data.result));
  const forwardEnd = steps.length;
  const seedAt = seeded ? forwardEnd + 1 : forever;
  const last = seeded ? seedAt + backward.length : forwardEnd;

  // When each value of the view is made; what is not made in it is there from the beginning.
  const madeAt = new Map();
  for (const step of steps) for (const key of step.outputs) madeAt.set(key, step.place + 1);
  // When each op's rule runs. Those outside of the view that are younger ran before its seed.
  const ruleAt = new Map();
  backward.forEach((step, place) => {
    for (const number of step.ops) ruleAt.set(number, seedAt + 1 + place);
  });
  const own = new Set(steps.flatMap(step => step.ops));
  const youngest = Math.max(...own, -1);
  const arrival = number =>
    own.has(number) ? ruleAt.get(number) ?? forever : number > youngest ? seedAt : forever;

  const isKnown = (key, position) => (madeAt.get(key) ?? 0) <= position;
  // The parts of a value's gradient that are there, and whether they are all.
  const gradientAt = (key, position) => {
    const shown = value(key);
    if (!shown?.gradient) return { parts: [], whole: false };
    if (!shown.parts.length) return { parts: [], whole: position >= seedAt };
    const parts = shown.parts.filter(part => arrival(part.op) <= position);
    return { parts, whole: parts.length === shown.parts.length };
  };
  // Which step a position shows, and in which pass.
  const at = position => {
    if (position === 0) return { pass: "start" };
    if (position <= forwardEnd) return { pass: "forward", step: steps[position - 1] };
    if (position === seedAt) return { pass: "seed" };
    return { pass: "backward", step: backward[position - seedAt - 1] };
  };
  return { view, steps, backward, forwardEnd, seedAt, last, arrival, isKnown, gradientAt, at };
};

const hasGradient = key => Boolean(value(key)?.gradient);

// The text of a part on its way: its name where there are several, its number where it is one.
const partText = (part, whole) => {
  const single = isScalar(whole.array);
  if (!part.name) return single ? minus(whole.content) : whole.name;
  return single ? `${part.name} ${minus(part.content)}` : part.name;
};

// An array that arrived: a part that is the whole is not held twice.
const partArray = (part, whole) => (part.name ? part.array : whole.array);
const partName = (part, whole) => part.name ?? whole.name;
