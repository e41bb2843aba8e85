"""The programs that make environments: uv, and the Pythons of this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as UnreadableIni
from glob import escape, glob

from flowport.runtime.environments.errors import EnvironmentProblem

_SETTINGS = {"UV_DEFAULT_INDEX": "index-url", "UV_INDEX": "extra-index-url", "UV_FIND_LINKS": "find-links"}
"""Variables of uv, and what pip calls the same."""

_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_CONFIG_FILE")
"""Variables that say where uv finds packages, so that pip's indexes do not count."""


def uv() -> str | None:
    """The path of uv: on PATH, or as the Python package of this name."""
    found = shutil.which("uv") or shutil.which("uv", path=os.path.dirname(sys.executable))
    if found is None:
        try:
            from uv import find_uv_bin  # type: ignore[import-not-found, unused-ignore]

            found = str(find_uv_bin())
        except (ImportError, FileNotFoundError):  # also where the package is there, and its program was removed
            return None
    return found


def run(arguments: Sequence[str], problem: str, given: str | None = None, variables: Mapping[str, str] | None = None) -> str:
    """The standard output of a program that works for us; raises EnvironmentProblem, with what it printed, when it fails."""
    done = subprocess.run(
        arguments, input=given, stdin=None if given is not None else subprocess.DEVNULL, capture_output=True, text=True,
        env={**os.environ, **pip_settings(), **(variables or {})},
    )  # fmt: skip
    if done.returncode:
        said = without_credentials(done.stderr.strip() or done.stdout.strip())
        raise EnvironmentProblem(f"{problem}:\n{said}")
    return done.stdout


def without_credentials(text: str) -> str:
    """A text without the user names and passwords in its addresses."""
    return re.sub(r"(?<=://)[^/\s@]+@", "", text)


def pip_settings() -> dict[str, str]:
    """The indexes that the user's pip takes packages from, as variables of uv, which does not read pip's settings.

    What the environment says to uv comes first. pip's settings are in its variables and files (pip documentation, "Configuration").
    """
    found = {}
    taken = {*_INDEXES, *_SETTINGS} - {"UV_FIND_LINKS"} if any(os.environ.get(name) for name in _INDEXES) else set()
    for name, option in _SETTINGS.items():
        if name in taken or os.environ.get(name):
            continue
        value = os.environ.get("PIP_" + option.upper().replace("-", "_")) or _of_files(option)
        if value:
            found[name] = ("," if option == "find-links" else " ").join(value.split())
    return found


def _of_files(option: str) -> str:
    """A setting of pip's files; the last one counts."""
    home = os.path.expanduser("~")
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    mac = os.path.join(home, "Library", "Application Support")
    places = [
        "/etc/xdg/pip/pip.conf",
        "/etc/pip.conf",
        os.path.join(home, ".pip", "pip.conf"),
        os.path.join(mac, "pip", "pip.conf"),
        os.path.join(base, "pip", "pip.conf"),
        os.path.join(sys.prefix, "pip.conf"),
        os.environ.get("PIP_CONFIG_FILE", ""),
    ]
    value = ""
    for place in filter(None, places):
        parser = ConfigParser(interpolation=None)
        try:
            parser.read(place, encoding="utf-8")
        except (UnreadableIni, UnicodeDecodeError):  # pip says so itself
            continue
        value = parser.get("install", option, fallback="") or parser.get("global", option, fallback="") or value
    return value


def this_python() -> str:
    """The major and minor version of this Python."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def python(version: str) -> str:
    """A Python of a major and minor version: the path of one on this machine, or the version, which uv finds or fetches."""
    if version == this_python():
        return sys.executable
    root = os.environ.get("PYENV_ROOT") or os.path.join(os.path.expanduser("~"), ".pyenv")
    known = sorted(glob(os.path.join(escape(root), "versions", f"{version}.*", "bin", f"python{version}")), key=_patch)
    return known[-1] if known else version


def _patch(path: str) -> int:
    """The last number of the version in a path of pyenv."""
    found = re.search(r"versions/\d+\.\d+\.(\d+)", path)
    return int(found[1]) if found else -1
