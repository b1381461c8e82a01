// The editor answers in place. The server draws the answer, here as without JavaScript, so that there is one
// drawing of it: the page that it sends is fetched and its answer is put into this one.
"use strict";

const form = document.querySelector("form.editor");
if (form) {
  const query = form.elements.query;
  const status = form.querySelector(".status");
  const cancel = form.querySelector(".cancel");
  const example = form.querySelector("#example");
  let running = null;

  for (const scripted of form.querySelectorAll(".example, .scripted")) scripted.hidden = false;

  query.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  example.addEventListener("change", () => {
    if (!example.value) return;
    query.value = example.value;
    query.focus();
    query.setSelectionRange(0, 0);
  });

  cancel.addEventListener("click", () => running?.abort());

  form.addEventListener("submit", async (event) => {
    if (form.elements.format.value) return; // another format is an address of its own
    event.preventDefault();
    running?.abort();
    running = new AbortController();
    await run(running);
  });

  async function run(controller) {
    const start = performance.now();
    const elapsed = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
    const answer = document.getElementById("answer");
    const clock = setInterval(() => (status.textContent = `running, ${elapsed()}`), 500);
    cancel.hidden = false;
    answer?.classList.add("waiting");
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams({ query: query.value }),
        headers: { Accept: "text/html" },
        signal: controller.signal,
      });
      show(await response.text());
      status.textContent = `${response.ok ? "answered" : "failed"} after ${elapsed()}`;
      history.replaceState(null, "", `${form.action}?${new URLSearchParams({ query: query.value })}`);
    } catch (error) {
      status.textContent = error.name === "AbortError" ? "cancelled" : `the service cannot be reached: ${error.message}`;
    } finally {
      clearInterval(clock);
      answer?.classList.remove("waiting");
      if (running === controller) cancel.hidden = true;
    }
  }

  function show(page) {
    const drawn = new DOMParser().parseFromString(page, "text/html").getElementById("answer");
    if (!drawn) throw new Error("it sent no answer");
    document.getElementById("answer").replaceWith(drawn);
    drawn.focus({ preventScroll: true });
    drawn.scrollIntoView({ behavior: "smooth", block: "nearest" });
  }
}
