"""The compiled part of obstore. Importing the package takes four times as long, because it loads `typing` and more for its annotations.

If an expected name is missing, the package is imported after all.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


NAMES = (
    "get",
    "get_range",
    "put",
    "head",
    "list",
    "list_with_delimiter",
    "delete",
    "copy",
    "get_async",
    "put_async",
    "_store",
    "exceptions",
)


def _compiled() -> ModuleType:
    """The extension module; the package, imported later by a flow, finds and uses the same."""
    loaded = sys.modules.get("obstore._obstore")
    if loaded is not None:
        return loaded
    from _frozen_importlib import _load  # type: ignore[attr-defined]
    from _frozen_importlib_external import PathFinder

    package = PathFinder.find_spec("obstore")
    spec = package and PathFinder.find_spec("obstore._obstore", package.submodule_search_locations)
    if spec is not None:
        module: ModuleType = _load(spec)
        if all(hasattr(module, name) for name in NAMES):
            return module
    __import__("obstore")
    return sys.modules["obstore._obstore"]


if TYPE_CHECKING:
    import obstore
    from obstore import exceptions
    from obstore.store import from_url
else:
    obstore = _compiled()
    exceptions = obstore.exceptions
    from_url = obstore._store.from_url

__all__ = ("exceptions", "from_url", "obstore")
