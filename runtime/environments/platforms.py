"""Platforms, called as those of images are: `linux/amd64`."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from flowport.runtime.environments.errors import EnvironmentProblem

USUAL = "linux/amd64"
"""That of images, where nobody says another."""

UV = {
    "linux/amd64": "x86_64-unknown-linux-gnu",
    "linux/arm64": "aarch64-unknown-linux-gnu",
    "macos/amd64": "x86_64-apple-darwin",
    "macos/arm64": "aarch64-apple-darwin",
}
"""What uv calls them."""

MARKERS = {
    "linux/amd64": "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "linux/arm64": "sys_platform == 'linux' and platform_machine == 'aarch64'",
    "macos/amd64": "sys_platform == 'darwin' and platform_machine == 'x86_64'",
    "macos/arm64": "sys_platform == 'darwin' and platform_machine == 'arm64'",
}
"""How a requirements file tells them from the others (PyPA, "Dependency specifiers")."""

CONDA = {"linux/amd64": "linux-64", "linux/arm64": "linux-aarch64", "macos/amd64": "osx-64", "macos/arm64": "osx-arm64"}
"""What conda calls them."""

_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def here() -> str:
    """The platform of this machine."""
    system = "macos" if platform.system() == "Darwin" else "linux"
    return f"{system}/{_MACHINES.get(platform.machine().lower(), 'amd64')}"


def platforms(chosen: Sequence[str]) -> tuple[str, ...]:
    """The platforms to lock for: the chosen ones, or the usual one, and this machine's; raises EnvironmentProblem."""
    for name in chosen:
        if name not in UV:
            raise EnvironmentProblem(f"there is no platform `{name}`: write one of {', '.join(UV)}")
    return tuple(dict.fromkeys([*(chosen or [USUAL]), here()]))
