"""The setting `live`: what compiled files have of it, on every target."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import progress
from solo import OPENING

TINY = """
class Tiny(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

PROFILES = """
store = "s3://bucket/flows"
{live}

[argo]
image = "registry.example.com/flows:1"

[airflow]
image = "registry.example.com/flows:1"
compute = "kubernetes"

[stepfunctions]
image = "registry.example.com/flows:1"
region = "eu-central-1"
account = "123456789012"
job_queue = "queue"
"""


def compiled(folder: Path, target: str, live: str) -> tuple[int, str, str]:
    """The exit status of `compile`, its messages, and all that it wrote."""
    (folder / "tiny.py").write_text(OPENING + TINY)
    (folder / "flowport.toml").write_text(PROFILES.format(live=live))
    out = folder / f"out-{len(live)}"
    command = [sys.executable, "-m", "flowport", "compile", "tiny.py", "--target", target, "-o", str(out)]
    done: subprocess.CompletedProcess[str] = progress.run(command, cwd=folder, capture_output=True, text=True)
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.suffix != ".zip"]
    return done.returncode, done.stderr, "\n".join(path.read_text() for path in files)


@pytest.mark.parametrize("target", ["airflow", "argo", "stepfunctions"])
def test_tasks_of_an_engine_get_the_setting(tmp_path: Path, target: str) -> None:
    code, err, text = compiled(tmp_path, target, 'live = "60"')
    assert (code, "FLOWPORT_LIVE" in text) == (0, True), err
    code, err, without = compiled(tmp_path, target, "")
    assert (code, "FLOWPORT_LIVE" in without) == (0, False), err


@pytest.mark.parametrize("value", ["0", "never", "100000", "nan"])
def test_a_value_that_means_nothing_is_an_error(tmp_path: Path, value: str) -> None:
    code, err, _ = compiled(tmp_path, "argo", f'live = "{value}"')
    assert code == 1
    assert f"the setting `live` is `{value}`, which is neither a number of seconds from 1 to 86,400 nor `off`" in err
    assert compiled(tmp_path, "argo", 'live = "off"')[0] == 0
