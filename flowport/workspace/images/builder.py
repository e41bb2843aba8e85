"""Images are built and pushed by a program on PATH: docker, podman or buildah. What it prints goes to standard error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

from flowport.runtime.environments.errors import EnvironmentProblem
from flowport.workspace.errors import NoBuilder
from flowport.workspace.images.folders import Written

PROGRAMS = ("docker", "podman", "buildah")


class Secret(NamedTuple):
    """A file that a build may read and that no image contains; Dockerfiles call it `id`."""

    id: str
    path: str


class Builder(NamedTuple):
    """One of these programs, and its path.

    An image for several platforms is a list of images to podman and buildah, which is what their `manifest` is about. docker has such an
    image only in some of its stores, and pushes it while it builds.
    """

    name: str
    program: str

    def has(self, image: Written) -> bool:
        """Whether the image is on this machine."""
        name = image.image.name
        if self.name != "docker" and _several(image):
            return self._succeeds("manifest", "exists", name)
        return self._succeeds(*(("inspect", "--type", "image") if self.name == "buildah" else ("image", "inspect")), name)

    def is_pushed(self, image: Written) -> bool:
        """Whether the registry has the image, as far as it says so."""
        # podman and buildah look among the lists on this machine first (podman-manifest-inspect, "Description").
        if self.name != "docker" and _several(image) and self.has(image):
            return False
        return self._succeeds("manifest", "inspect", image.image.name)

    def build(self, image: Written, secrets: Sequence[Secret], push: bool) -> None:
        """Build an image, and `push` it if this program does both at once; raises EnvironmentProblem."""
        several, name = _several(image), image.image.name
        command = ["buildx", "build"] if self.pushes_at_once(image) else ["build"]
        self._do(
            f"the image `{name}` cannot be built",
            *command,
            *("--platform", ",".join(image.image.image.platforms)),
            *("--manifest" if several and self.name != "docker" else "--tag", name),
            *(word for secret in secrets for word in ("--secret", f"id={secret.id},src={secret.path}")),
            *(("--push",) if push and self.pushes_at_once(image) else ()),
            image.folder,
        )

    def push(self, image: Written) -> None:
        """Push an image; raises EnvironmentProblem."""
        name = image.image.name
        several = self.name != "docker" and _several(image)
        self._do(
            f"the image `{name}` cannot be pushed",
            *(("manifest", "push", "--all", name, f"docker://{name}") if several else ("push", name)),
        )

    def pushes_at_once(self, image: Written) -> bool:
        """Whether building and pushing is one command."""
        return self.name == "docker" and _several(image)

    def _succeeds(self, *words: str) -> bool:
        return subprocess.run([self.program, *words], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    def _do(self, problem: str, *words: str) -> None:
        sys.stdout.flush()
        # docker before 23 reads secrets only so (Docker documentation, "BuildKit").
        variables = {**os.environ, "DOCKER_BUILDKIT": "1"}
        status = subprocess.run([self.program, *words], stdin=subprocess.DEVNULL, stdout=sys.stderr, env=variables).returncode
        if status:
            raise EnvironmentProblem(f"{problem}: {self.name} ended with status {status}\nwhat it printed above says why")


def find_builder() -> Builder:
    """The first of the programs that is on PATH; raises NoBuilder."""
    for name in PROGRAMS:
        if program := shutil.which(name):
            return Builder(name, program)
    raise NoBuilder(PROGRAMS)


def _several(image: Written) -> bool:
    return len(image.image.image.platforms) > 1
