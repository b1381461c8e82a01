// What of an answer is a graph: things, and what links them.

const LABELS = new Set(["rdfs:label", "skos:prefLabel", "kg:symbol", "dcterms:title"]);

// things: by IRI, each with its name, its group (the prefix it is shortened with), and facts about it
// links: source, target and name of each
export function networkOf(found) {
  const things = new Map();
  const links = new Map();

  function thing(cell) {
    if (!things.has(cell.value)) {
      const group = cell.text.includes(":") && !cell.text.startsWith("http") ? cell.text.split(":")[0] : "other";
      things.set(cell.value, { iri: cell.value, text: cell.text, name: "", group, href: cell.href, facts: [] });
    }
    return things.get(cell.value);
  }

  function link(source, target, name) {
    const key = `${source.iri} ${name} ${target.iri}`;
    if (!links.has(key)) links.set(key, { source: source.iri, target: target.iri, name });
  }

  if (found.form === "triples") {
    for (const [subject, predicate, object] of found.rows) {
      const about = thing(subject);
      if (object.kind === "thing") link(about, thing(object), predicate.text);
      else if (LABELS.has(predicate.text)) about.name ||= object.text;
      else about.facts.push([predicate.text, object.text]);
    }
  } else {
    const columns = found.columns.map(({ kind }, number) => ({ kind, number })).filter(({ kind }) => kind === "thing");
    for (const row of found.rows) linkRow(found, row, columns.map(({ number }) => number), thing, link);
  }
  return { things: [...things.values()], links: [...links.values()] };
}

// The first thing of a row is linked with each of the others. A text beside a thing is its name.
function linkRow(found, row, columns, thing, link) {
  const bound = columns.filter((number) => row[number].kind === "thing");
  for (const number of bound) {
    const beside = row[number + 1];
    if (beside?.kind === "text" && found.columns[number + 1].kind === "text") thing(row[number]).name ||= beside.text;
  }
  if (bound.length === 0) return;
  const first = thing(row[bound[0]]);
  for (const number of bound.slice(1)) {
    const other = thing(row[number]);
    if (other !== first) link(first, other, found.columns[number].name);
  }
}
