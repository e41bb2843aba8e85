"""Stands for docker, podman or buildah on PATH: notes its arguments, and knows which images are built and pushed, as these programs do.

`install(folder, name)` puts it there. `FAKE_FAILS` names commands that fail, such as `push`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def install(folder: Path, name: str = "docker") -> Builder:
    """Put a program of this name into `folder/bin`."""
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / name
    program.write_text(f"#!{sys.executable}\n" + Path(__file__).read_text(encoding="utf-8") + f"\n\nmain({str(folder)!r})\n")
    program.chmod(0o755)
    return Builder(folder)


class Builder:
    """What a builder was asked to do; `built` and `pushed` are names of images."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    @property
    def path(self) -> str:
        """A PATH that has no other builder."""
        return f"{self.folder / 'bin'}{os.pathsep}/bin"

    @property
    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in self._lines("calls")]

    @property
    def built(self) -> list[str]:
        return self._lines("built")

    @property
    def pushed(self) -> list[str]:
        return self._lines("pushed")

    def add(self, file: str, line: str) -> None:
        with open(self.folder / file, "a", encoding="utf-8") as opened:
            opened.write(line + "\n")

    def clear(self, *files: str) -> None:
        for file in files:
            (self.folder / file).unlink(missing_ok=True)

    def _lines(self, file: str) -> list[str]:
        path = self.folder / file
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def main(folder: str) -> None:
    """Do what the arguments say; the exit status is that of the real programs."""
    builder, words = Builder(Path(folder)), sys.argv[1:]
    builder.add("calls", json.dumps(words))
    if words[0] in os.environ.get("FAKE_FAILS", "").split():
        print("no space left on device", file=sys.stderr)
        sys.exit(17)
    name = next((word for word in reversed(words) if ":" in word and "=" not in word), "").removeprefix("docker://")
    if words[:2] in (["image", "inspect"], ["manifest", "exists"]) or words[0] == "inspect":
        sys.exit(name not in builder.built)
    elif words[:2] == ["manifest", "inspect"]:
        sys.exit(name not in builder.pushed)
    elif "build" in words[:2]:
        print("step 1 of 1")
        assert (Path(words[-1]) / "Dockerfile").exists()
        builder.add("built", name)
        if "--push" in words:
            builder.add("pushed", name)
    elif "push" in words[:2]:
        assert name in builder.built
        builder.add("pushed", name)
    else:
        sys.exit(f"unknown command {words}")
