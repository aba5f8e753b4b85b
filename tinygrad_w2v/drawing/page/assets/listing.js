// The program as text. A line and its node light up together.

const listingPanel = ({ select, hover }) => {
  const section = byId("program");
  section.querySelector("h2").textContent = say("program");
  const holder = byId("listing"), texts = holder.textContent.split("\n");
  const targetOf = ([number, key]) => (number >= 0 ? { op: number } : key >= 0 ? { value: key } : null);
  const lines = data.lines.map((entry, i) => {
    const target = targetOf(entry), known = target && (target.op === undefined || op(target.op)) && (target.value === undefined || value(target.value));
    if (!known) return make("div", { class: "heading" }, texts[i] || "\u00a0");
    return make("div", {
      class: "line", role: "button", tabindex: "0", "data-op": target.op, "data-value": target.value,
      onclick: () => select(target),
      onkeydown: event => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        select(target);
      },
      onpointerenter: event => event.pointerType === "mouse" && hover(target),
      onpointerleave: event => event.pointerType === "mouse" && hover(null),
    }, texts[i]);
  });
  holder.replaceChildren(...lines);
  // The lines of the step that is shown, in its pass, and of the gradients that it completes.
  const current = (numbers, backward, values) => {
    let first = null;
    lines.forEach((element, i) => {
      const { op: number, value: key } = element.dataset;
      const about = number !== undefined ? numbers.includes(Number(number)) : values.includes(Number(key));
      const now = about && (i >= data.backward_line) === backward;
      element.classList.toggle("current", now);
      if (now) first ??= element;
    });
    if (first) holder.scrollTo({ top: first.offsetTop - holder.clientHeight / 2, behavior: calm() ? "auto" : "smooth" });
  };
  return { current };
};
