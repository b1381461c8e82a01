// The query as a program that asks it, in several languages.
import { copyButton } from "./copy.js";
import { openDialog } from "./dialog.js";
import { make } from "./make.js";
import { snippets } from "./snippets.js";
import { tabs } from "./tabs.js";

export function offerCode(form, editor) {
  const open = form.querySelector(".code");
  open.hidden = false;
  open.addEventListener("click", () => {
    const parts = snippets(form.action, editor.text).map(({ language, needs, text }) => ({
      title: language,
      draw: (panel) => panel.append(
        make("p", { className: "hint" }, needs),
        make("pre", { className: "scroll", tabIndex: 0 }, make("code", {}, text)),
        copyButton(() => text),
      ),
    }));
    openDialog("Ask this from a program", tabs("Language", parts));
  });
}
