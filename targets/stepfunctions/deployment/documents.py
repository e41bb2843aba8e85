"""The emitted documents of a flow, read back for their deployment, and how two of them are compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flowport.compiler.changes import Becomes, Change
from flowport.compiler.target import Deployment
from flowport.targets.deployment import difference
from flowport.targets.stepfunctions.settings import Settings
from flowport.targets.stepfunctions.text import encoded


class Documents:
    """The emitted files of a deployment, by the name in their folder."""

    def __init__(self, deployment: Deployment[Settings]) -> None:
        self._files = {file.path.rpartition("/")[2]: file.data for file in deployment.files if file.path.endswith(".json")}

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def __getitem__(self, name: str) -> Any:
        return json.loads(self._files[name])

    def get(self, name: str) -> Any:
        """A document; None if it is not emitted."""
        text = self._files.get(name)
        return None if text is None else json.loads(text)

    def text(self, name: str) -> str:
        """A document as it is emitted."""
        return self._files[name].decode()


def change(name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, make: Any) -> Change:
    """From an object as it is to one as it is to be; None where there is none."""
    becomes: Becomes = "unchanged" if before == after else "new" if before is None else "deleted" if after is None else "changed"
    return Change(name, becomes, difference(name.replace(" ", "/"), _lines(before), _lines(after)), make)


def _lines(document: Mapping[str, Any] | None) -> list[str]:
    return [] if document is None else encoded(dict(document)).decode().splitlines()
