"""What flowport does with a folder of flows: its settings, its flow files, the stores of its runs, and how a run is started.

A command line, a Python client and a user interface stand on this. It prints nothing: it returns values, and raises `ProjectError`.

The decorator `@project` has the name of this package. A flow that writes `from flowport import project` gets the package, so the package
can be called like the decorator.
"""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Package(ModuleType):
    def __call__(self, **arguments: Any) -> Any:
        from flowport.runtime.names.flow import project

        return project(**arguments)


sys.modules[__name__].__class__ = _Package
