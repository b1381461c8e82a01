// The editor: a plain text area, or YASGUI's editor around it where that is here. Both are used the same way:
//
//   text          what is in it; can be set
//   focus()       go there
//   mark(line, column, message)   show where a query is wrong; both count from 1
//   form          "select", "ask", "construct" or "describe"; "" where that cannot be told
import { complete, completers } from "./completions.js";
import { formOf } from "./sparql.js";
import { script, styles, vendored } from "./vendor.js";

export async function openEditor(form) {
  for (const scripted of form.querySelectorAll(".scripted")) scripted.hidden = false;
  if (vendored) {
    try {
      await Promise.all([styles("vendor/yasqe.min.css"), script("vendor/yasqe.min.js")]);
      return richEditor(form);
    } catch (error) {
      console.warn(`the plain editor it is: ${error.message}`);
    }
  }
  return plainEditor(form);
}

function plainEditor(form) {
  const area = form.elements.query;
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  return {
    get text() { return area.value; },
    set text(text) { area.value = text; area.setSelectionRange(0, 0); },
    get form() { return formOf(area.value); },
    focus() { area.focus(); },
    mark(line, column) {
      const before = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area.focus();
      area.setSelectionRange(before + column - 1, before + column);
    },
  };
}

function richEditor(form) {
  const area = form.elements.query;
  const { Yasqe } = window;
  // These replace the completers of the same names, which ask a service elsewhere.
  for (const completer of completers(form.action)) Yasqe.registerAutocompleter(completer, false);
  const run = () => form.requestSubmit();
  knowPrefixes(Yasqe, JSON.parse(form.dataset.prefixes));
  const host = document.createElement("div");
  area.before(host);
  const yasqe = new Yasqe(host, {
    value: area.value,
    mode: "sparql-here",
    autocompleters: ["variables", "class", "property", "term"],
    autofocus: false,
    collapsePrefixesOnLoad: false,
    // No link in the address, no store in the browser, no buttons: the page has these itself, or does without.
    consumeShareLink: null,
    createShareableLink: null,
    persistenceId: null,
    resizeable: false,
    showQueryButton: false,
    prefixCcApi: null,
    editorHeight: "auto",
    // Its marks are drawn with style attributes, which the Content-Security-Policy forbids; ours follow below.
    syntaxErrorCheck: false,
    screenReaderLabel: "Query in SPARQL",
    // Tab leaves the editor, as it leaves every other field.
    extraKeys: { "Ctrl-Enter": run, "Cmd-Enter": run, "Ctrl-Space": complete, Tab: false, "Shift-Tab": false, "Ctrl-S": false },
  });
  area.hidden = true;
  area.required = false;
  form.querySelector(".completing").hidden = false;
  form.querySelector("label[for=query]").addEventListener("click", () => yasqe.focus());
  new ResizeObserver(() => yasqe.refresh()).observe(host);

  let marks = [];
  yasqe.on("changes", () => {
    area.value = yasqe.getValue();
    for (const clear of marks.splice(0)) clear();
    showDoubt(yasqe);
  });
  showDoubt(yasqe);

  return {
    get text() { return yasqe.getValue(); },
    set text(text) { yasqe.setValue(text); yasqe.setCursor(0, 0); },
    get form() { return formOf(yasqe.getValue()); },
    focus() { yasqe.focus(); },
    mark(line, column, message) {
      const at = { line: line - 1, ch: column - 1 };
      const end = { line: at.line, ch: Math.max(yasqe.getTokenAt({ line: at.line, ch: column }).end, column) };
      // The engine stops behind a word that it does not know; the word is what is wrong.
      const blank = !yasqe.getRange(at, end).trim();
      if (blank) at.ch = yasqe.getTokenAt(at).start;
      const marked = yasqe.getDoc().markText(at, end, { className: "wrong-here", title: message });
      yasqe.addLineClass(at.line, "background", "wrong-line");
      gutter(yasqe, at.line, "wrong", message);
      marks.push(() => marked.clear(), () => yasqe.removeLineClass(at.line, "background", "wrong-line"));
      yasqe.setCursor(at);
      yasqe.scrollIntoView(at, 60);
    },
  };
}

// The service knows the prefixes of the graph without a declaration; so the editor's reading begins with them.
function knowPrefixes(Yasqe, prefixes) {
  Yasqe.defineMode("sparql-here", (options) => {
    const mode = Yasqe.getMode(options, "sparql11");
    const startState = () => {
      const state = mode.startState();
      Object.assign(state.prefixes, prefixes);
      return state;
    };
    return { ...mode, startState };
  });
}

// The editor reads along and knows what SPARQL 1.1 allows next. That it stumbles is no more than a hint, because
// the service also takes SPARQL 1.2.
function showDoubt(yasqe) {
  yasqe.clearGutter("gutterErrorBar");
  for (let line = 0; line < yasqe.lineCount(); line++) {
    const { state } = yasqe.getTokenAt({ line, ch: yasqe.getLine(line).length }, true);
    if (state.OK === false) {
      const expected = (state.possibleCurrent ?? []).slice(0, 12).join("  ");
      gutter(yasqe, line, "doubt", state.errorMsg ?? `expected here: ${expected}`);
      return;
    }
  }
}

function gutter(yasqe, line, kind, message) {
  const marker = document.createElement("span");
  marker.className = `gutter-mark ${kind}`;
  marker.title = message;
  marker.textContent = "!";
  yasqe.setGutterMarker(line, "gutterErrorBar", marker);
}
