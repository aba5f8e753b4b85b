// Finding a word: a list of what begins so, chosen by keys or by a click.

const makeSearch = (vectors, choose) => {
  const query = byId("query"), results = byId("results");
  let found = [], at = 0;
  const attributes = { role: "combobox", "aria-expanded": "false", "aria-controls": "results", "aria-autocomplete": "list" };
  for (const [name, value] of Object.entries(attributes)) query.setAttribute(name, value);
  const close = () => {
    results.hidden = true;
    query.setAttribute("aria-expanded", "false");
    query.removeAttribute("aria-activedescendant");
  };
  const mark = () => {
    [...results.children].forEach((item, i) => item.setAttribute("aria-selected", i === at));
    if (found.length) query.setAttribute("aria-activedescendant", `result-${at}`);
    results.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const take = id => {
    query.value = vectors.words[id];
    close();
    choose(id);
  };
  query.addEventListener("input", () => {
    if (!query.value) return close();
    found = vectors.find(query.value);
    at = 0;
    results.replaceChildren(...found.map((id, i) =>
      make("li", { role: "option", id: `result-${i}`, onpointerdown: event => { event.preventDefault(); take(id); } }, make("bdi", {}, vectors.words[id]))));
    if (!found.length) results.append(make("li", { class: "none" }, say("search_none")));
    results.hidden = false;
    query.setAttribute("aria-expanded", "true");
    mark();
  });
  query.addEventListener("keydown", event => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at = Math.max(0, Math.min(at + (event.key === "ArrowDown" ? 1 : -1), found.length - 1));
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (found.length && !results.hidden) take(found[at]);
    } else if (event.key === "Escape") close();
  });
  query.addEventListener("blur", close);
};
