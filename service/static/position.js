// Where in a query someone is typing. This reads what stands before, token by token, and needs no query that is
// complete or right; so it also works while a query is neither.

const TOKEN = new RegExp(
  [
    /#.*/, // a comment
    /"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*(?:"|$)|'(?:\\.|[^'\\\n])*(?:'|$)/, // a string
    /<[^<>"{}|\\^`\s]*>?/, // an IRI
    /[?$]\w+/, // a variable
    /[A-Za-z_][\w-]*(?::[\w.:%-]*)?|:[\w.:%-]*/, // a name or a word
    /[-+]?[\d.]*\d(?:[eE][-+]?\d+)?/, // a number
    /[{}()[\].;,/|^!*+?]/,
  ].map((part) => part.source).join("|"),
  "g",
);
const TYPED = /(?<![?$\w])(?:<[^<>"{}|\\^`\s]*|[A-Za-z_][\w-]*(?::[\w.-]*)?)$/;
const WORDS = /^(?:select|construct|describe|ask|where|from|named|prefix|base|optional|filter|bind|minus|union|graph|service|values|undef|exists|not|in|as|group|order|by|having|limit|offset|distinct|reduced|asc|desc|silent)$/i;

// What is being typed before the cursor, and where it stands:
//   place: "subject", "predicate", "object", "value" (in VALUES), "expression", or "" where names make no sense
//   predicate: the one before an object
export function positionIn(before) {
  const typed = before.match(TYPED)?.[0] ?? "";
  const read = before.slice(0, before.length - typed.length);
  const inside = [];
  let place = "", predicate = "", word = "";
  for (const [token] of read.matchAll(TOKEN)) {
    if (token.startsWith("#")) continue;
    if (/^["'#]/.test(token) && !ended(token)) return { typed: "", place: "", predicate: "" };
    if (token === "{") {
      inside.push("{");
      place = word === "values" ? "value" : "subject";
      word = "";
    } else if (token === "}") {
      inside.pop();
      place = inside.length ? "subject" : "";
    } else if (token === "(") {
      if (place !== "predicate") {
        inside.push(place);
        place = place === "value" ? "value" : "expression";
      }
    } else if (token === ")") {
      if (place === "expression" || place === "value") place = inside.pop() ?? "";
    } else if (place === "expression" || place === "value") {
      continue;
    } else if (token === ".") place &&= "subject";
    else if (token === ";" || token === "[") place &&= "predicate";
    else if (token === "," || token === "]") place &&= "object";
    else if (token === "/" || token === "|") place = place === "object" ? "predicate" : place;
    else if (/^[*+?^!]$/.test(token)) continue;
    else if (WORDS.test(token)) {
      word = token.toLowerCase();
      place &&= "subject";
    } else if (place === "subject") place = word === "graph" || word === "values" ? "subject" : "predicate";
    else if (place === "predicate") {
      predicate = token;
      place = "object";
    }
  }
  // A comment runs to the end of its line, and what is typed there is not a name.
  if (/#[^\n]*$/.test(read.split("\n").at(-1).replace(/<[^<>\s]*>|"[^"]*"|'[^']*'/g, ""))) place = "";
  return { typed, place, predicate };
}

function ended(string) {
  const mark = /^("""|''')/.test(string) ? string.slice(0, 3) : string[0];
  return string.length >= 2 * mark.length && string.endsWith(mark);
}
