"""Gangs on AWS Batch: each node has a container of its own where Batch and the decorator of the step allow that."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from compiled import problems_of
from flowport.compiler.ir import End, Foreach, Gang, Next, Resources, Settings
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.time_limits import SLACK
from flowport.runtime.records.rounds import ARRIVAL
from flowport.targets.stepfunctions import target
from plans import flow
from stepfunctions.emitted import PROFILE, documents

MODEL = botocore.session.get_session().get_service_model("batch")
FARGATE = {"platform": "FARGATE", "execution_role": "arn:aws:iam::123456789012:role/ecs"}


def gang(nodes: int | None, decorator: str = "parallel", **settings: Any) -> Plan:
    asked = Settings(gang=Gang(decorator, nodes), resources=Resources(cpu=2, memory=3000), **settings)
    return flow(
        ("start", Foreach("train", "", items=nodes, gang=True)),
        ("train", Next("join"), asked),
        ("join", Next("end"), "join"),
        ("end", End()),
    )


def definition(plan: Plan, **profile: Any) -> Any:
    """The job definition of the gang."""
    (found,) = (each for each in documents(plan, **profile)["job-definitions.json"] if "-train-" in each["jobDefinitionName"])
    report = ParamValidator().validate(found, MODEL.operation_model("RegisterJobDefinition").input_shape)
    assert not report.has_errors(), report.generate_report()
    return found


def test_each_node_has_a_container_with_what_the_step_asks_for() -> None:
    made = definition(gang(4))
    assert (made["type"], "containerProperties" in made) == ("multinode", False)
    properties = made["nodeProperties"]
    (nodes,) = properties["nodeRangeProperties"]
    assert (properties["numNodes"], properties["mainNode"], nodes["targetNodes"]) == (4, 0, "0:")
    assert nodes["container"]["resourceRequirements"] == [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "3000"}]
    assert nodes["container"]["command"][-2:] == ["--nodes", "batch"]


@pytest.mark.parametrize("decorator", ["", "pytorch_parallel", "torchrun", "tensorflow", "tensorflow_parallel", "metaflow_ray"])
def test_programs_that_find_each_other_by_an_address_have_containers_of_their_own(decorator: str) -> None:
    assert definition(gang(4, decorator))["type"] == "multinode"


@pytest.mark.parametrize("decorator", ["deepspeed", "mpi"])
def test_programs_that_share_a_machine_have_one_container(decorator: str) -> None:
    container = definition(gang(4, decorator))["containerProperties"]
    assert container["resourceRequirements"] == [{"type": "VCPU", "value": "8"}, {"type": "MEMORY", "value": "12000"}]
    assert "--nodes" not in container["command"]


@pytest.mark.parametrize("profile", [{"gangs": "container"}, FARGATE, {**FARGATE, "gangs": "container"}])
def test_a_profile_can_have_one_container_and_fargate_has_no_other_jobs(profile: dict[str, str]) -> None:
    made = definition(gang(2), **profile)
    assert (made["type"], made["containerProperties"]["command"][-2:]) == ("container", ["--total", "10000"])


@pytest.mark.parametrize("nodes", [None, 1])
def test_one_node_or_a_number_that_only_the_run_knows_is_one_container(nodes: int | None) -> None:
    assert definition(gang(nodes))["type"] == "container"


def test_nodes_on_fargate_are_refused_with_a_way_out() -> None:
    (problem,) = (one for one in problems_of(target, gang(2), {**PROFILE, **FARGATE, "gangs": "nodes"}) if one.code == "FP405")
    assert problem.message == "the setting `gangs` is `nodes`, and Fargate has no jobs of several nodes"
    assert problem.help == ('write `gangs = "container"`, or `platform = "EC2"` with a queue on EC2',)


def test_a_job_of_several_nodes_is_not_stopped_while_node_0_waits_for_the_others() -> None:
    assert definition(gang(2, timeout=60))["timeout"] == {"attemptDurationSeconds": 60 + SLACK + ARRIVAL}
    assert definition(gang(2, timeout=60), gangs="container")["timeout"] == {"attemptDurationSeconds": 60 + SLACK}
