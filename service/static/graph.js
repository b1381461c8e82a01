// An answer as a graph of things and links, drawn by Cytoscape on a canvas.
import { palette } from "./chart.js";
import { button, choice, make } from "./make.js";
import { networkOf } from "./network.js";
import { save } from "./save.js";
import { script, styles } from "./vendor.js";

const MOST_THINGS = 300;
const LAYOUTS = [["cose", "by closeness"], ["concentric", "in rings"], ["breadthfirst", "in layers"], ["circle", "in a circle"], ["grid", "in a grid"]];
// Cytoscape looks for a style sheet of this name before it writes its own into the page.
const STYLES_ID = "__________cytoscape_stylesheet";
const LONGEST_NAME = 28;

export async function draw(panel, found) {
  await Promise.all([script("vendor/cytoscape.min.js"), styles("graph.css", STYLES_ID)]);
  const { things, links, note } = limited(networkOf(found), found.truncated);
  const canvas = make("div", { className: "graph", role: "img", "aria-label": `Graph of ${things.length} things and ${links.length} links; the table has the same` });
  const details = make("div", { className: "details", "aria-live": "polite" }, make("p", { className: "quiet" }, "Choose a thing to see what is known of it here."));
  const groups = [...new Set(things.map(({ group }) => group))].sort();
  const colours = palette();
  const colourOf = (group) => colours[groups.indexOf(group) % colours.length];
  const legend = make("ul", { className: "legend" }, ...groups.map((group) => {
    const dot = make("span", { className: "dot" });
    dot.style.backgroundColor = colourOf(group);
    return make("li", {}, dot, group);
  }));
  const names = things.map((thing) => [thing.iri, thing.name ? `${thing.name} (${thing.text})` : thing.text]).sort((a, b) => a[1].localeCompare(b[1]));
  const controls = make("p", { className: "controls" });
  panel.append(controls, make("p", { className: "quiet" }, note), make("div", { className: "network" }, canvas, make("div", { className: "beside" }, legend, details)));

  const graph = window.cytoscape({
    container: canvas,
    elements: elementsOf(things, links, colourOf),
    style: looks(),
    maxZoom: 3,
    layout: layout("cose", things.length),
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => canvas.isConnected && graph.style(looks()));

  function choose(iri) {
    graph.elements().removeClass("chosen");
    const node = graph.getElementById(iri);
    node.addClass("chosen");
    node.connectedEdges().addClass("chosen");
    details.replaceChildren(...described(things.find((thing) => thing.iri === iri), links, things));
    return node;
  }
  graph.on("tap", "node", (event) => choose(event.target.id()));
  controls.append(
    choice("Arrange", LAYOUTS, "cose", (name) => graph.layout(layout(name, things.length)).run()),
    choice("Find", [["", "a thing …"], ...names], "", (iri) => iri && graph.animate({ center: { eles: choose(iri) }, zoom: Math.max(1, graph.zoom()) })),
    button("Zoom in", () => zoom(graph, 1.4)),
    button("Zoom out", () => zoom(graph, 1 / 1.4)),
    button("Fit", () => graph.fit(undefined, 30)),
    button("Save PNG", () => save(graph.png({ output: "blob", full: true, scale: 2, bg: colour("--surface") }), "graph.png")),
  );
}

function limited({ things, links }, truncated) {
  const kept = things.slice(0, MOST_THINGS);
  const known = new Set(kept.map(({ iri }) => iri));
  const notes = truncated ? ["Drawn from the first rows of the answer."] : [];
  if (kept.length < things.length) notes.push(`The first ${MOST_THINGS} of ${things.length} things are drawn.`);
  return {
    things: kept,
    links: links.filter(({ source, target }) => known.has(source) && known.has(target)),
    note: notes.join(" "),
  };
}

function elementsOf(things, links, colourOf) {
  return [
    ...things.map((thing) => ({ data: { id: thing.iri, name: shortened(thing.name || thing.text), colour: colourOf(thing.group) } })),
    ...links.map(({ source, target, name }) => ({ data: { source, target, name } })),
  ];
}

function shortened(name) {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
}

function described(thing, links, things) {
  const nameOf = (iri) => {
    const other = things.find((one) => one.iri === iri);
    return other.name || other.text;
  };
  const facts = [
    ...thing.facts,
    ...links.filter(({ source }) => source === thing.iri).map(({ name, target }) => [name, nameOf(target)]),
    ...links.filter(({ target }) => target === thing.iri).map(({ name, source }) => [`is ${name} of`, nameOf(source)]),
  ];
  const heading = make("h3", {}, thing.name || thing.text);
  const link = thing.href ? make("a", { href: thing.href }, thing.text) : make("span", {}, thing.text);
  return [heading, make("p", {}, link), make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]))];
}

function layout(name, things) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const settings = { name, padding: 30, animate: !calm && things < 100 && name !== "cose", nodeDimensionsIncludeLabels: true };
  return name === "cose" ? { ...settings, nodeRepulsion: 120_000, nodeOverlap: 20, idealEdgeLength: 100, gravity: 0.4, numIter: 1000, randomize: true } : settings;
}

function zoom(graph, factor) {
  graph.zoom({ level: graph.zoom() * factor, renderedPosition: { x: graph.width() / 2, y: graph.height() / 2 } });
}

function looks() {
  const font = getComputedStyle(document.body).fontFamily;
  return [
    { selector: "node", style: { "background-color": "data(colour)", label: "data(name)", color: colour("--ink"), "font-size": 12, "min-zoomed-font-size": 8, "font-family": font, width: 18, height: 18, "text-valign": "bottom", "text-margin-y": 4, "text-wrap": "wrap", "text-max-width": 120, "text-outline-color": colour("--surface"), "text-outline-width": 2 } },
    { selector: "edge", style: { width: 1.5, opacity: 0.6, "line-color": colour("--quiet"), "target-arrow-color": colour("--quiet"), "target-arrow-shape": "triangle", "arrow-scale": 0.8, "curve-style": "bezier" } },
    { selector: "edge.chosen", style: { opacity: 1, label: "data(name)", "font-size": 10, "font-family": font, color: colour("--quiet"), "line-color": colour("--accent"), "target-arrow-color": colour("--accent"), "text-background-color": colour("--surface"), "text-background-opacity": 1, "text-background-padding": 2 } },
    { selector: "node.chosen", style: { "border-width": 3, "border-color": colour("--ink") } },
  ];
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
