// What others made and this page borrows. It lies in vendor/, if it could be had when the service was built, and
// is loaded when something needs it.

export const vendored = "vendored" in document.body.dataset;

const loaded = new Map();

// Scripts that define a global name, one after the other.
export async function script(...names) {
  for (const name of names) await once(name, () => element("script", { src: address(name) }));
}

// A style sheet. An id keeps a library that looks for one from writing its own into the page, which the
// Content-Security-Policy forbids.
export function styles(name, id = "") {
  return once(name, () => element("link", { rel: "stylesheet", href: address(name), id }));
}

function address(name) {
  return new URL(name, import.meta.url).href;
}

function once(name, make) {
  if (!loaded.has(name)) loaded.set(name, make());
  return loaded.get(name);
}

function element(tag, properties) {
  return new Promise((done, failed) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.addEventListener("load", done, { once: true });
    made.addEventListener("error", () => failed(new Error(`${properties.src ?? properties.href} cannot be loaded`)));
    document.head.append(made);
  });
}
