"""The Flask application: pages and documents. It stands behind the door (door.py), which answers data.

``/``, ``/sparql``, ``/questions/<name>``, ``/about``, ``/schema``       pages (page_routes.py)
``/classes``, ``/explain``                                               the reasoner (reasoning_routes.py)
``/id/…``, ``/describe``, ``/.well-known/void``, ``/openapi.json``, ...  documents (document_routes.py)

It asks its questions of whatever store it is given: the pool of workers in a running service, a store that is open in this
process in tests.
"""

import os
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from impckg.graph.store import LIVE_RELEASE
from impckg.queries.run import AnyStore, open_any
from impckg.service import document_routes, page_routes, reasoning_routes
from impckg.service.links import Links
from impckg.service.settings import Settings
from impckg.service.site import Site, register_errors

_HERE = Path(__file__).parent
# A form may need three bytes for one of the query, and more for what else it holds.
_FORM_BYTES = 100_000


def create_app(
    settings: Settings,
    store: AnyStore | None = None,
    whole: AnyStore | None = None,
    edition: Callable[[], str | None] = lambda: None,
) -> Flask:
    """Make the application that shows the store of the settings. Raises StoreError where there is none.

    store: what pages ask, instead of opening the store here; it may leave out rows that a page has no room for.
    whole: what documents ask; the same, with all rows.
    edition: tells which release the store holds at the moment.
    """
    store = store or open_any(settings.store)
    links = Links(settings.links or _links_beside(settings.store), settings.query_bytes)
    site = Site(settings, store, whole or store, edition, links)
    # Flask looks for its files by walking up the package; ours is mapped from another folder, so it is told.
    app = Flask("impckg.service", root_path=str(_HERE), instance_path=str(_HERE))
    app.config["MAX_CONTENT_LENGTH"] = 3 * settings.query_bytes + _FORM_BYTES
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    page_routes.add(app, site)
    document_routes.add(app, site)
    reasoning_routes.add(app, site)
    register_errors(app)
    app.context_processor(lambda: {"release": site.release(), "page_rows": settings.page_rows})
    return app


def _links_beside(store: Path | str) -> Path | None:
    """Where links are kept unless said: in a folder of releases, which outlives each of them; nowhere for other stores."""
    folder = Path(store)
    return folder / "links" if (folder / LIVE_RELEASE).exists() and os.access(folder, os.W_OK) else None
