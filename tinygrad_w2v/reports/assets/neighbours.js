// Words with their similarities, each of which can be chosen in turn.

const nearList = (vectors, near, choose) => make("ol", { class: "near" }, near.map(([id, cosine]) =>
  make("li", {}, make("button", { type: "button", onclick: () => choose(id) },
    make("bdi", {}, vectors.words[id]),
    make("span", { class: "bar", style: `width: ${Math.max(cosine, 0) * 100}%`, "aria-hidden": "true" }),
    make("span", {}, cosine.toFixed(2))))));

const makeNeighbours = (vectors, choose) => {
  const panel = byId("neighbours");
  panel.replaceChildren(make("p", { class: "soft" }, say("chosen_none")));
  return (id, near) => panel.replaceChildren(
    make("h3", {}, make("bdi", {}, vectors.words[id])),
    vectors.counts ? make("p", { class: "soft" }, say("count", grouped(vectors.counts[id]))) : "",
    nearList(vectors, near, choose));
};
