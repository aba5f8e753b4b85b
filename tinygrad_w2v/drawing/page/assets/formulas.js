// A rule as an equation, with the names of this graph in the places of its letters.

const SMALL = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const small = digits => [...digits].map(digit => SMALL[digit]).join("");
const powers = text => text.replace(/\*\*(\d+)(?![\w.(])/g, (_, digits) => small(digits));

// What an op's rule gave one of its inputs.
const partOf = (number, input) =>
  value(op(number).inputs[input])?.parts?.find(each => each.op === number && each.input === input);

// What a letter of an op's rule stands for.
const meaning = (number, [role, text, position]) => {
  const it = op(number);
  if (role === "input") return { value: it.inputs[position], name: value(it.inputs[position])?.name ?? text };
  if (role === "output") {
    const key = it.outputs[position];
    return { value: key, name: value(key)?.name ?? text };
  }
  if (role === "gradient") {
    const key = it.outputs[position];
    return { value: key, gradient: value(key)?.gradient, name: value(key)?.gradient?.name ?? text };
  }
  if (role === "input_gradient") {
    const key = it.inputs[position], whole = value(key)?.gradient;
    const part = partOf(number, position);
    return { value: key, part, gradient: whole, name: part && whole ? partName(part, whole) : text };
  }
  return { name: it.parameters?.[text] ?? text };
};

// With `x**exponent` as x², where the exponent is such a number; the power 1 is not written,
// nor is a last argument that is None: sum(x).
const raised = (number, tokens) => tokens.reduce((before, token, at) => {
  const last = before.at(-1), name = token[0] === "parameter" ? meaning(number, token).name : "";
  // Without an axis softmax would mean the last one.
  const needed = tokens[at - 3]?.[1].endsWith("softmax(");
  if (name === "None" && !needed && last?.[1].endsWith(", ") && tokens[at + 1]?.[1].startsWith(")")) {
    return [...before.slice(0, -1), ["text", last[1].slice(0, -2), 0]];
  }
  if (!last?.[1].endsWith("**") || last[0] !== "text" || !/^\d+$/.test(name)) return [...before, token];
  return [...before.slice(0, -1), ["text", last[1].slice(0, -2) + (name === "1" ? "" : small(name)), 0]];
}, []);

// The array that a letter stands for.
const arrayOf = (role, found) => {
  if (role === "input" || role === "output") return value(found.value)?.array;
  if (role === "gradient") return found.gradient?.array;
  return found.part && found.gradient ? partArray(found.part, found.gradient) : null;
};

const CLASSES = { input: "of-value", output: "of-value", gradient: "of-gradient", input_gradient: "of-gradient", parameter: "of-parameter" };

const formulaView = (number, tokens) =>
  make("code", { class: "formula" }, raised(number, tokens).map((token, at, all) => {
    const [role, text] = token;
    if (role === "text") return powers(text);
    const found = meaning(number, token);
    const name = signed(found.name, at, all);
    return found.value === undefined || found.value === null
      ? named(name, CLASSES[role])
      : make("bdi", { class: CLASSES[role], "data-value": found.value }, name);
  }));

// A negative number in brackets, where its sign could be read with what is beside it: (−3)² is 9.
const signed = (text, at, tokens) => {
  const before = at > 0 ? tokens[at - 1][1] : "= ", after = tokens[at + 1]?.[1] ?? "";
  const plain = /(^|[(,=] ?)$/.test(before) && !/^(\*\*|[⁰¹²³⁴-⁹])/.test(after);
  return /^[-−][\d.∞]/.test(text) && !plain ? `(${text})` : text;
};

// The same with numbers, where every letter is one: "= 1 * 5 = 5"; else null.
const numbersView = (number, written) => {
  const tokens = raised(number, written);
  const letters = new Set(ruleOf(number).definitions.map(([left]) => left[1]));
  const sign = tokens.findIndex(token => token[0] === "text" && token[1].trim() === "=");
  if (sign < 0) return null;
  const text = token => {
    const [role, plain] = token;
    if (role === "text" && letters.has(plain)) {
      const letter = op(number).defined?.[plain];
      return letter && isScalar(letter.array) ? numberText(letter.array.numbers[0]) : null;
    }
    if (role === "text") return powers(plain);
    const found = meaning(number, token);
    if (role === "parameter") return found.name;
    const array = arrayOf(role, found);
    return isScalar(array) ? numberText(array.numbers[0]) : null;
  };
  const right = tokens.slice(sign + 1).map(text), [left] = tokens.slice(0, sign).map(text);
  if (left === null || right.some(part => part === null)) return null;
  const numbers = right.map((part, i) =>
    (tokens[sign + 1 + i][0] === "text" ? part : signed(part, sign + 1 + i, tokens))).join("");
  const single = right.length === 1 || tokens.slice(sign + 1).every(([role]) => role === "text");
  return make("code", { class: "formula numbers" }, single ? `= ${left}` : `= ${numbers} = ${left}`);
};

// The arrays of an equation side by side: what is read, an arrow, what comes of it.
const matricesView = (number, tokens) => {
  const sign = tokens.findIndex(token => token[0] === "text" && /^ \+?= $/.test(token[1]));
  const seen = new Set();
  const figures = (list, scalars) => list.flatMap(token => {
    const [role, text] = token, letter = op(number).defined?.[text];
    if (role === "text" && letter?.array?.shape.length && !seen.has(text)) {
      seen.add(text);
      return [matrixFigure(text, letter.array, "of-value")];
    }
    if (role === "text" || role === "parameter") return [];
    const found = meaning(number, token), array = arrayOf(token[0], found);
    if (!array || seen.has(found.name) || !(array.shape.length || scalars)) return [];
    seen.add(found.name);
    return [matrixFigure(found.name, array, CLASSES[token[0]])];
  });
  const right = figures(tokens.slice(sign + 1)), left = figures(tokens.slice(0, sign), right.length > 0);
  if (sign < 0 || !left.length) return null;
  return make("div", { class: "matrices" }, withArrow(right), left);
};

const equationView = (number, tokens) =>
  make("div", { class: "equation" }, formulaView(number, tokens), numbersView(number, tokens), matricesView(number, tokens));

// A letter that a rule defines: "N = ids.size = 6".
const definitionsView = (number, rule, pass) => rule.defined[pass].map(place => rule.definitions[place]).map(tokens => {
  const letter = op(number).defined?.[tokens[0][1]], single = letter && isScalar(letter.array);
  return make("div", { class: "equation definition" }, make("span", {}, formulaView(number, tokens),
    single ? make("code", { class: "formula numbers" }, ` = ${numberText(letter.array.numbers[0])}`) : null));
});

const ruleOf = number => {
  const place = op(number).rule;
  return place === null || place === undefined ? null : data.rules[place];
};
