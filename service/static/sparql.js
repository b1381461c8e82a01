// What can be told of a query without a parser.

const SKIPPED = /<[^<>"{}|\\^`\s]*>|"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#.*/g;

// The form of a query by its first keyword: "select", "ask", "construct" or "describe"; "" where it has none.
export function formOf(query) {
  const bare = query.replace(SKIPPED, (skipped) => (skipped[0] === "#" ? " " : '""'));
  return bare.match(/(?<![?$:\w-])(select|ask|construct|describe)(?![:\w-])/i)?.[1].toLowerCase() ?? "";
}

export function givesTriples(query) {
  return ["construct", "describe"].includes(formOf(query));
}
