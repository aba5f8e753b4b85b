// A field that finds values, ops, modules and the words of labels.

const searchField = ({ select, openView }) => {
  const form = byId("search");
  const results = make("ul", { id: "results", role: "listbox", "aria-label": say("search"), hidden: true });
  const field = make("input", { type: "search", id: "query", placeholder: say("search"), "aria-label": say("search_label"),
    role: "combobox", "aria-controls": "results", "aria-expanded": "false", autocomplete: "off", spellcheck: "false" });
  form.setAttribute("aria-label", say("search_label"));
  form.append(field, results);
  const entries = entriesOf(select, openView);
  let found = [], chosen = 0;
  const draw = () => {
    results.replaceChildren(...found.map((entry, i) => make("li", { role: "option", id: `result${i}`, "aria-selected": String(i === chosen),
      onpointerdown: event => { event.preventDefault(); take(i); } },
    named(entry.name), make("small", {}, ` ${entry.what}`))));
    if (field.value && !found.length) results.append(make("li", { class: "none" }, say("nothing_found")));
    results.hidden = !field.value;
    field.setAttribute("aria-expanded", String(!results.hidden));
    if (found.length) field.setAttribute("aria-activedescendant", `result${chosen}`);
    else field.removeAttribute("aria-activedescendant");
    results.children[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const look = () => {
    const wanted = field.value.trim().toLowerCase();
    const rank = name => (name === wanted ? 0 : name.startsWith(wanted) ? 1 : 2);
    found = wanted ? entries.filter(entry => entry.text.includes(wanted))
      .sort((a, b) => rank(a.text) - rank(b.text)).slice(0, 30) : [];
    chosen = 0;
    draw();
  };
  const take = i => {
    if (!found[i]) return;
    const entry = found[i];
    field.value = "";
    look();
    byId("inspector").focus({ preventScroll: true });
    entry.go();
  };
  field.addEventListener("input", look);
  field.addEventListener("blur", () => { results.hidden = true; field.setAttribute("aria-expanded", "false"); });
  field.addEventListener("keydown", event => {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    event.stopPropagation();
    if (moves[event.key] && found.length) chosen = (chosen + moves[event.key] + found.length) % found.length;
    else if (event.key === "Escape") { field.value = ""; look(); field.blur(); return; }
    else return;
    event.preventDefault();
    draw();
  });
  form.addEventListener("submit", event => { event.preventDefault(); take(chosen); });
  return { focus: () => { field.focus(); field.select(); } };
};

const entriesOf = (select, openView) => {
  const entries = [];
  const add = (name, what, go) => entries.push({ name, what, go, text: name.toLowerCase() });
  const words = new Map();
  for (const [key, it] of Object.entries(data.values)) {
    if (it.kind === "number" || it.kind === "bundle") continue;
    add(it.name, `${say(`kind_${it.kind}`)} ${it.type}`, () => select({ value: Number(key) }));
    if (it.gradient) add(it.gradient.name, say("gradient_of", it.name), () => select({ value: Number(key) }));
    const labels = it.array?.labels;
    if (!labels) continue;
    for (const word of [...(labels.first ?? []), ...labels.others.flatMap(list => list ?? [])]) {
      const already = words.get(word) ?? new Set();
      if (already.size < 4 && !already.has(it.name)) add(word, say("word_of", it.name), () => select({ value: Number(key) }, word));
      words.set(word, already.add(it.name));
    }
  }
  for (const [number, it] of Object.entries(data.ops)) add(it.label, it.text, () => select({ op: Number(number) }));
  data.views.forEach((view, place) => view.parent !== null && add(view.title, say("kind_box"), () => openView(place)));
  return entries;
};
