// A button that copies a text, and says that it did.
import { button } from "./make.js";

const SAID_MILLISECONDS = 1_500;

export function copyButton(text) {
  const made = button("Copy", async () => {
    made.textContent = (await copied(text())) ? "Copied" : "Select it and press Ctrl+C";
    setTimeout(() => (made.textContent = "Copy"), SAID_MILLISECONDS);
  });
  made.setAttribute("aria-live", "polite");
  return made;
}

// The clipboard is there only on secure origins, and only where the user allows it.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
