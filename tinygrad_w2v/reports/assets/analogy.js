// A is to B as C is to what?

const makeAnalogy = (vectors, choose) => {
  const fields = ["a", "b", "c"].map(name => byId(`analogy-${name}`)), answer = byId("answer");
  byId("analogy").addEventListener("submit", event => {
    event.preventDefault();
    const words = fields.map(field => field.value.trim()), ids = words.map(vectors.idOf);
    const lacking = ids.indexOf(undefined);
    if (lacking >= 0) {
      answer.replaceChildren(make("p", {}, say("unknown", words[lacking])));
      return;
    }
    const shown = ids.map(id => vectors.words[id]);
    answer.replaceChildren(make("p", {}, say("answer", ...shown)), nearList(vectors, vectors.analogy(...ids), choose));
  });
};
