// A window over the page, closed by its button, by Esc, or by a click beside it.
import { button, make } from "./make.js";

export function openDialog(title, ...inside) {
  const heading = make("h2", {}, title);
  const dialog = make("dialog", { "aria-label": title },
    make("div", { className: "dialog-head" }, heading, button("Close", () => dialog.close())), ...inside);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
