"""Gangs on Argo: each node has a pod of its own, and all of them are tried again together."""

from __future__ import annotations

from typing import Any

import pytest

from argo.checks import problems
from argo.emitted import document, said, tasks, templates, text
from flowport.compiler.ir import Case, End, Foreach, Gang, Next, Resources, Retry, Settings, Step, Switch
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.time_limits import SLACK
from flowport.compiler.record import replace
from flowport.runtime.records.rounds import ARRIVAL
from flowport.targets.argo.gangs import gangs, number_of_pods
from flowport.targets.argo.graph import graph, jobs, repeated
from flowport.targets.argo.settings import Settings as ArgoSettings
from plans import flow

ASKED = Resources(cpu=2, memory=3000)
COUNT = "{{= len(fromJSON(tasks['start'].outputs.parameters.route)) > 0 ? 4 : 0 }}"
OPEN = "{{= tasks['start'].outputs.parameters.nodes }}"


def gang(nodes: int | None, decorator: str = "parallel", **settings: Any) -> Plan:
    asked = Settings(gang=Gang(decorator, nodes), **{"resources": ASKED, **settings})
    return flow(
        ("start", Foreach("train", "", items=nodes, gang=True)),
        ("train", Next("join"), asked),
        ("join", Next("end"), "join"),
        ("end", End()),
    )


def started(plan: Plan, **profile: Any) -> Any:
    """The task that starts the gang."""
    (found,) = (task for name, task in tasks(plan, **profile).items() if name not in ("start", "join", "end"))
    return found


def values(part: Any) -> dict[str, str]:
    return {each["name"]: each["value"] for each in part}


def test_each_node_has_a_pod_with_what_the_step_asks_for() -> None:
    plan = gang(4)
    call = started(plan)
    assert (call["template"], call["withSequence"]["count"]) == ("train", COUNT)
    assert values(call["arguments"]["parameters"]) == {"step": "train", "slice": "s.0", "node": "{{item}}", "nodes": "4"}
    container = templates(plan)["train"]["container"]
    assert container["resources"]["requests"] == {"cpu": "2", "memory": "3000Mi"}
    said_to_it = values(container["env"])
    assert [said_to_it[f"FLOWPORT_{name}"] for name in ("NODES", "NODE_INDEX", "NODE_COUNT")] == [
        "argo",
        "{{inputs.parameters.node}}",
        "{{inputs.parameters.nodes}}",
    ]


def test_the_pods_of_a_gang_are_tried_again_as_those_of_a_foreach() -> None:
    plan = gang(4, retry=Retry(2, 3))
    strategy = {"limit": "2", "retryPolicy": "Always", "backoff": {"duration": "180s"}, "expression": "lastRetry.exitCode != '78'"}
    assert templates(plan)["train"]["retryStrategy"] == strategy
    assert problems(document(plan)) == []


def test_a_number_of_nodes_that_only_the_run_knows_comes_from_the_step_before() -> None:
    plan = gang(None)
    assert values(started(plan)["arguments"]["parameters"])["nodes"] == started(plan)["withSequence"]["count"] == OPEN
    assert templates(plan)["start"]["outputs"]["parameters"] == [
        {"name": "route", "valueFrom": {"path": "/tmp/route.json"}},
        {"name": "nodes", "valueFrom": {"path": "/tmp/route.json.nodes"}},
    ]
    assert [found.code for found in said(plan)] == []


@pytest.mark.parametrize("decorator", ["", "pytorch_parallel", "torchrun", "tensorflow", "tensorflow_parallel", "metaflow_ray"])
def test_programs_that_find_each_other_by_an_address_have_pods_of_their_own(decorator: str) -> None:
    assert started(gang(4, decorator))["withSequence"]["count"] == COUNT


@pytest.mark.parametrize("decorator", ["deepspeed", "mpi"])
def test_programs_that_share_a_machine_have_one_pod(decorator: str) -> None:
    assert values(started(gang(4, decorator))["arguments"]["parameters"]).keys() == {"step", "slice"}
    assert templates(gang(4, decorator))["train"]["container"]["resources"]["requests"] == {"cpu": "8", "memory": "12000Mi"}


@pytest.mark.parametrize(("nodes", "profile"), [(4, {"gangs": "container"}), (1, {})], ids=["the profile says so", "one node"])
def test_all_nodes_can_have_one_pod(nodes: int, profile: dict[str, Any]) -> None:
    plan = gang(nodes, retry=Retry(2, 3))
    made = templates(plan, **profile)
    assert values(started(plan, **profile)["arguments"]["parameters"]).keys() == {"step", "slice"}
    assert made["train"]["container"]["resources"]["requests"]["cpu"] == str(2 * nodes)
    assert "retryStrategy" in made["train"]


def test_a_pod_is_not_stopped_while_it_waits_for_the_others() -> None:
    assert templates(gang(2, timeout=60))["train"]["activeDeadlineSeconds"] == 60 + SLACK + ARRIVAL
    assert templates(gang(2, timeout=60), gangs="container")["train"]["activeDeadlineSeconds"] == 60 + SLACK


def test_more_nodes_than_may_run_at_once_are_refused_with_ways_out() -> None:
    (problem,) = said(gang(4), max_concurrency=3)
    assert (problem.code, problem.severity) == ("FP437", "error")
    assert problem.message == "the 4 nodes of step `train` wait for each other, and max_concurrency = 3 lets 3 of them run"
    assert problem.help == ("set `max_concurrency = 4` or more", 'or write `gangs = "container"`: all nodes then run in one pod')
    assert said(gang(4), max_concurrency=4) == said(gang(4), max_concurrency=3, gangs="container") == ()


def test_a_gang_in_a_loop_that_has_one_pod_is_in_that_pod() -> None:
    looped = flow(
        ("start", Foreach("grow", "xs")),
        ("grow", Foreach("train", "", items=None, gang=True)),
        ("train", Next("judge"), Settings(gang=Gang("parallel", None), resources=ASKED)),
        ("judge", Switch("more", (Case("again", "grow"), Case("enough", "after"))), "join"),
        ("after", Next("collect")),
        ("collect", Next("end"), "join"),
        ("end", End()),
    )
    assert "FLOWPORT_NODES" not in text(looped)
    assert "FP436" in [found.code for found in said(looped)]
    counted = replace(looped, flow=replace(looped.flow, steps=tuple(map(four, looped.flow.steps))))
    assert "FP437" not in [found.code for found in said(counted, max_concurrency=2)]


def four(step: Step) -> Step:
    """A step whose gang has four nodes."""
    return replace(step, settings=replace(step.settings, gang=Gang("parallel", 4))) if step.settings.gang else step


def test_a_workflow_has_room_for_the_pods_of_all_nodes() -> None:
    inner = flow(
        ("start", Foreach("gather", "sizes")),
        ("gather", Foreach("train", "", items=4, gang=True)),
        ("train", Next("done"), Settings(gang=Gang("parallel", 4))),
        ("done", Next("join"), "join"),
        ("join", Next("end"), "join"),
        ("end", End()),
    )
    for plan, inside, all_of_them in ((gang(4), 0, 7), (inner, 6, 9)):
        members, apart = graph(plan), gangs(plan.flow, ArgoSettings({}, "f"))
        assert (number_of_pods(repeated(members), apart), number_of_pods(jobs(members), apart)) == (inside, all_of_them)
