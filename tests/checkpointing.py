"""Flows with checkpoints, for tests: `keep(number)` saves a number, and `count()` is the number that was loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flowport.runtime.protocol import FAILED
from flowport.runtime.records.attempts import failures
from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from solo import Solo

IMPORTS = """
import os
import subprocess
import sys
import time
from pathlib import Path
from flowport import Checkpoint, checkpoint, load_model, model

def count():
    path = Path(current.get("checkpoint").directory, "count")
    return int(path.read_text()) if path.exists() else 0

def keep(number, **more):
    Path(current.get("checkpoint").directory, "count").write_text(str(number))
    return current.get("checkpoint").save(metadata={"number": number}, **more)
"""


def flow(folder: Path, source: str, store: Any = None) -> Solo:
    return Solo(folder, IMPORTS + source, store)


class Broken(FolderStore):
    """A store that takes so many files, and then has no space left."""

    left = 10**6

    def replace_with_file(self, key: str, path: str) -> tuple[str, int]:
        if not self.left:
            raise StoreError(f"cannot write `{key}`: no space is left")
        self.left -= 1
        return super().replace_with_file(key, path)


ONE = """
class One(FlowSpec):
    @checkpoint
    @model
    @step
    def start(self):
BODY
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def one(tmp_path: Path, body: str, store: Any = None, decorators: str = "    @checkpoint\n    @model\n") -> Solo:
    """A flow whose first step has a body."""
    source = ONE.replace("    @checkpoint\n    @model\n", decorators)
    return flow(tmp_path, source.replace("BODY", "\n".join("        " + line for line in body.strip().splitlines())), store)


def error(solo: Solo) -> str:
    """How the first step fails."""
    assert solo.perform("start") == FAILED
    return failed(solo)


def failed(solo: Solo) -> str:
    """The message of what failed."""
    return str(failures(solo.store, Keys(solo.flow, "1"))[0]["message"])
