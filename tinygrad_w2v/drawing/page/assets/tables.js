// Arrays as tables of numbers, coloured by their size: a heat map that can be read aloud, too.

const greatest = array =>
  array.numbers.reduce((most, n) => (typeof n === "number" ? Math.max(most, Math.abs(n)) : most), 0);

// A cell's colour says sign and size; the number says the rest.
const shaded = (cell, number, most) => {
  if (typeof number !== "number") return cell;
  const strength = most ? Math.round((Math.abs(number) / most) * 52) : 0;
  const hue = number < 0 ? "--negative" : "--positive";
  cell.style.background = `color-mix(in srgb, var(${hue}) ${strength}%, var(--cell))`;
  return cell;
};

// Few digits for a small table: all numbers with as many places, a power of ten beside the name.
const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const shortNumbers = array => {
  const most = greatest(array), whole = array.numbers.every(n => typeof n !== "number" || Number.isInteger(n));
  if (!most || (whole && most < 1e5)) return { write: numberText, factor: "" };
  const power = most < 0.1 || most >= 1e4 ? 3 * Math.floor(Math.log10(most) / 3) : 0;
  const places = most / 10 ** power >= 100 ? 0 : most / 10 ** power >= 10 ? 1 : 2;
  const write = n => (typeof n !== "number" ? numberText(n) : n === 0 ? "0" : numberText((n / 10 ** power).toFixed(places).replace(/^-(?=0\.?0*$)/, "")));
  return { write, factor: power ? `×10${[...String(power)].map(c => SUPERSCRIPT[c]).join("")}` : "" };
};

// Places of an axis that are shown: all of them, or some.
const placesOf = (array, axis) =>
  array.places?.[axis] ?? Array.from({ length: array.shape[axis] }, (_, place) => place);

const isSampled = array => array.numbers.length < array.shape.reduce((a, n, axis) => a * (axis || !array.rows ? n : array.rows), 1);

// The words of the rows of a slice, where there are any.
const wordsOf = (array, lead, axis) => {
  const { labels } = array;
  if (!labels || axis < 0) return null;
  if (axis >= labels.leading) return labels.others[axis - labels.leading];
  if (!labels.first || axis !== labels.leading - 1) return null;
  const count = placesOf(array, axis).length;
  const start = lead.slice(0, axis).reduce((sum, at, i) => sum * placesOf(array, i).length + at, 0);
  return labels.first.slice(start * count, start * count + count);
};

// The last two axes as rows of numbers, at places `lead` of the axes before them.
const sliceOf = (array, lead) => {
  const axes = array.shape.length;
  const counts = array.shape.map((_, axis) => placesOf(array, axis).length);
  const wide = axes ? counts[axes - 1] : 1, high = axes > 1 ? counts[axes - 2] : 1;
  const start = lead.reduce((sum, at, axis) => sum * counts[axis] + at, 0) * high * wide;
  return Array.from({ length: high }, (_, row) =>
    array.numbers.slice(start + row * wide, start + row * wide + wide));
};

const GAP = { gap: true };

// `list` with its middle left out where it is longer than `most`.
const shortened = (list, most) => {
  if (!list || list.length <= most) return list;
  const front = Math.ceil((most - 1) / 2);
  return [...list.slice(0, front), GAP, ...list.slice(list.length - (most - 1 - front))];
};

// Marks where places of an axis were left out.
const jumps = places => places.map((place, i) => i > 0 && place > places[i - 1] + 1);

