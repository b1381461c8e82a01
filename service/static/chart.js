// An answer as a chart: a guess from its columns, and lists to choose another with. Drawn by Vega-Lite, whose
// expressions are interpreted, since the Content-Security-Policy forbids to compile them.
import { button, choice, make } from "./make.js";
import { save } from "./save.js";
import { script } from "./vendor.js";

const MARKS = [["bar", "Bars"], ["line", "Line"], ["point", "Points"], ["area", "Area"], ["boxplot", "Boxes"], ["rect", "Heat map"]];
const NOTHING = ["", "nothing"];
const COUNT = ["#", "number of rows"];
const MOST_BARS = 40;
const MOST_NAMES = 200;
const MOST_COLOURS = 10;

export async function draw(panel, found) {
  await script("vendor/vega.min.js", "vendor/vega-lite.min.js", "vendor/vega-embed.min.js");
  const chosen = suggested(found);
  const drawing = make("div");
  const figure = make("figure", { className: "chart" }, drawing);
  const caption = make("p", { className: "quiet" });
  const names = found.columns.map(({ name }, number) => [String(number), name]);
  let view = null;

  async function redraw() {
    view?.finalize();
    const { spec, note } = specOf(found, chosen);
    const embedded = await window.vegaEmbed(drawing, spec, {
      actions: false,
      ast: true,
      defaultStyle: false,
      mode: "vega-lite",
      renderer: "svg",
      tooltip: { disableDefaultStyle: true },
      logLevel: window.vega.Error,
    });
    view = embedded.view;
    figure.querySelector("svg").setAttribute("aria-label", `${spec.mark.type} chart; the table has the same values`);
    caption.textContent = note;
  }

  const change = (part) => (value) => {
    chosen[part] = value;
    return redraw();
  };
  const logarithmic = make("input", { type: "checkbox" });
  logarithmic.addEventListener("change", () => change("logarithmic")(logarithmic.checked));
  panel.append(
    make("p", { className: "controls" },
      choice("Draw", MARKS, chosen.mark, change("mark")),
      choice("across", [...names, COUNT], chosen.x, change("x")),
      choice("up", [...names, COUNT], chosen.y, change("y")),
      choice("colour by", [NOTHING, ...names], chosen.colour, change("colour")),
      make("label", { className: "choice" }, logarithmic, " logarithmic"),
      button("Save SVG", async () => save(new Blob([await view.toSVG()], { type: "image/svg+xml" }), "chart.svg")),
      button("Save PNG", async () => (await view.toCanvas(2)).toBlob((image) => save(image, "chart.png"))),
    ),
    caption,
    figure,
  );
  await redraw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => figure.isConnected && redraw());
}

// What is likely meant by these columns. x, y and colour are numbers of columns as text, or "#" or "".
export function suggested({ columns, rows }) {
  const of = (kind) => columns.flatMap((column, number) => (column.kind === kind ? [String(number)] : []));
  const different = (number) => new Set(rows.map((row) => row[number].text)).size;
  const numbers = of("number"), times = of("time");
  const words = [...of("text"), ...of("thing")].filter((number) => different(number) > 1);
  const few = words.find((number) => different(number) <= MOST_COLOURS) ?? "";
  const base = { colour: "", logarithmic: false };
  if (times.length && numbers.length) return { ...base, mark: "line", x: times[0], y: numbers[0], colour: few };
  // A word of its own for each row is a name, and rows with names are bars.
  const naming = words.find((number) => different(number) === rows.length);
  if (numbers.length === 1 && naming && rows.length <= MOST_NAMES) return { ...base, mark: "bar", x: numbers[0], y: naming };
  if (numbers.length > 1) return { ...base, mark: "point", x: numbers[0], y: numbers[1], colour: few };
  if (numbers.length && few) return { ...base, mark: "boxplot", x: numbers[0], y: few };
  if (numbers.length) return { ...base, mark: "bar", x: numbers[0], y: "#" };
  return { ...base, mark: "bar", x: "#", y: few || words[0] || "0" };
}

