// Buttons, a slider and keys that move through the steps.

const SPEEDS = [["0.5×", 2600], ["1×", 1300], ["2×", 650], ["4×", 320]];

const playerBar = ({ move, to }) => {
  const bar = byId("player");
  let timer = 0, pause = 1300, last = 0, position = 0;
  const stop = () => { clearInterval(timer); timer = 0; face(); };
  const tick = () => (position >= last ? stop() : move(1));
  const play = () => {
    if (timer) { stop(); return; }
    if (position >= last) to(0);
    timer = setInterval(tick, pause);
    face();
    tick();
  };
  const hand = action => () => { if (timer) stop(); action(); };
  const button = (id, icon, key, action) => iconButton(icon, say(key), action, { id });
  const first = button("first", "first", "first", hand(() => to(0)));
  const back = button("back", "back", "back", hand(() => move(-1)));
  const run = button("play", "play", "play", play);
  const next = button("next", "next", "next", hand(() => move(1)));
  const end = button("last", "last", "last", hand(() => to(last)));
  run.removeAttribute("aria-label");
  run.append(make("span", {}));
  const face = () => {
    run.querySelector("path").setAttribute("d", ICONS[timer ? "pause" : "play"]);
    run.lastChild.textContent = say(timer ? "pause" : "play");
    run.title = say(timer ? "pause_hint" : "play_hint");
  };
  const slider = make("input", { type: "range", id: "slider", min: "0", max: "1", step: "1", value: "0", "aria-label": say("slider"),
    oninput: event => hand(() => to(Number(event.target.value)))() });
  const marks = make("div", { id: "marks", "aria-hidden": "true" });
  const count = make("output", { id: "count", for: "slider" });
  const speed = make("select", { id: "speed", "aria-label": say("speed"), onchange: event => {
    pause = SPEEDS[event.target.value][1];
    if (timer) { clearInterval(timer); timer = setInterval(tick, pause); }
  } }, SPEEDS.map(([text], i) => make("option", { value: i, selected: i === 1 }, text)));
  bar.setAttribute("aria-label", say("controls"));
  bar.append(make("div", { class: "buttons" }, first, back, run, next, end),
    make("div", { class: "track" }, marks, slider), count, speed);
  face();
  return {
    play, stop,
    show: (timeline, now) => {
      last = timeline.last;
      position = now;
      slider.max = last;
      slider.value = now;
      const { pass } = timeline.at(now);
      slider.setAttribute("aria-valuetext", headingOf(timeline, now));
      count.textContent = `${now} / ${last}`;
      bar.dataset.pass = pass;
      first.disabled = back.disabled = now === 0;
      next.disabled = end.disabled = now === last;
      const share = timeline.seedAt === forever ? 100 : (100 * (timeline.seedAt - 0.5)) / Math.max(last, 1);
      marks.style.background = `linear-gradient(to right, var(--forward) ${share}%, var(--gradient) ${share}%)`;
    },
  };
};

// Keys that work wherever the focus is, unless it is in a field that uses them itself.
const listenToKeys = actions => addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const { target, key } = event;
  if (target.matches("input[type=search], select")) return;
  if (target.matches("input[type=range]") && key !== " " && key.length > 1) return;
  if (key === " " && target.closest("button, [role=button], summary")) return;
  if (target.closest(".scroll") && ["ArrowUp", "ArrowDown"].includes(key)) return;
  const action = actions[key];
  if (!action) return;
  event.preventDefault();
  action();
});
