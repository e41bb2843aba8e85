"""A base image, a lock file and flowport -> an image: the tag, without asking a registry.

The tag is `pandas-pyarrow-5c1e0a9b2f-0f3b6a1c9d2e`: the name of the environment, and a digest of all that the image is made from. So
compiled files can name an image before it exists, and an image is built again only if something in it changed.
"""

from __future__ import annotations

from flowport.compiler.environments.dockerfile import dockerfile
from flowport.compiler.ir import Lock
from flowport.compiler.record import record
from flowport.runtime.store import digests
from flowport.runtime.store.documents import dump

HASH = 12
"""Hexadecimal digits of a digest in a tag."""


@record
class Wheel:
    """The package of flowport that goes into images: the name of its file, and the digest of its bytes."""

    name: str
    digest: str


@record
class Image:
    """An image of an environment; without `lock` it has the base image and flowport."""

    base: str
    lock: Lock | None
    platforms: tuple[str, ...]
    wheel: Wheel

    @property
    def name(self) -> str:
        """The name of the environment, with which the tag begins."""
        return self.lock.name if self.lock is not None else "flowport"

    @property
    def tag(self) -> str:
        """Letters, digits, `.`, `_` and `-`, at most 128 (distribution, "reference")."""
        made_from = {
            "lock": self.lock.digest if self.lock is not None else "",
            "platforms": [*self.platforms],
            "dockerfile": self.dockerfile,
            "flowport": self.wheel.digest,
        }
        return f"{self.name}-{digests.of(dump(made_from))[:HASH]}"

    @property
    def dockerfile(self) -> str:
        """The Dockerfile."""
        return dockerfile(self.base, self.lock, self.wheel.name)