const tableOf = (array, { lead = [], most = 99, caption, compact = false }) => {
  const axes = array.shape.length, scale = greatest(array);
  const rowPlaces = axes > 1 ? placesOf(array, axes - 2) : [0];
  const columnPlaces = axes ? placesOf(array, axes - 1) : [0];
  const rowWords = wordsOf(array, lead, axes - 2);
  const columnWords = wordsOf(array, lead, axes - 1);
  const rows = sliceOf(array, lead), write = compact ? shortNumbers(array).write : numberText;
  const rowSkips = jumps(rowPlaces), columnSkips = jumps(columnPlaces);
  const heading = (words, places, at, scope, skips) =>
    make("th", { scope, class: skips[at] && array.rows === undefined ? "jump" : null },
      words ? named(words[at]) : String(places[at]));
  const order = shortened([...rows.keys()], most);
  const across = shortened([...(rows[0] ?? []).keys()], most);
  const gap = () => make("td", { class: "gap", "aria-hidden": "true" }, "⋯");
  const withRows = axes > 1 && (!compact || rowWords), withColumns = axes > 0 && (!compact || columnWords);
  const table = make("table", { class: compact ? "array compact" : "array" });
  if (caption) table.append(make("caption", {}, caption));
  if (withColumns) {
    table.append(make("thead", {}, make("tr", {},
      withRows ? make("td") : null,
      across.map(at => (at === GAP ? gap() : heading(columnWords, columnPlaces, at, "col", columnSkips))))));
  }
  table.append(make("tbody", {}, order.map(at => make("tr", {},
    at === GAP
      ? [...Array(across.length + (withRows ? 1 : 0))].map(gap)
      : [withRows ? heading(rowWords, rowPlaces, at, "row", rowSkips) : null,
        across.map(c => (c === GAP ? gap() : shaded(make("td", {}, write(rows[at][c])), rows[at][c], scale)))]))));
  return table;
};

// A whole array: its last two axes, and a choice for each axis before them.
const arrayView = (array, caption) => {
  const axes = array.shape.length;
  const lead = Array(Math.max(axes - 2, 0)).fill(0);
  const holder = make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption });
  const show = () => holder.replaceChildren(
    array.numbers.length ? tableOf(array, { lead }) : make("p", {}, say("empty")));
  const choices = lead.map((_, axis) => {
    const words = wordsOf(array, lead, axis);
    const choice = make("select", { "aria-label": say("axis", axis), onchange: event => {
      lead[axis] = Number(event.target.value);
      show();
    } }, placesOf(array, axis).map((place, at) =>
      make("option", { value: at }, words ? `${place}: ${words[at]}` : String(place))));
    return make("label", {}, `${say("axis", axis)} `, choice);
  });
  show();
  return make("div", { class: "whole" },
    choices.length ? make("div", { class: "slices" }, choices) : null,
    holder,
    array.rows !== undefined ? make("p", { class: "remark" }, say("only_rows", array.shape[0])) : null,
    isSampled(array) ? make("p", { class: "remark sampled" }, say("sampled",
      array.numbers.length, array.shape.reduce((a, n, axis) => a * (axis || !array.rows ? n : array.rows), 1))) : null);
};

// A small array with its name below it, as it stands in a rule.
const matrixFigure = (name, array, className) =>
  make("figure", { class: `matrix ${className}` },
    array && array.numbers.length
      ? tableOf(array, { lead: Array(Math.max(array.shape.length - 2, 0)).fill(0), most: 4, compact: true })
      : make("span", {}, "·"),
    make("figcaption", {}, named(name), array?.shape.length > 2 ? `[${Array(array.shape.length - 2).fill(0).join(", ")}]` : null, make("small", {}, ` ${shapeText(array)}`),
      array ? make("small", {}, ` ${shortNumbers(array).factor}`) : null,
      array && isSampled(array) ? make("small", {}, ` ${say("sample")}`) : null));

// What is read, and an arrow to what comes of it; no arrow where nothing is read.
const withArrow = figures =>
  (figures.length ? [...figures, make("span", { class: "arrow", "aria-hidden": "true" }, "→")] : []);

const shapeText = array => (array ? `(${array.shape.join(", ")}${array.shape.length === 1 ? "," : ""})` : "");

const statisticsView = array => {
  const [zeros, notFinite, ...others] = array.statistics;
  const entries = [...others.map((text, i) => [["min", "max", "mean", "std", "norm"][i], text]), ["zeros", zeros]];
  if (notFinite) entries.push(["not_finite", notFinite]);
  return make("dl", { class: "statistics" }, entries.map(([name, text]) =>
    make("div", { class: name === "not_finite" ? "bad" : null },
      make("dt", {}, say(`stat_${name}`)), make("dd", {}, minus(String(text))))));
};
