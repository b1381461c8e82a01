"""YASGUI as others run it, on a page of another origin, works with the service unmodified."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from .conftest import NODE_MODULES

PAGE = """<!doctype html><meta charset="utf-8"><title>YASGUI</title>
<link rel="stylesheet" href="yasgui.min.css"><div id="here"></div>
<script src="yasgui.min.js"></script>
<script>
  const yasgui = new Yasgui(document.getElementById("here"), {
    requestConfig: { endpoint: new URLSearchParams(location.search).get("endpoint") },
  });
</script>"""


@pytest.fixture
def yasgui(tmp_path: Path) -> Iterator[str]:
    """The address of a page with YASGUI, of another origin than the service."""
    built = NODE_MODULES / "@zazuko" / "yasgui" / "build"
    if not built.is_dir():
        pytest.skip("YASGUI is not here: `make vendor`")
    for name in ("yasgui.min.js", "yasgui.min.css"):
        (tmp_path / name).symlink_to(built / name)
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """A file server that does not tell what it is asked for."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("SELECT ?label { MGI:97487 rdfs:label ?label }", "Pax3"),
        ("CONSTRUCT { MGI:97487 rdfs:label ?label } WHERE { MGI:97487 rdfs:label ?label }", "Pax3"),
        ("ASK { MGI:97487 rdfs:label ?label }", "True"),
        ("SELECT * { ?s", "the query is not SPARQL"),
    ],
    ids=["select", "construct", "ask", "wrong"],
)
def test_yasgui_shows_what_the_service_answers(browser, service, yasgui, query, shown):
    page = browser.new_page()
    page.goto(f"{yasgui}?endpoint={service}/sparql")

    page.evaluate("query => { yasgui.getTab().setQuery(query) }", query)
    page.evaluate("() => { yasgui.getTab().query().catch(() => {}) }")

    page.locator(".yasr", has_text=shown).wait_for(timeout=20_000)
    page.close()
