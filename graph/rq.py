"""Query files: SPARQL with a header of `#+` lines in YAML, which every SPARQL tool reads as comments.

The header style is that of grlc (https://grlc.io), so its tools can serve the same files.
"""

from typing import Any

import yaml

from impckg.graph.errors import QueryError

MARK = "#+"


def parse_header(name: str, text: str) -> tuple[dict[str, Any], str]:
    """The header of a query file as a mapping, and the SPARQL below it.

    Raises QueryError where the header is missing or is not YAML.
    """
    lines = text.splitlines()
    header = [line[len(MARK) :] for line in lines if line.startswith(MARK)]
    body = "\n".join(line for line in lines if not line.startswith(MARK)).strip() + "\n"
    try:
        # A blank after the mark belongs to the mark.
        parsed = yaml.safe_load("\n".join(line.removeprefix(" ") for line in header))
    except yaml.YAMLError as error:
        raise QueryError(f"{name}: the header is not YAML: {error}") from error
    if not isinstance(parsed, dict):
        raise QueryError(f"{name}: there is no header of '{MARK}' lines; expected at least a question")
    return parsed, body
