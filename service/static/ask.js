// Asks the service and puts the answer into the page. The server draws the answer, here as without JavaScript, so
// that there is one drawing of it: the page that it sends is fetched, and its answer is put into this one.
import { drawnProblem, problemOf } from "./problem.js";
import { make } from "./make.js";
import { offerViews } from "./views.js";

// Answers come as pages, errors as problem documents.
const ACCEPT = "text/html;q=0.9, application/problem+json";
const LONGEST_ADDRESS = 8_000;

export function answerInPlace(form, editor) {
  const status = form.querySelector(".status");
  const cancel = form.querySelector(".cancel");
  let running = null;

  form.addEventListener("submit", async (event) => {
    if (form.elements.format.value) {
      // Another format is a file of its own. A long query does not fit into an address.
      form.method = editor.text.length > LONGEST_ADDRESS ? "post" : "get";
      return;
    }
    event.preventDefault();
    if (!editor.text.trim()) {
      status.textContent = "there is no query yet";
      return;
    }
    stop();
    running = { id: freshId(), controller: new AbortController() };
    await run(running);
  });
  cancel.addEventListener("click", stop);

  // The connection is closed only when the service has heard of it: it then ends the query as cancelled, also behind
  // proxies that would keep the connection open.
  function stop() {
    if (!running) return;
    const { id, controller } = running;
    finish();
    status.textContent = "cancelled";
    fetch(new URL(`queries/${id}`, form.action), { method: "DELETE", keepalive: true })
      .catch(() => {})
      .finally(() => controller.abort());
  }

  function finish() {
    clearInterval(running.clock);
    running = null;
    cancel.hidden = true;
    document.getElementById("answer")?.classList.remove("waiting");
  }

  async function run(mine) {
    const query = editor.text;
    const start = performance.now();
    const elapsed = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
    mine.clock = setInterval(() => (status.textContent = `running, ${elapsed()}`), 500);
    cancel.hidden = false;
    document.getElementById("answer")?.classList.add("waiting");
    const found = await ask(form.action, query, mine);
    // By now it may have been cancelled, and another may be running.
    if (running !== mine) return;
    finish();
    status.textContent = found.unreachable ?? `${found.problem ? "failed" : "answered"} after ${elapsed()}`;
    present(found, query);
  }

  function present({ problem, answer }, query) {
    if (problem) {
      show(drawnProblem(problem, query));
      if (problem.line) editor.mark(problem.line, problem.column ?? 1, problem.detail);
    } else if (answer) {
      show(answer);
      offerViews(answer);
      remember(form, query);
    }
  }
}

// What the service says: a problem, or an answer that is drawn; or that it is unreachable.
async function ask(endpoint, query, { id, controller }) {
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      body: new URLSearchParams({ query }),
      headers: { Accept: ACCEPT, "X-Query-Id": id },
      signal: controller.signal,
    });
    const problem = await problemOf(response);
    return problem ? { problem } : { answer: answerIn(await response.text(), warningsOf(response)) };
  } catch (error) {
    return { unreachable: `the service cannot be reached: ${error.message}` };
  }
}

// A name for a query, by which it can be cancelled. randomUUID() is there only on secure origins.
function freshId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function answerIn(page, warnings) {
  const answer = new DOMParser().parseFromString(page, "text/html").getElementById("answer");
  if (!answer) throw new Error("it sent no answer");
  if (warnings.length && !answer.querySelector(".warnings")) {
    const list = make("ul", { className: "warnings" }, ...warnings.map((warning) => make("li", {}, warning)));
    answer.querySelector("h2").after(list);
  }
  return answer;
}

// One header for each warning; a browser joins them with commas, which no warning has.
function warningsOf(response) {
  const joined = response.headers.get("X-Impckg-Warning");
  return joined ? joined.split(/,\s*/) : [];
}

function show(drawn) {
  document.getElementById("answer").replaceWith(drawn);
  drawn.focus({ preventScroll: true });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  drawn.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "nearest" });
}

// The address of the page becomes that of the answer, to be kept or loaded again.
function remember(form, query) {
  const address = `${form.action}?${new URLSearchParams({ query })}`;
  if (address.length < LONGEST_ADDRESS) history.replaceState(null, "", address);
}
