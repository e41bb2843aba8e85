"""`@pypi(packages={}, python=None, disabled=None)` and `@conda`: the packages of a step, which its task checks.

`parse/packages.py` adds what the flow's `@pypi_base` and `@conda_base` say.
"""

from __future__ import annotations

from collections.abc import Callable

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.decorators.packages import CONDA_ARGUMENTS, PIP_ARGUMENTS, PYPI_ARGUMENTS, read_packages, read_pip
from flowport.compiler.ir import JSON, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

OF_PYPI = Feature("@pypi")
OF_CONDA = Feature("@conda")


def _reader(conda: bool) -> Callable[[Arguments, Settings], Settings]:
    return lambda arguments, so_far: replace(so_far, packages=(*so_far.packages, read_packages(arguments, conda)))


def _asks(conda: bool) -> Callable[[Settings], bool]:
    return lambda settings: settings.requirements is not None and settings.requirements.conda == conda


def _document(conda: bool) -> Callable[[Settings], dict[str, JSON]]:
    def document(settings: Settings) -> dict[str, JSON]:
        asked = settings.requirements
        if asked is None or asked.conda != conda:
            return {}
        named: dict[str, JSON] = {"locked": asked.lock.name} if asked.lock is not None else {}
        return {"packages": {"conda": conda, "packages": dict(asked.packages), "python": asked.python}, **named}

    return document


# The values, and not the text of the decorator, are part of the digest of a step (`parse/packages.py`). Steps in one container may ask for
# different packages, as each checks its own.
PYPI = Decorator("pypi", PYPI_ARGUMENTS, _reader(False), {OF_PYPI: _asks(False)}, to_plan=_document(False), changes_results=False)
CONDA = Decorator("conda", CONDA_ARGUMENTS, _reader(True), {OF_CONDA: _asks(True)}, to_plan=_document(True), changes_results=False)
PIP = Decorator(
    "pip",
    PIP_ARGUMENTS,
    lambda arguments, so_far: replace(so_far, packages=(*so_far.packages, read_pip(arguments))),
    {},
    to_plan=lambda settings: {},
    changes_results=False,
)
