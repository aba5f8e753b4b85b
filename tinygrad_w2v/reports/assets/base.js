// The page as data, the words of its language, and how elements are made of them.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);

// Words with {0}, {1} in them, filled in.
const say = (key, ...values) => data.words[key].replace(/\{(\d)\}/g, (_, place) => values[place] ?? "");

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "path", "line", "text", "circle", "rect"]);

// An element: attributes that begin with "on" are listeners, children that are strings are text.
const make = (tag, attributes = {}, ...children) => {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined));
  return element;
};

// A colour of the theme that is shown now; a canvas knows no variables.
const colour = name => {
  const probe = make("span", { style: `color: var(--${name})` });
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};

const grouped = number => number.toLocaleString("en-US");
