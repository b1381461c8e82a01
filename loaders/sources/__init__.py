"""One module for each published file; `sources()` finds them all."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from impckg.graph.errors import RecipeError
from impckg.loaders.source import Source


@cache
def sources() -> Mapping[str, Source]:
    """Every source that we can read, by the name of its reader."""
    modules = [
        importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)
    ]
    found: list[Source] = [module.SOURCE for module in modules if hasattr(module, "SOURCE")]
    return {source.reader: source for source in sorted(found, key=lambda source: source.reader)}


def find_source(reader: str) -> Source:
    """The source of that reader. Raises RecipeError where there is none."""
    try:
        return sources()[reader]
    except KeyError:
        raise RecipeError(f"there is no reader {reader!r}; there are {', '.join(sources())}") from None
