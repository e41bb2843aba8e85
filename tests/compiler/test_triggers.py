"""What starts a flow besides the clock: Metaflow's arguments of `@trigger` and `@trigger_on_finish`, and what can be wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.ir import Flow, OnEvent, OnFinish
from sources import codes, read, write

FLOW = """
from flowport import FlowSpec, Parameter, current, project, schedule, step, trigger, trigger_on_finish


{mark}
class TrainFlow(FlowSpec):
    day = Parameter("day", default="")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(current.trigger.run)
"""


def flow_of(folder: Path, mark: str) -> tuple[Flow, list[str]]:
    flow, found = read(write(folder, {"flow.py": FLOW.format(mark=mark)}))
    return flow, codes(found)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@trigger(event='features')", (OnEvent("features"),)),
        ("@trigger(events=['a', 'b'])", (OnEvent("a"), OnEvent("b"))),
        ("@trigger(event={'name': 'a', 'parameters': {'day': 'date'}})", (OnEvent("a", (("day", "date"),)),)),
        ("@trigger(event={'name': 'a', 'parameters': ['day']})", (OnEvent("a", (("day", "day"),)),)),
        ("@trigger(events=[{'name': 'a', 'parameters': [('day', 'date')]}, 'b'])", (OnEvent("a", (("day", "date"),)), OnEvent("b"))),
        ("@trigger_on_finish(flow='FeaturesFlow')", (OnFinish("FeaturesFlow"),)),
        ("@trigger_on_finish(flows=['A', 'demo.prod.B'])", (OnFinish("A"), OnFinish("B", "demo", "prod"))),
        ("@trigger_on_finish(flow='demo.test.x.A')", (OnFinish("A", "demo", "test.x"),)),
        ("@trigger_on_finish(flow={'name': 'A', 'project': 'p', 'project_branch': 'prod'})", (OnFinish("A", "p", "prod"),)),
    ],
)
def test_the_arguments_are_those_of_metaflow(tmp_path: Path, mark: str, expected: tuple[OnEvent | OnFinish, ...]) -> None:
    flow, found = flow_of(tmp_path, mark)
    assert (flow.triggers, found) == (expected, [])


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        ("@trigger", "FP133"),
        ("@trigger(event='a', events=['b'])", "FP133"),
        ("@trigger(event=3)", "FP133"),
        ("@trigger(events='a')", "FP133"),
        ("@trigger(events=['a', {'name': 'a'}])", "FP133"),
        ("@trigger(event={'parameters': {}})", "FP133"),
        ("@trigger(event={'name': 'a', 'parameters': 3})", "FP133"),
        ("@trigger(event={'name': 'a', 'parameters': ['xy']})", "FP261"),
        ("@trigger(event={'name': 'a', 'other': 1})", "FP133"),
        ("@trigger(event='a', options={'x': 1})", "FP141"),
        ("@trigger_on_finish(flow='demo.A')", "FP133"),
        ("@trigger_on_finish(flow='')", "FP133"),
        ("@trigger_on_finish(flows=['A', 'A'])", "FP133"),
        ("@trigger_on_finish(flow={'name': 'A', 'branch': 'x'})", "FP133"),
        ("@trigger_on_finish(flow='Features Flow')", "FP133"),
        ("@trigger_on_finish(flow='Fe{{x}}')", "FP133"),
        ("@trigger_on_finish(flow={'name': 'A', 'project_branch': 'prod'})", "FP269"),
        ("@trigger_on_finish(flow='TrainFlow')", "FP262"),
        ("@project(name='demo', branch='x')\n@trigger_on_finish(flow='demo.test.x.TrainFlow')", "FP262"),
        ("@trigger(event='a')\n@trigger_on_finish(flow='A')", "FP260"),
    ],
)
def test_what_is_wrong_is_reported(tmp_path: Path, mark: str, code: str) -> None:
    assert code in flow_of(tmp_path, mark)[1]


def test_a_flow_of_a_project_waits_for_flows_of_its_own_branch(tmp_path: Path) -> None:
    flow, found = flow_of(tmp_path, "@project(name='demo', branch='x')\n@trigger_on_finish(flows=['A', 'other.prod.B'])")
    assert [flow.deployment_of(source) for source in flow.upstream] == ["demo.test.x.A", "other.prod.B"]
    assert found == []


def test_what_nothing_triggers_has_no_trigger(tmp_path: Path) -> None:
    assert flow_of(tmp_path, "")[1] == ["FP145"]
    assert flow_of(tmp_path, "@schedule(daily=True)\n@trigger(event='a')")[1] == []
