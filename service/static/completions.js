// What the editor offers while someone types: classes, properties, and things by what they are called. All of it
// comes from the service's own graph (completion.py).
import { make } from "./make.js";
import { positionIn } from "./position.js";

const PAUSE_MILLISECONDS = 100;
const CLASSES_FOLLOW = new Set(["a", "rdf:type", "rdfs:subClassOf", "rdfs:domain", "rdfs:range"]);

// Whether someone has asked, so that all there is is offered before a letter is typed.
let asked = false;

export function complete(yasqe) {
  asked = true;
  yasqe.autocomplete();
  asked = false;
}

export function completers(endpoint) {
  return ["class", "property", "term"].map((kind) => completer(kind, new URL("complete", endpoint)));
}

function completer(kind, address) {
  let offered = new Map();
  return {
    name: kind,
    bulk: false,
    autoShow: true,
    isValidCompletionPosition: (yasqe) => wanted(yasqe).kind === kind,
    preProcessToken(yasqe, token) {
      const { typed } = wanted(yasqe);
      const end = yasqe.getDoc().getCursor().ch;
      return { ...token, string: typed || " ", autocompletionString: typed, from: { ch: end - typed.length }, to: { ch: end } };
    },
    async get(yasqe, token) {
      const found = await ask(address, kind, token.autocompletionString);
      offered = new Map(found.map((one) => [one.text, one]));
      return [...offered.keys()];
    },
    postprocessHints: (yasqe, hints) =>
      hints.map((hint) => ({ ...hint, render: (row) => row.append(...drawn(offered.get(hint.text))) })),
  };
}

// Which kind of name is being typed, and what there is of it.
function wanted(yasqe) {
  const { typed, place, predicate } = positionIn(yasqe.getRange({ line: 0, ch: 0 }, yasqe.getDoc().getCursor()));
  return { typed, kind: (typed || asked) && kindAt(place, predicate, typed) };
}

function kindAt(place, predicate, typed) {
  if (place === "predicate") return "property";
  if (place === "object" && CLASSES_FOLLOW.has(predicate)) return "class";
  if (place === "object" || place === "value") return typed.length > 1 ? "term" : "";
  // Here keywords and functions are likelier, so only what has a prefix can be meant as a name.
  return /:.|^</.test(typed) && place ? "term" : "";
}

let latest = 0;

async function ask(address, kind, text) {
  const mine = ++latest;
  await new Promise((done) => setTimeout(done, PAUSE_MILLISECONDS));
  if (mine !== latest) return [];
  const asking = new URL(address);
  asking.search = new URLSearchParams({ kind, text });
  const response = await fetch(asking, { headers: { Accept: "application/json" } });
  // Completions are a comfort: where there are none, one types on.
  return response.ok ? response.json() : [];
}

function drawn({ text, label, definition, found_by: foundBy, uses }) {
  const parts = [make("code", {}, text)];
  if (label && !text.endsWith(`:${label}`)) parts.push(make("span", { className: "name" }, label));
  if (foundBy) parts.push(make("span", { className: "quiet" }, `also ${foundBy}`));
  if (definition) parts.push(make("span", { className: "quiet" }, definition));
  if (uses) parts.push(make("span", { className: "uses" }, uses.toLocaleString("en")));
  return parts;
}
