// Panels of which one is shown, with a row of tabs above; the arrow keys go from tab to tab.
import { make } from "./make.js";

let made = 0;

// parts: each with a title, and draw(panel), which is called when it is first shown.
export function tabs(label, parts) {
  const name = `tabs-${++made}`;
  const list = make("div", { role: "tablist", "aria-label": label, className: "tablist" });
  const entries = parts.map((part, number) => {
    const panel = make("div", { role: "tabpanel", id: `${name}-${number}`, hidden: true, "aria-labelledby": `${name}-tab-${number}` });
    const tab = make("button", { type: "button", role: "tab", id: `${name}-tab-${number}`, "aria-controls": panel.id }, part.title);
    tab.addEventListener("click", () => show(number));
    list.append(tab);
    return { tab, panel, part, drawn: false };
  });

  function show(chosen) {
    entries.forEach((entry, number) => {
      const shown = number === chosen;
      entry.panel.hidden = !shown;
      entry.tab.setAttribute("aria-selected", String(shown));
      entry.tab.tabIndex = shown ? 0 : -1;
      if (shown && !entry.drawn) {
        entry.drawn = true;
        entry.part.draw(entry.panel);
      }
    });
  }

  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const now = entries.findIndex((entry) => entry.tab === document.activeElement);
    const next = (now + step + entries.length) % entries.length;
    show(next);
    entries[next].tab.focus();
  });
  show(0);
  return make("div", { className: "tabs" }, list, ...entries.map((entry) => entry.panel));
}
