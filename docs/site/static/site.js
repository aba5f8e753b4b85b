// Graphs in frames follow the theme of the page. A page that is opened from a disk may not look into its frames.
const follow = () => document.querySelectorAll("figure.live iframe").forEach(frame => {
  const inside = frame.contentDocument?.documentElement;
  if (inside) inside.dataset.theme = document.documentElement.dataset.theme;
});
new MutationObserver(follow).observe(document.documentElement, { attributeFilter: ["data-theme"] });
document.querySelectorAll("figure.live iframe").forEach(frame => frame.addEventListener("load", follow));
