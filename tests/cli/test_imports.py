"""Compiling stays quick because a flow imports only what it needs: bench/README.md has the measurements."""

from __future__ import annotations

import sys

from desk import Desk

FLOW = """
from flowport import FlowSpec, step


class Two(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

COMPILE = """
import sys

from flowport.cli import execute

status = execute(["compile", "two.py", "--target", "sfn"])
print(status, *sys.modules)
"""

SLOW = (
    "asyncio",
    "boto3",
    "dataclasses",
    "logging",
    "moto",
    "obstore",
    "packaging",
    "subprocess",
    "traceback",
    "yaml",
    "zipfile",
)
"""Modules that take milliseconds to import."""

OF_SOME_FLOWS = (
    "flowport.client",
    "flowport.compiler.environments.images",
    "flowport.compiler.lower.environments",
    "flowport.runtime.task",
)


def test_compiling_a_flow_of_two_steps_imports_nothing_slow(desk: Desk) -> None:
    desk.write("two.py", FLOW)
    desk.write("flowport.toml", 'store = "s3://bucket/flows"\n[stepfunctions]\nimage = "python"\njob_queue = "flows"\n')
    status, *modules = desk.run(sys.executable, "-c", COMPILE).out.splitlines()[-1].split()
    assert status == "0"
    assert [name for name in (*SLOW, *OF_SOME_FLOWS) if name in modules] == []
