"""The class of a type of cards: one of flowport's, of the flow's own files, or of an extension of Metaflow.

metaflow_extensions/acme/plugins/cards/report/__init__.py     CARDS = [ReportCard]
"""

from __future__ import annotations

import os

from flowport.runtime.cards.classes import BUILT_IN, MetaflowCard
from flowport.runtime.cards.component import warn
from flowport.runtime.names.exceptions import TimeoutException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_found: dict[str, type[MetaflowCard] | None] = {}


def card_class(kind: str) -> type[MetaflowCard] | None:
    """The class of the type `kind`; None if nothing here has it. Extensions are imported only if nothing else has the type."""
    if kind in BUILT_IN:
        return BUILT_IN[kind]
    own = [one for one in _subclasses(MetaflowCard) if one.type == kind]
    if own:
        return own[-1]  # the one that was defined last
    if kind not in _found:
        _found[kind] = _of_extension(kind)
    return _found[kind]


def _subclasses(kind: type[MetaflowCard]) -> Iterator[type[MetaflowCard]]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)


def _of_extension(kind: str) -> type[MetaflowCard] | None:
    for module in _modules():
        for one in getattr(module, "CARDS", ()):
            if isinstance(one, type) and issubclass(one, MetaflowCard) and one.type == kind:
                return one
    return None


def _modules() -> Iterator[ModuleType]:
    """The modules of extensions that list cards; one that cannot be imported is named on the log."""
    from importlib import import_module

    from flowport.runtime.extensions.installed import extensions

    for name in sorted(_names(extensions().folders)):
        try:
            yield import_module(name)
        except TimeoutException:
            raise  # of the step, or of the card
        except Exception as error:  # whatever the module of another package raises
            warn(f"`{name}` cannot be imported: {type(error).__name__}: {error}")


def _names(folders: list[str]) -> set[str]:
    """The names of these modules: packages below `plugins/cards` of an extension, and that folder itself where it is a package."""
    found = set()
    for folder in folders:
        for package in os.listdir(folder):
            place = os.path.join(folder, package, "plugins", "cards")
            name = f"metaflow_extensions.{package}.plugins.cards"
            for entry in os.listdir(place) if os.path.isdir(place) else ():
                if entry == "__init__.py":
                    found.add(name)
                elif entry.startswith("mfextinit_") and entry.endswith(".py"):
                    found.add(f"{name}.{entry[:-3]}")
                elif os.path.exists(os.path.join(place, entry, "__init__.py")):
                    found.add(f"{name}.{entry}")
    return found
