// Questions to the server that this page came from; what it answers is set as text.

const ask = async (name, query) => {
  const response = await fetch(`${name}?${new URLSearchParams(query)}`);
  return response.json();
};
const near = (pairs, form) => make("ol", { class: "near" }, pairs.map(([word, cosine]) =>
  make("li", {}, make("button", { type: "button", onclick: () => follow(word) },
    make("bdi", {}, word),
    make("span", { class: "bar", style: `width: ${Math.max(cosine, 0) * 100}%`, "aria-hidden": "true" }),
    make("span", {}, cosine.toFixed(2))))));
// A word that is pressed is asked about in turn.
const follow = word => {
  const form = document.querySelector('form[data-ask="neighbours"]');
  form.elements.word.value = word;
  form.requestSubmit();
};
const step = (text, at, place) => place.replaceChildren(
  make("iframe", { src: `step?${new URLSearchParams({ text, at })}`, title: say("graph_title") }));

// Words from left to right, whichever way each is written.
const inOrder = words => words.map(word => [make("bdi", {}, word), " "]);

const show = {
  neighbours: answer => [near(answer.near)],
  analogy: answer => [make("p", {}, say("answer", ...answer.words)), near(answer.near)],
  odd: answer => [make("p", {}, say("odd_one", answer.odd)), near(answer.closeness)],
  sentence: (answer, query) => {
    const frame = make("div"), notes = [];
    if (answer.left_out.length) notes.push(make("p", { class: "soft" }, say("left_out", answer.left_out.join(", "))));
    if (!answer.windows.length) return [...notes, make("p", {}, say("no_windows"))];
    const head = ["window_center", "window_contexts", "window_negatives", "window_loss"].map(key => make("th", { scope: "col" }, say(key)));
    const rows = answer.windows.map((window, at) => make("tr", {},
      make("th", { scope: "row" }, make("bdi", {}, window.center)),
      make("td", {}, inOrder(window.contexts)), make("td", {}, inOrder(window.negatives)),
      make("td", { class: "number" }, window.loss.toFixed(3)),
      make("td", {}, make("button", { type: "button", onclick: () => step(query.text, at, frame) }, say("step")))));
    return [...notes, make("div", { class: "wide" }, make("table", {}, make("thead", {}, make("tr", {}, head, make("td"))), make("tbody", {}, rows))), frame];
  },
};
for (const form of document.querySelectorAll("form[data-ask]")) {
  const name = form.dataset.ask, place = form.nextElementSibling;
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const query = Object.fromEntries(new FormData(form));
    let parts;
    try {
      const answer = await ask(name, query);
      parts = answer.error ? [make("p", { class: "notice" }, answer.error)] : show[name](answer, query);
    } catch {
      parts = [make("p", { class: "notice" }, say("failed"))];
    }
    place.replaceChildren(...parts);
  });
}
