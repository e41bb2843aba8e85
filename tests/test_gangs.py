"""The container of a gang has what its step asks for, as often as it has nodes; the engine runs it as one task with a time limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiled import files_of, problems_of
from flowport.compiler.compile import load
from flowport.compiler.ir import End, Foreach, Gang, Next, Resources, Settings
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.fuse import merge_settings
from flowport.compiler.lower.time_limits import SLACK, time_limits
from flowport.targets.registry import targets
from plans import flow

ASKED = Resources(cpu=2, memory=3000, gpu=1, disk=20_480, shared_memory=64)
TARGETS = {
    "argo": {"store": "s3://bucket/runs", "image": "image:1", "gangs": "container"},
    "stepfunctions": {"store": "s3://bucket/runs", "image": "image:1", "platform": "EC2", "gangs": "container"},
    "airflow": {"store": "s3://bucket/runs", "image": "image:1", "compute": "kubernetes"},
}
SIZES = {
    "argo": ['cpu: "8"', 'memory: "12000Mi"', 'nvidia.com/gpu: "4"', 'ephemeral-storage: "81920Mi"', 'sizeLimit: "256Mi"'],
    "stepfunctions": ['{"type": "VCPU", "value": "8"}', '"value": "12000"', '{"type": "GPU", "value": "4"}', '"sharedMemorySize": 256'],
    "airflow": ['"cpu": "8"', '"memory": "12000Mi"', '"nvidia.com/gpu": "4"', '"ephemeral-storage": "81920Mi"', 'size_limit="256Mi"'],
}


def gang(nodes: int | None, **settings: Any) -> Plan:
    asked = Settings(gang=Gang("parallel", nodes), **settings)
    return flow(
        ("start", Foreach("train", "", items=nodes, gang=True)),
        ("train", Next("join"), asked),
        ("join", Next("end"), "join"),
        ("end", End()),
    )


@pytest.mark.parametrize("name", TARGETS)
def test_a_container_is_as_large_as_all_nodes_need(name: str) -> None:
    files = files_of(targets()[name], gang(4, resources=ASKED), TARGETS[name])
    text = "\n".join(file.data.decode() for file in files)
    assert [size for size in SIZES[name] if size not in text] == []


@pytest.mark.parametrize("name", TARGETS)
def test_a_step_that_asks_for_nothing_gets_the_default_for_each_node(name: str) -> None:
    text = "\n".join(file.data.decode() for file in files_of(targets()[name], gang(3), TARGETS[name]))
    assert "12288" in text


@pytest.mark.parametrize("name", TARGETS)
def test_a_container_of_nodes_that_nobody_has_counted_is_a_warning(name: str) -> None:
    found = [one for one in problems_of(targets()[name], gang(None, resources=ASKED), TARGETS[name]) if one.code == "FP436"]
    (problem,) = found
    assert problem.message == "the nodes of step `train` share one container, and nothing says how many they are before the flow runs"
    assert problem.notes == ("the container has what the step asks for, once: 2 CPUs, 3,000 MiB, 1 GPU",)
    assert problem.severity == "warning"
    assert [one for one in problems_of(targets()[name], gang(2, resources=ASKED), TARGETS[name]) if one.code == "FP436"] == []


def test_a_loop_in_one_container_has_room_for_the_gang_in_it() -> None:
    merged = merge_settings([Settings(resources=Resources(cpu=3)), Settings(gang=Gang("parallel", 4)), Settings()])
    assert merged.sizes == Resources(cpu=4, memory=4 * 4096)


def test_a_task_of_a_gang_has_the_time_limit_of_one_node() -> None:
    assert time_limits(gang(None, timeout=60), width=10, total=100) == {"train": 60 + SLACK}


NODES = """
from flowport import FlowSpec, Parameter, parallel, step

SIZE = 3

class Train(FlowSpec):
    size = 5
    none = None
    given = Parameter("given", default=2)

    @step
    def start(self):
        {before}
        self.next(self.train, num_parallel={number})

    @parallel
    @step
    def train(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("before", "number", "nodes"),
    [
        ("pass", "4", 4),
        ("pass", "SIZE", 3),
        ("pass", "2 * SIZE + 1", 7),
        ("pass", "self.size", 5),
        ("self.size = 7; self.size += 1", "self.size", None),
        ("if input(): self.none = 2", "self.none", None),
        ("self.nodes = 6", "self.nodes", 6),
        ("self.nodes = SIZE - 1", "self.nodes", 2),
        ("self.nodes = int(input())", "self.nodes", None),
        ("self.nodes = 2; self.nodes += 1", "self.nodes", None),
        ("SIZE = 8", "SIZE", None),
        ("pass", "self.given", None),
        ("pass", "int(self.given)", None),
        ("pass", "len([1])", 1),
    ],
)
def test_the_number_of_nodes_is_read_where_the_source_says_it(tmp_path: Path, before: str, number: str, nodes: int | None) -> None:
    file = tmp_path / "train.py"
    file.write_text(NODES.format(before=before, number=number))
    loaded = load(str(file))
    assert loaded.plan is not None, loaded.diagnostics
    assert loaded.diagnostics == ()
    transition = loaded.plan.flow.step("start").transition
    assert isinstance(transition, Foreach)
    assert (transition.items, loaded.plan.flow.step("train").settings.gang) == (nodes, Gang("parallel", nodes))


@pytest.mark.parametrize(
    ("before", "number", "shown"),
    [
        ("pass", "None", "None"),
        ("pass", "True", "True"),
        ("pass", "-1", "-1"),
        ("pass", "'4'", "'4'"),
        ("pass", "1001", "1001"),
        ("pass", "[1, 2]", "[1, 2]"),
        ("pass", "self.none", "None"),
        ("self.nodes = 0", "self.nodes", "0"),
        ("self.nodes = SIZE / 2", "self.nodes", "1.5"),
    ],
)
def test_a_number_of_nodes_that_cannot_be_is_an_error(tmp_path: Path, before: str, number: str, shown: str) -> None:
    file = tmp_path / "train.py"
    file.write_text(NODES.format(before=before, number=number))
    (found,) = [each for each in load(str(file)).diagnostics if each.code == "FP250"]
    assert found.message == f"`num_parallel` must be a whole number from 1 to 1,000, not `{shown}`"
    assert found.help == ("write `num_parallel=2` for two nodes",)
