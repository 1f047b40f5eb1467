/** The report page: the scene that it carries, drawn. */
import { sheetOf } from "./sheet.js";

const root = document.documentElement;
const began = performance.now();
const scene = JSON.parse(document.getElementById("scene").textContent);
// the chart is in the first screen: on a phone what stands before it is opened by who asks for it, on a tablet its table
for (const [most, what] of [[640, ".glance details"], [999, "#markets details"]]) {
  if (matchMedia(`(max-width: ${most}px)`).matches) for (const each of document.querySelectorAll(what)) each.open = false;
}
const sheet = sheetOf(document.getElementById("sheet"), scene);
window.coinmonSheet = sheet;

document.getElementById("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  sheet.redraw();
});
document.getElementById("safe").addEventListener("click", () => {
  if (root.dataset.safe) delete root.dataset.safe;
  else root.dataset.safe = "1";
  sheet.redraw();
});
document.getElementById("reset").addEventListener("click", () => sheet.whole());
requestAnimationFrame(() => requestAnimationFrame(() => {
  root.dataset.drawn = Math.max(1, Math.round(performance.now() - began));
}));