function specOf(found, chosen) {
  const notes = found.truncated ? [`Drawn from the first ${found.rows.length.toLocaleString("en")} rows of the answer.`] : [];
  let rows = found.rows;
  const crowded = ["x", "y"].find((axis) => chosen[axis] !== "#" && !measured(found, chosen[axis]));
  const category = crowded && chosen[crowded];
  if (category) {
    const kept = [...new Set(rows.map((row) => row[category].text))].slice(0, MOST_BARS);
    const left = rows.filter((row) => kept.includes(row[category].text));
    if (left.length < rows.length) notes.push(`Only the first ${MOST_BARS} of ${found.columns[category].name} are drawn.`);
    rows = left;
  }
  if (chosen.logarithmic) {
    // Nothing has the logarithm of zero; numbers on both sides of it have a scale that is straight around it.
    const positive = [chosen.x, chosen.y].filter((one) => one !== "#" && found.columns[one].kind === "number" && !signed(found, one));
    const left = rows.filter((row) => positive.every((one) => row[one].value !== 0));
    if (left.length < rows.length) notes.push(`${rows.length - left.length} rows with zero have no place on this scale.`);
    rows = left;
  }
  const used = [chosen.x, chosen.y, chosen.colour].filter((one) => one !== "" && one !== "#");
  // Fields are named by number: a point or a bracket in a name would mean something to Vega.
  const values = rows.map((row) => Object.fromEntries(used.map((one) => [`c${one}`, measured(found, one) ? row[one].value : row[one].text])));
  const encoding = { x: channel(found, chosen, "x"), y: channel(found, chosen, "y") };
  if (chosen.colour !== "") encoding.color = { field: `c${chosen.colour}`, type: typeOf(found, chosen.colour), title: found.columns[chosen.colour].name };
  if (!["boxplot"].includes(chosen.mark)) {
    encoding.tooltip = Object.values(encoding).map(({ field, aggregate, bin, type, title }) => ({ field, aggregate, bin, type, title }));
  }
  const spec = {
    data: { values },
    mark: { type: chosen.mark, ...(chosen.mark === "point" && { filled: true, size: 45 }), ...(chosen.mark === "line" && { point: true }) },
    encoding,
    width: "container",
    height: typeOf(found, chosen.y) === "nominal" ? { step: 22 } : 360,
    autosize: { type: "fit-x", contains: "padding" },
    config: looks(),
  };
  return { spec, note: notes.join(" ") };
}

function channel(found, chosen, axis) {
  const number = chosen[axis];
  if (number === "#") return { aggregate: "count", type: "quantitative", title: "number of rows" };
  const type = typeOf(found, number), other = chosen[axis === "x" ? "y" : "x"];
  const made = { field: `c${number}`, type, title: found.columns[number].name };
  if (type === "nominal") return { ...made, sort: null, axis: { labelLimit: 260 } };
  // Bars over counts of a number are a histogram.
  if (type === "quantitative" && other === "#") return { ...made, bin: { maxbins: 40 } };
  if (type === "quantitative" && chosen.logarithmic) return { ...made, scale: { type: signed(found, number) ? "symlog" : "log" }, axis: { format: "~g" } };
  if (type === "quantitative" && chosen.mark === "point") return { ...made, scale: { zero: false } };
  return made;
}

function signed(found, number) {
  return found.rows.some((row) => row[number].value < 0);
}

function measured(found, number) {
  return ["number", "time"].includes(found.columns[number].kind);
}

function typeOf(found, number) {
  if (number === "#") return "quantitative";
  return { number: "quantitative", time: "temporal" }[found.columns[number].kind] ?? "nominal";
}

// The colours of the page, light or dark.
function looks() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const [ink, quiet, line, accent] = ["--ink", "--quiet", "--line", "--accent"].map(colour);
  const font = getComputedStyle(document.body).fontFamily;
  return {
    background: "transparent",
    font,
    mark: { color: accent },
    boxplot: { box: { color: accent }, median: { color: colour("--surface") }, rule: { color: quiet }, outliers: { color: accent } },
    axis: { labelColor: ink, titleColor: quiet, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
    legend: { labelColor: ink, titleColor: quiet, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", labelLimit: 200 },
    range: { category: palette(style) },
    view: { stroke: null },
  };
}

export function palette(style = getComputedStyle(document.documentElement)) {
  return Array.from({ length: 8 }, (_, number) => style.getPropertyValue(`--colour-${number + 1}`).trim());
}
