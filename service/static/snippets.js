// Programs that ask a query, to be copied. Each writes what it gets to standard output, and fails if the service does.
import { formOf, givesTriples } from "./sparql.js";

export function snippets(endpoint, query) {
  const text = query.trim();
  const wanted = givesTriples(text)
    ? { type: "text/turtle", triples: true }
    : { type: formOf(text) === "ask" ? "application/sparql-results+json" : "text/csv", triples: false };
  const asked = { endpoint, text, ...wanted };
  return [
    { language: "curl", needs: "Needs a POSIX shell and curl.", text: curl(asked) },
    { language: "Python", needs: "Needs requests: pip install requests", text: python(asked) },
    { language: "SPARQLWrapper", needs: "Needs pip install sparqlwrapper", text: wrapper(asked) },
    { language: "R", needs: "Needs R 4.0, and nothing else.", text: r(asked) },
    { language: "Java", needs: "Needs Java 17, and nothing else.", text: java(asked) },
  ];
}

function curl({ endpoint, text, type }) {
  return `curl --silent --show-error --fail-with-body \\
  --header 'Accept: ${type}' --data-urlencode query@- \\
  '${endpoint}' <<'${endMark(text)}'
${text}
${endMark(text)}`;
}

// The line that ends the query must not be one of its own.
function endMark(text) {
  let mark = "SPARQL";
  while (text.split("\n").includes(mark)) mark += "_";
  return mark;
}

function python({ endpoint, text, type }) {
  return `import requests

QUERY = ${pythonText(text)}

answer = requests.post(
    "${endpoint}",
    data={"query": QUERY},
    headers={"Accept": "${type}"},
    timeout=120,
)
answer.raise_for_status()
answer.encoding = "utf-8"
print(answer.text)`;
}

function wrapper({ endpoint, text, triples }) {
  const reading = triples
    ? `graph = wrapper.queryAndConvert()
print(graph.serialize(format="turtle"))`
    : formOf(text) === "ask"
      ? `wrapper.setReturnFormat(JSON)
print(wrapper.queryAndConvert()["boolean"])`
      : `wrapper.setReturnFormat(JSON)
for row in wrapper.queryAndConvert()["results"]["bindings"]:
    print({name: cell["value"] for name, cell in row.items()})`;
  return `from SPARQLWrapper import JSON, POST, SPARQLWrapper

QUERY = ${pythonText(text)}

wrapper = SPARQLWrapper("${endpoint}")
wrapper.setMethod(POST)
wrapper.setQuery(QUERY)
${reading}`;
}

function pythonText(text) {
  return `"""\n${text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"')}\n"""`;
}

function r({ endpoint, text, type }) {
  const [format, reading] = {
    "text/csv": ["csv", 'rows <- read.csv(address, encoding = "UTF-8", check.names = FALSE)\nprint(rows)'],
    "text/turtle": ["ttl", 'cat(readLines(address, encoding = "UTF-8"), sep = "\\n")'],
  }[type] ?? ["json", 'cat(readLines(address, encoding = "UTF-8"), sep = "\\n")'];
  return `query <- ${rText(text)}

address <- paste0(
  "${endpoint}?format=${format}&query=",
  URLencode(enc2utf8(query), reserved = TRUE)
)
${reading}`;
}

// A raw string ends with as many dashes as it began with; there are more of them than the query has.
function rText(text) {
  let dashes = "";
  while (text.includes(`)${dashes}"`)) dashes += "-";
  return `r"${dashes}(\n${text}\n)${dashes}"`;
}

function java({ endpoint, text, type }) {
  const indented = text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"').replaceAll("\n", "\n        ");
  return `import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

public class Ask {
    static final String QUERY = """
        ${indented}
        """;

    public static void main(String[] arguments) throws Exception {
        var form = "query=" + URLEncoder.encode(QUERY, StandardCharsets.UTF_8);
        var request = HttpRequest.newBuilder(URI.create("${endpoint}"))
            .header("Accept", "${type}")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) throw new RuntimeException(answer.body());
        System.out.println(answer.body());
    }
}`;
}
