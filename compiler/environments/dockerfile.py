"""What an image is made from -> its Dockerfile. The files that it copies are beside it.

Packages come before flowport: so another flowport leaves their layer as it is. The text names no index. The settings of pip and conda are
secrets of the build, which are left out where the build has none (Dockerfile reference, `RUN --mount=type=secret`, `required`).
"""

from __future__ import annotations

from flowport.compiler.ir import Lock

PYTHON = "3.12"
"""The Python of images for flows in which no step has a lock file, and of what installs packages of conda."""

PLACE = "{python}"
"""What stands for the major and minor version of Python in the name of a base image."""

BASE = f"python:{PLACE}-slim"
"""The base image, if neither the step nor the profile names one (Docker Hub, "python")."""

REQUIREMENTS, CONDA = "requirements.txt", "conda.txt"
"""The files with the lines of a lock file for pip, and with those for conda."""

# Where pip and rattler look for settings (pip documentation, "Configuration"; conda documentation, "Searching for .condarc").
PIP_SETTINGS = "--mount=type=secret,id=pip,target=/etc/pip.conf"
CONDA_SETTINGS = "--mount=type=secret,id=conda,target=/root/.condarc"

PREFIX = "/opt/environment"
PIP = "python -m pip install --no-cache-dir"
ONLY_FLOWPORT = "--no-deps --no-index --force-reinstall"
NEEDS = "python -m flowport.runtime.environments.needs"

# A user without a home may write to /tmp. Engines start `python -m flowport.runtime`, whatever the base image starts.
END = ("ENV HOME=/tmp FLOWPORT_CACHE=/tmp/flowport", "WORKDIR /tmp", "ENTRYPOINT []", "USER 1000:1000")


def dockerfile(base: str, lock: Lock | None, wheel: str) -> str:
    """The Dockerfile of an image; `wheel` is the file with flowport."""
    if lock is None:
        lines = _without_packages(base, wheel)
    elif is_conda(lock):
        lines = _of_conda(base, wheel)
    else:
        lines = _of_pip(base, lock, wheel)
    return "".join(f"{line}\n" for line in ("# Written by `flowport image`.", *lines, *END))


def is_conda(lock: Lock) -> bool:
    """Whether a lock file has packages of conda."""
    return b"\nconda " in lock.data


def _start(base: str) -> list[str]:
    return [f"FROM {base}", "USER 0", "WORKDIR /opt/flowport"]


def _of_pip(base: str, lock: Lock, wheel: str) -> list[str]:
    """The packages of a lock file, after a look at the Python of the base image, and flowport.

    pip checks hashes if the file has any; a file with addresses of packages has none.
    """
    hashes = " --require-hashes" if b"--hash=" in lock.data else ""
    problem = f"'the lock file is for Python {lock.python}, and the base image has Python ' + found"
    compared = f"import sys; found = '%d.%d' % sys.version_info[:2]; sys.exit(found != '{lock.python}' and {problem})"
    return [
        *_start(base),
        f"COPY {REQUIREMENTS} ./",
        *_run(PIP_SETTINGS, f'python -c "{compared}"', f"{PIP} --no-deps{hashes} -r {REQUIREMENTS}"),
        f"COPY {wheel} ./",
        f"RUN {PIP} {ONLY_FLOWPORT} ./{wheel}",
    ]


def _without_packages(base: str, wheel: str) -> list[str]:
    """flowport, and what it needs, where no lock file has it."""
    return [*_start(base), f"COPY {wheel} ./", *_run(PIP_SETTINGS, f"{PIP} {ONLY_FLOWPORT} ./{wheel}", NEEDS)]


def _of_conda(base: str, wheel: str) -> list[str]:
    """An environment of conda, made in an image with Python and copied into the base image, which need not have one."""
    into = PIP.replace("install", f"--python {PREFIX}/bin/python install", 1)
    return [
        f"FROM {with_python(BASE, PYTHON)} AS environment",
        "WORKDIR /opt/flowport",
        f"COPY {CONDA} {REQUIREMENTS} {wheel} ./",
        *_run(
            f"{PIP_SETTINGS} {CONDA_SETTINGS}",
            f"{PIP} {ONLY_FLOWPORT} ./{wheel}",
            f"{NEEDS} conda",
            f"python -m flowport.runtime.environments.conda {CONDA} {PREFIX}",
            f"{into} --no-deps -r {REQUIREMENTS}",
            f"{into} {ONLY_FLOWPORT} ./{wheel}",
        ),
        f"FROM {base}",
        f"COPY --from=environment {PREFIX} {PREFIX}",
        f"ENV PATH={PREFIX}/bin:$PATH CONDA_PREFIX={PREFIX}",
    ]


def _run(mounts: str, *commands: str) -> list[str]:
    """One instruction with several commands, each on a line."""
    lines = [f"    {'&& ' if number else ''}{command}" for number, command in enumerate(commands)]
    return [f"RUN {mounts} \\", *(f"{line} \\" for line in lines[:-1]), lines[-1]]


def with_python(image: str, python: str) -> str:
    """The name of a base image for a major and minor version of Python."""
    return image.replace(PLACE, python)
