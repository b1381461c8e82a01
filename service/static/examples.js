// The questions beside the editor: searched by their words, and put into it.

export function offerExamples(panel, editor) {
  offerSearch(panel.querySelector(".search"), panel.querySelectorAll(".group"), "li", panel.querySelector(".empty"));
  panel.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    editor.text = new URL(link.href).searchParams.get("query");
    editor.focus();
  });
}

// A field that hides the entries which have not all of its words, and the groups that have no entry left.
export function offerSearch(search, groups, entry, empty = null) {
  if (!search) return;
  const field = search.querySelector("input");
  search.hidden = false;
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const group of groups) {
      const heading = group.firstElementChild.textContent;
      const entries = [...group.querySelectorAll(entry)];
      for (const one of entries) {
        const text = `${heading} ${one.textContent}`.toLowerCase();
        one.hidden = !words.every((word) => text.includes(word));
      }
      group.hidden = entries.every((one) => one.hidden);
      left += entries.filter((one) => !one.hidden).length;
    }
    if (empty) empty.hidden = left > 0;
  });
}
