// The curves of several runs over a common axis.

const units = data.curves.every(run => run.units === "words") ? "words" : "epochs";
for (const name of ["loss", "heldout"]) {
  const lines = data.curves.filter(run => run[name].length)
    .map(run => ({ name: run.name, points: run[name], colour: run.colour, dots: name === "heldout" }));
  const figure = byId(`chart-${name}`);
  chart(figure, { lines, xName: say(units), height: 270 });
  if (lines.length) figure.prepend(make("h3", {}, say(`by_${name}`)));
}
