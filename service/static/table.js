// The table of an answer: read for other views, and sorted by a click on a column's name.
import { make } from "./make.js";

// What the table holds:
//   form       "solutions", "triples" or "boolean"
//   truncated  whether there is more than this
//   columns    the name and the kind ("thing", "number", "time", "text") of each
//   rows       cells: text, kind, and value (a number, or the IRI of a thing; else the text; null where unbound)
export function readTable(answer) {
  const table = answer.querySelector("table");
  const columns = [...table.tHead.rows[0].cells].map((head) => ({ name: head.textContent, kind: head.className }));
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map(readCell));
  return { form: answer.dataset.form, truncated: "truncated" in answer.dataset, columns, rows };
}

function readCell(cell) {
  const kind = cell.className, text = cell.textContent, title = cell.firstElementChild?.title;
  const value = kind === "unbound" ? null : kind === "number" ? Number(title || text) : kind === "thing" ? title || text : text;
  return { kind, text, value, href: cell.querySelector("a")?.href };
}

export function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const pressed = make("button", { type: "button", className: "sort", title: "Sort by this column" }, head.textContent);
    head.replaceChildren(pressed);
    pressed.addEventListener("click", () => {
      const order = head.ariaSort === "ascending" ? "descending" : "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      sort(table.tBodies[0], column, order === "ascending" ? 1 : -1);
    });
  });
}

function sort(body, column, direction) {
  const words = new Intl.Collator("en", { numeric: true });
  const keyed = [...body.rows].map((row) => ({ row, ...readCell(row.cells[column]) }));
  keyed.sort((one, other) => {
    // What is not there comes last, whichever the direction.
    if (one.value === null || other.value === null) return (one.value === null) - (other.value === null);
    const numbers = one.kind === "number" && other.kind === "number";
    return direction * (numbers ? one.value - other.value : words.compare(one.text, other.text));
  });
  body.append(...keyed.map(({ row }) => row));
}
