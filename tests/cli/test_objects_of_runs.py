"""What steps stored with `S3(run=self)`, read from outside of the run."""

from __future__ import annotations

import sys

from desk import Desk

FLOW = """
from flowport import S3, FlowSpec, step

class Storing(FlowSpec):
    @step
    def start(self):
        with S3(run=self) as s3:
            s3.put_many([("a.txt", "one"), ("b/c.txt", "two")])
        self.next(self.end)

    @step
    def end(self):
        with S3(run=self) as s3:
            self.keys = [found.key for found in s3.get_all()]
"""
READING = """
from flowport import S3, Flow, Run, namespace

namespace(None)
for run in (Flow("Storing").latest_run, Run("Storing/one")):
    with S3(run=run) as s3:
        print([(found.key, found.text) for found in s3.get_all()])
"""


def test_the_client_names_the_run_whose_objects_are_read(desk: Desk) -> None:
    desk.write("storing.py", FLOW)
    assert desk("run", "storing.py", "--run-id", "one").status == 0
    ended = desk.run(sys.executable, "-c", READING, FLOWPORT_STORE=str(desk.folder / ".flowport"))
    assert ended.err == ""
    assert ended.out.splitlines() == ["[('a.txt', 'one'), ('b/c.txt', 'two')]"] * 2


def test_objects_are_no_steps_of_the_run(desk: Desk) -> None:
    desk.write("storing.py", FLOW)
    assert desk("run", "storing.py", "--run-id", "one").status == 0
    assert "s3-data" not in desk("status", "Storing/one").out + desk("runs", "Storing").out
