// A link to the query, to send to others: a short permanent one if the service makes such, else one that holds
// the query itself.
import { copyButton } from "./copy.js";
import { openDialog } from "./dialog.js";
import { make } from "./make.js";

export function offerSharing(form, editor) {
  const share = form.querySelector(".share");
  share.hidden = false;
  share.addEventListener("click", async () => {
    const link = (await shortLink(form, editor.text)) ?? longLink(editor.text);
    const field = make("input", { value: link, readOnly: true, "aria-label": "Link to this query" });
    openDialog("Share this query", make("p", {}, "Whoever opens this link finds the query in the editor."),
      make("p", { className: "copying" }, field, copyButton(() => link)));
    field.select();
  });
}

async function shortLink(form, query) {
  try {
    const response = await fetch(new URL("query", form.action), { method: "POST", body: new URLSearchParams({ query }) });
    await response.text();
    const place = response.headers.get("Location");
    return response.status === 201 && place ? new URL(place, form.action).href : null;
  } catch {
    return null;
  }
}

function longLink(query) {
  const home = new URL(document.querySelector("a.brand").href);
  home.search = new URLSearchParams({ query });
  home.hash = "editor";
  return home.href;
}
