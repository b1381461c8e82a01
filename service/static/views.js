// An answer as a table, as a chart, or as a graph. The server drew the table; the others are drawn from it, when
// someone looks at them.
import { make } from "./make.js";
import { makeSortable, readTable } from "./table.js";
import { tabs } from "./tabs.js";
import { vendored } from "./vendor.js";

export function offerViews(answer) {
  const scroll = answer.querySelector(".scroll:has(table)");
  if (!scroll) return;
  const found = readTable(answer);
  makeSortable(scroll.querySelector("table"));
  if (!vendored || answer.dataset.form === "boolean") return;
  const place = document.createComment("views");
  scroll.before(place);
  place.replaceWith(tabs("View", [
    { title: "Table", draw: (panel) => panel.append(scroll) },
    ...later("Chart", () => import("./chart.js"), found, found.form !== "triples" && found.rows.length > 1),
    ...later("Graph", () => import("./graph.js"), found, found.columns.filter(({ kind }) => kind === "thing").length > 1),
  ]));
}

// A view whose module, with all that it needs, is loaded when it is first shown.
function later(title, load, found, fits) {
  if (!fits) return [];
  const draw = async (panel) => {
    panel.append(make("p", { className: "quiet" }, `${title} is being drawn …`));
    try {
      const { draw } = await load();
      panel.replaceChildren();
      await draw(panel, found);
    } catch (error) {
      panel.replaceChildren(make("p", { className: "error", role: "alert" }, `This cannot be drawn: ${error.message}`));
    }
  };
  return [{ title, draw }];
}
