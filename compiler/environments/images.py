"""A base image, a lock file and flowport -> an image: its Dockerfile and its tag, without asking a registry.

The tag is `pandas-pyarrow-5c1e0a9b2f-0f3b6a1c9d2e`: the name of the environment, and a digest of all that the image is made from. So
compiled files can name an image before it exists, and an image is built again only if something in it changed.
"""

from __future__ import annotations

from flowport.compiler.ir import Lock
from flowport.compiler.record import record
from flowport.runtime.store import digests
from flowport.runtime.store.documents import dump

TASK = ("obstore>=0.6", "packaging>=22")
"""What flowport itself needs in a task: the dependencies of pyproject.toml without those of the command line."""

PYTHON = "3.12"
"""The Python of images for flows in which no step has a lock file."""

PLATFORMS = ("linux/amd64",)
"""The platforms of an image, if a profile names none."""

PLACE = "{python}"
"""What stands for the major and minor version of Python in the name of a base image."""

BASE = f"python:{PLACE}-slim"
"""The base image, if neither the step nor the profile names one (Docker Hub, "python")."""

REQUIREMENTS = "requirements.txt"
"""The name that a lock file has beside its Dockerfile."""

HASH = 12
"""Hexadecimal digits of a digest in a tag."""

PIP = "python -m pip install --no-cache-dir"
ONLY_FLOWPORT = "--no-deps --no-index --force-reinstall"

# pip reads /etc/pip.conf (pip documentation, "Configuration"), and a secret that the build does not have is left out
# (Dockerfile reference, `RUN --mount=type=secret`, `required`).
SECRET = "RUN --mount=type=secret,id=pip,target=/etc/pip.conf \\\n    "


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
        """The Dockerfile. The lock file and the wheel are beside it."""
        packages = _locked(self.lock, self.wheel.name) if self.lock is not None else _unlocked(self.wheel.name)
        return "".join(
            f"{line}\n"
            for line in (
                f"FROM {self.base}",
                "USER 0",
                "WORKDIR /opt/flowport",
                *packages,
                "# A user without a home may write there.",
                "ENV HOME=/tmp FLOWPORT_CACHE=/tmp/flowport",
                "WORKDIR /tmp",
                "# Engines start `python -m flowport.runtime`, whatever the base image starts.",
                "ENTRYPOINT []",
                "USER 1000:1000",
            )
        )


def with_python(image: str, python: str) -> str:
    """The name of a base image for a major and minor version of Python."""
    return image.replace(PLACE, python)


def _locked(lock: Lock, wheel: str) -> list[str]:
    """The packages of a lock file, after a look at the Python of the base image, and flowport.

    pip checks hashes if the file has any; a file with addresses of packages has none.
    """
    hashes = " --require-hashes" if b"--hash=" in lock.data else ""
    problem = f"'the lock file is for Python {lock.python}, and the base image has Python ' + found"
    compared = f"import sys; found = '%d.%d' % sys.version_info[:2]; sys.exit(found != '{lock.python}' and {problem})"
    return [
        f"COPY {REQUIREMENTS} ./",
        f'{SECRET}python -c "{compared}" \\',
        f"    && {PIP} --no-deps{hashes} -r {REQUIREMENTS}",
        f"COPY {wheel} ./",
        f"RUN {PIP} {ONLY_FLOWPORT} ./{wheel}",
    ]


def _unlocked(wheel: str) -> list[str]:
    """What flowport needs, where no lock file has it, and flowport. What the base image has in such a version stays."""
    listed = " ".join(f'"{each}"' for each in TASK)
    return [f"COPY {wheel} ./", f"{SECRET}{PIP} {listed} \\", f"    && {PIP} {ONLY_FLOWPORT} ./{wheel}"]
