"""The pages in a real browser: a service in a process of its own, and headless Chromium in front of it."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from impckg.service.pages import vendored

from ..service.conftest import start_service

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

PROJECT = Path(__file__).resolve().parents[2]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
# It must reach nothing by itself: what it asks for is what is tested.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# What the page's policy stopped, told to the test by the browser itself.
WATCH_POLICY = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
NODE_MODULES = PROJECT / "build" / "vendor" / "node_modules"


# For a module each time: as long as Playwright runs, this thread has an event loop, and tests elsewhere could have none.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium: the one that IMPCKG_CHROMIUM names, or the one of this machine."""
    path = os.environ.get("IMPCKG_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine; IMPCKG_CHROMIUM can name one")
    with playwright.sync_playwright() as engine:
        started = engine.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def service(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running service of the demo graph."""
    links = tmp_path_factory.mktemp("links")
    with start_service(demo, "--page-rows", "500", "--links", str(links)) as address:
        yield address


@dataclass
class Visit:
    """A page, and what happened while it was open."""

    page: Any
    address: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> None:
        """Go to a page, and wait until what it adds by JavaScript is there."""
        self.page.goto(self.address + path)
        self.page.wait_for_selector(".CodeMirror")

    def write(self, query: str) -> None:
        """Put a query into the editor, with the cursor at its end."""
        self.page.evaluate(
            """query => {
              const editor = document.querySelector(".CodeMirror").CodeMirror;
              editor.setValue(query);
              editor.setCursor(editor.lineCount(), 0);
              editor.focus();
            }""",
            query,
        )

    def written(self) -> str:
        """What is in the editor."""
        text: str = self.page.evaluate("document.querySelector('.CodeMirror').CodeMirror.getValue()")
        return text

    def run(self, query: str) -> None:
        """Ask a query, and wait for its answer."""
        self.write(query)
        self.page.evaluate("document.getElementById('answer')?.replaceChildren()")
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_selector("#answer h2")


@pytest.fixture
def visit(browser: Any, service: str) -> Iterator[Visit]:
    """A fresh page with all that was vendored. Afterwards, nothing may have been asked of anyone else, nor stopped."""
    if not vendored():
        pytest.skip("what the page borrows from others could not be had when this was built: `make vendor`")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield from watched(context, service)


@pytest.fixture
def narrow_visit(browser: Any, service: str) -> Iterator[Visit]:
    """A page on a telephone, in the dark."""
    if not vendored():
        pytest.skip("what the page borrows from others could not be had when this was built: `make vendor`")
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
    yield from watched(context, service)


@pytest.fixture(scope="module")
def module(browser: Any, service: str) -> Iterator[Callable[..., Any]]:
    """A way to call a function of a module of the page: its file, a function of the module and an argument, and that."""
    page = browser.new_page()
    page.goto(service + "/")
    yield lambda file, function, argument: page.evaluate(
        f"async (argument) => ({function})(await import('/static/{file}'), argument)", argument
    )
    page.close()


@pytest.fixture
def bare_visit(browser: Any, service: str) -> Iterator[Visit]:
    """A page without JavaScript."""
    yield from watched(browser.new_context(java_script_enabled=False), service)


def watched(context: Any, service: str) -> Iterator[Visit]:
    """A page of a context, whose requests and errors are kept, and looked at in the end."""
    context.add_init_script(WATCH_POLICY)
    context.set_default_timeout(30_000)
    page = context.new_page()
    found = Visit(page, service)
    context.on("request", lambda request: found.requests.append(request.url))
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    page.on(
        "console", lambda said: found.errors.append(said.text) if "Content Security" in said.text else None
    )
    yield found
    violations = page.evaluate("window.violations ?? []")
    context.close()
    assert [url for url in found.requests if not url.startswith((service + "/", "blob:"))] == []
    assert violations + found.errors == []
