"""Resuming a run whose values are of the flow's own classes: what read one of them runs again when the class has changed."""

from __future__ import annotations

from pathlib import Path

from desk import Desk

PARTS = """
class Tool:
    def use(self):
        return {tool}


def price(n):
    return n * {price}
"""

FLOW = """
import collections
import os
import parts
from flowport import FlowSpec, current, step

UNUSED = {unused}
Pair = collections.namedtuple("Pair", {pair!r})


class Base:
    def cost(self):
        return {base}


class Job(Base):
    def __init__(self, n):
        self.n = n

    def run(self):
        return self.n + self.cost()

    class Inner:
        pass


class Grown:
    size = {grown}


def ran():
    with open("log", "a") as file:
        file.write(f"{{current.step_name}}/{{current.task_id}}\\n")


class Values(FlowSpec):
    @step
    def start(self):
        made = globals()
        for name in "Job", "Pair", "Grown":
            assert name in made
        self.job = made["Job"](1)
        self.inner = [made["Job"].Inner()]
        self.pair = {{1: made["Pair"](1, 2)}}
        self.kind = made["Grown"]
        self.large = [bytes(100_000), made["Grown"]()]
        self.tools = [getattr(parts, "Tool")(), getattr(parts, "price")]
        self.plain = [1, "Job", b"\\x8c\\x05start"]
        self.next(self.job_, self.inner_, self.pair_, self.kind_, self.large_, self.tools_, self.plain_, self.none_)
{readers}
    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.jobs = [self.job]
        self.next(self.item, foreach="jobs")

    @step
    def item(self):
        ran()
        self.result = self.input.run()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        ran()
        self.results = [bool(one.job) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
READER = """
    @step
    def {name}_(self):
        ran()
        self.seen_{name} = bool(self.{name})
        self.next(self.join)
"""
NAMES = ("job", "inner", "pair", "kind", "large", "tools", "plain")
AS_IT_WAS = {"tool": 1, "price": 2, "unused": 1, "pair": "a b", "base": 1, "grown": 1}


def written(desk: Desk, **changed: object) -> None:
    """The flow's files, with some of their parts changed."""
    values = {**AS_IT_WAS, **changed}
    nothing = READER.format(name="none").replace("bool(self.none)", "True")
    desk.write("flow.py", FLOW.format(**values, readers="".join(READER.format(name=name) for name in NAMES) + nothing))
    desk.write("parts.py", PARTS.format(**values))


def ran(desk: Desk) -> list[str]:
    """Which items ran since this was asked last."""
    log = desk.folder / "log"
    found = sorted(log.read_text().split()) if log.exists() else []
    log.unlink(missing_ok=True)
    return found


def test_what_read_a_value_runs_again_when_its_class_has_changed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    written(desk)
    done = desk("run", "flow.py", "--run-id", "one")
    assert done.status == 0, done.err
    assert len(ran(desk)) == 10
    expected = {
        "unused": [],
        "base": ["gather/r", "inner_/r", "item/r.0", "job_/r"],
        "pair": ["pair_/r"],
        "grown": ["kind_/r", "large_/r"],
        "tool": ["tools_/r"],
        "price": ["tools_/r"],
    }
    for part, wanted in expected.items():
        written(desk, **{part: "a c" if part == "pair" else 5})
        again = desk("resume", "flow.py", "one", "--run-id", f"changed-{part}")
        assert again.status == 0, again.err
        assert (part, ran(desk)) == (part, wanted)


def test_so_it_does_in_the_tasks_of_an_engine(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    written(desk)
    assert desk("run", "flow.py", "--run-id", "one").status == 0
    assert desk("artifacts", "Values/one/item", "--name", "result").out.split()[-1] == "2"
    written(desk, base=5)
    assert desk("dry-run", "flow.py", "--target", "argo", "--origin-run", "one", "--run-id", "two").status == 0
    assert desk("artifacts", "Values/two/item", "--name", "result").out.split()[-1] == "6"
