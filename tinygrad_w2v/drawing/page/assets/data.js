// The graph as data, the words of the page's language, and how elements are made of them.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);

// Words with {0}, {1} in them, filled in.
const say = (key, ...values) =>
  data.words[key].replace(/\{(\d)\}/g, (_, place) => values[place] ?? "");

const SVG = byId("canvas").firstElementChild.namespaceURI;
const SVG_TAGS = new Set(["svg", "g", "path", "rect", "text", "tspan", "defs", "marker", "circle"]);

// An element: attributes that begin with "on" are listeners, children that are strings are text.
const make = (tag, attributes = {}, ...children) => {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined));
  return element;
};

// A text of the user's: whatever direction it is written in, it does not turn what is around it.
const named = (text, className) => make("bdi", { class: className }, text);

// A button that shows an icon and says what it does.
const iconButton = (icon, label, action, attributes = {}) =>
  make("button", { type: "button", title: label, "aria-label": label, onclick: action, ...attributes },
    ICONS[icon] ? make("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, make("path", { d: ICONS[icon] }))
      : make("span", { "aria-hidden": "true" }, icon));

// Drawn, so that no font has to have them.
const ICONS = {
  first: "M3 3v10M13 3.5v9L6 8z", back: "M11 3v10L4 8z", next: "M5 3v10l7-5z", last: "M13 3v10M3 3.5v9L10 8z",
  play: "M4.5 2.5v11l8.5-5.5z", pause: "M4.5 3v10M11.5 3v10", larger: "M8 3v10M3 8h10", smaller: "M3 8h10",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3", theme: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
};

for (const view of data.views) {
  for (const node of view.nodes) {
    node.kind ??= data.values[node.value].kind;
    node.title ??= data.values[node.value].name;
  }
}

const value = key => data.values[key];
const op = number => data.ops[number];
const isScalar = array => array !== null && array !== undefined && array.numbers.length === 1
  && array.shape.every(n => n === 1);

const columns = text => {
  let width = 0;
  for (const character of text) width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/.test(character) ? 2 : 1;
  return width;
};

// `text` cut to a number of columns.
const cut = (text, most) => {
  if (columns(text) <= most) return text;
  let kept = "";
  for (const character of text) {
    if (columns(kept + character) > most - 1) break;
    kept += character;
  }
  return kept + "…";
};

const NOT_FINITE = { nan: "nan", inf: "∞", "-inf": "−∞" };
const numberText = number => {
  // Whole numbers below a million are exact, larger ones have four digits, which is seen.
  if (typeof number === "number") return (Math.abs(number) < 1e6 ? String(number) : number.toExponential()).replace(/-/, "−").replace("e+", "e");
  if (typeof number === "boolean") return number ? "1" : "0";
  if (!(number in NOT_FINITE)) return String(number).replace("-", "−");
  return NOT_FINITE[number];
};
// Numbers that Python wrote: with a real minus sign.
const minus = text => text.replace(/(^|[\s[(,])-(?=[\d.])/g, "$1−");
