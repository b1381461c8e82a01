// What went wrong, as the service says it (RFC 9457).
import { make } from "./make.js";

// What a response says went wrong, or null where nothing did.
export async function problemOf(response) {
  if (response.ok) return null;
  if (response.headers.get("Content-Type")?.startsWith("application/problem+json")) return response.json();
  return { title: `${response.status} ${response.statusText}`.trim(), detail: "" };
}

export function drawnProblem({ title, detail, line, column }, query) {
  const drawn = make("section", { id: "answer", className: "error", role: "alert", tabIndex: -1 },
    make("h2", {}, title), make("p", {}, detail));
  if (line) drawn.append(make("pre", {}, pointAt(query, line, column ?? 1)));
  return drawn;
}

// A line of a query with a mark below the column; tabs stay tabs, so that it stands where it should.
function pointAt(query, line, column) {
  const text = query.split("\n")[line - 1] ?? "";
  const before = text.slice(0, column - 1).replace(/[^\t]/g, " ");
  return `${text}\n${before}^`;
}
