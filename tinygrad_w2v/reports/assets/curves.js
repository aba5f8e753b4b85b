// The curves of one run: loss, learning rate, speed.

const showCurves = curves => {
  const xName = say({ words: "words", examples: "examples_read" }[curves.units] ?? "epochs");
  chart(byId("chart-loss"), {
    lines: [
      { name: say("loss"), points: curves.loss, colour: "blue" },
      { name: say("heldout"), points: curves.heldout, colour: "orange", dots: true },
    ],
    level: curves.unigram === null ? null : { name: say("unigram"), value: curves.unigram, colour: "grey" },
    xName,
    height: 290,
  });
  chart(byId("chart-alpha"), { lines: [{ name: say("alpha"), points: curves.alpha, colour: "violet" }], xName, fromZero: true });
  const speed = say(curves.units === "words" ? "speed_words" : "speed_examples");
  chart(byId("chart-speed"), { lines: [{ name: speed, points: curves.speed, colour: "green" }], xName, fromZero: true });
};
