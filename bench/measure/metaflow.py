"""Metaflow, in an environment of its own under `.cache`, in the exact versions of `bench/metaflow.txt`.

kubernetes is among them because Metaflow writes files for Argo only where it can be imported; Pylint is not, so that it checks no more
than it must.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).parents[1]
PINS = BENCH / "metaflow.txt"
FOLDER = BENCH.parent / ".cache" / "metaflow-venv"
PYTHON = str(FOLDER / "bin" / "python")

COMPILE = ("--datastore=s3", "argo-workflows", "create", "--only-json")
"""The one of Metaflow's compilers that needs no cloud; it stores its code package in a bucket first."""


class Absent(Exception):
    """Metaflow cannot be installed here; the message says why."""


def install() -> None:
    """Make the environment, unless it is there in these versions; raises Absent."""
    done = FOLDER / "pins.txt"
    if done.exists() and done.read_text() == PINS.read_text():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--no-deps", "-r", str(PINS)], check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise Absent((error.stderr or str(error)).strip().splitlines()[-1]) from error
    done.write_text(PINS.read_text())


def prepare(folder: str) -> None:
    """Let Metaflow keep everything in `folder` and in the bucket of `s3()`, where that is open."""
    os.environ.update(
        METAFLOW_HOME=folder,
        METAFLOW_USER="bench",
        METAFLOW_DEFAULT_METADATA="local",
        METAFLOW_DEFAULT_DATASTORE="local",
        METAFLOW_DATASTORE_SYSROOT_LOCAL=folder,
        METAFLOW_DATASTORE_SYSROOT_S3="s3://bench/metaflow",
        METAFLOW_S3_ENDPOINT_URL=os.environ.get("AWS_ENDPOINT_URL", ""),
    )


def took(command: list[str], limit: float) -> str:
    """How long a command took, or how it ended, in words."""
    start = time.perf_counter()
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"more than {limit:.0f} s, stopped"
    seconds = time.perf_counter() - start
    if not done.returncode:
        return f"{seconds:.2f} s"
    return (
        f"RecursionError after {seconds:.1f} s" if "RecursionError" in done.stderr else f"exit code {done.returncode} after {seconds:.1f} s"
    )
