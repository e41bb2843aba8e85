"""The local engine: the phases that Argo gives nodes, attempts of pods, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from flowport.targets.argo.engine.controller import DocumentError, Node, Workflow
from flowport.targets.argo.engine.expressions import Unknown, evaluate, substitute
from flowport.targets.argo.engine.pods import Finished, Process
from progress import gone, until

ENV = [{"name": "FLOWPORT_STEP", "value": "x"}]


def pod(name: str, program: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "container": {"image": "x", "command": [sys.executable, "-c", program], "env": more.pop("env", ENV)}, **more}


def run(
    tasks: list[dict[str, Any]], *templates: dict[str, Any], given: dict[str, str] | None = None, **spec: Any
) -> tuple[str, dict[str, str]]:
    """The phase of a workflow, and those of its nodes by name."""
    document = {"spec": {"entrypoint": "main", "templates": [{"name": "main", "dag": {"tasks": tasks}}, *templates], **spec}}
    workflow = Workflow(document, "w", given or {}, 2, lambda *heard: None)
    phase = workflow.run()
    return phase, {node.name.removeprefix("w."): node.phase for node in workflow.nodes if node.name != "w"}


GOOD, BAD = pod("good", ""), pod("bad", "raise SystemExit(3)")
TRUE = {"name": "good", "container": {"image": "x", "command": ["true"], "env": ENV}}
SAYS = pod("says", "import os; open(os.environ['OUT'], 'w').write('[\"b\"]')", env=[{"name": "OUT", "value": "/tmp/o"}],
           outputs={"parameters": [{"name": "route", "valueFrom": {"path": "/tmp/o"}}]})  # fmt: skip


def test_what_follows_a_failed_task_is_omitted_and_the_workflow_fails() -> None:
    tasks = [{"name": "a", "template": "bad"}, {"name": "b", "template": "good", "depends": "a.Succeeded"}]
    assert run(tasks, GOOD, BAD) == ("Failed", {"a": "Failed", "b": "Omitted"})


def test_a_merge_that_takes_an_omitted_task_hides_a_failure() -> None:
    """Argo's trap, which no emitted document walks into."""
    tasks = [
        {"name": "a", "template": "bad"},
        {"name": "b", "template": "good", "depends": "a.Succeeded"},
        {"name": "c", "template": "good", "depends": "b.Succeeded || b.Omitted"},
    ]
    assert run(tasks, GOOD, BAD) == ("Succeeded", {"a": "Failed", "b": "Omitted", "c": "Succeeded"})


def test_a_task_whose_condition_does_not_hold_is_skipped() -> None:
    way = "{{{{= '{}' in fromJSON(tasks['s'].outputs.parameters.route) }}}}"
    tasks = [
        {"name": "s", "template": "says"},
        {"name": "a", "template": "bad", "depends": "s.Succeeded", "when": way.format("a")},
        {"name": "b", "template": "good", "depends": "s.Succeeded", "when": way.format("b")},
        {"name": "m", "template": "good", "depends": "(a.Succeeded || a.Skipped) && (b.Succeeded || b.Skipped)"},
    ]
    assert run(tasks, GOOD, BAD, SAYS) == ("Succeeded", {"s": "Succeeded", "a": "Skipped", "b": "Succeeded", "m": "Succeeded"})


@pytest.mark.parametrize(("on", "phase"), [({"failed": True}, "Succeeded"), ({"error": True}, "Failed"), ({}, "Failed")])
def test_a_last_task_may_fail_where_its_dag_goes_on(on: dict[str, bool], phase: str) -> None:
    assert run([{"name": "a", "template": "bad", "continueOn": on}], BAD) == (phase, {"a": "Failed"})


def test_a_condition_may_compare_two_words() -> None:
    handler = {"name": "exit", "dag": {"tasks": [{"name": "b", "template": "bad", "when": "{{workflow.status}} != Succeeded"}]}}
    assert run([{"name": "a", "template": "good"}], GOOD, BAD, handler, onExit="exit")[1]["onExit.b"] == "Skipped"
    assert run([{"name": "a", "template": "bad"}], GOOD, BAD, handler, onExit="exit")[1]["onExit.b"] == "Failed"


@pytest.mark.parametrize(("count", "phase", "nodes"), [("0", "Skipped", 0), ("3", "Succeeded", 3)])
def test_a_sequence_is_a_group_of_nodes_or_skipped(count: str, phase: str, nodes: int) -> None:
    tasks = [{"name": "each", "template": "good", "withSequence": {"count": count}}]
    ended, found = run(tasks, GOOD)
    assert ended == "Succeeded"
    assert found.pop("each") == phase
    assert found == {f"each({number}:{number})": "Succeeded" for number in range(nodes)}


def test_an_expression_that_needs_nothing_is_decided_before_its_task_has_anything_to_say() -> None:
    """Argo tries all expressions when a DAG begins that a task calls: none of the tasks in it is known yet."""
    way = "{{{{= {}'b' in fromJSON(tasks['s']?.outputs?.parameters?.route ?? '[]') }}}}"
    early, late = way.format(""), way.format("tasks['s'].status == 'Succeeded' && ")
    inner = [
        {"name": "s", "template": "says"},
        {"name": "early", "template": "good", "depends": "s.Succeeded", "when": early},
        {"name": "late", "template": "good", "depends": "s.Succeeded", "when": late},
    ]
    body = {"name": "body", "dag": {"tasks": inner}}
    found = run([{"name": "a", "template": "body"}], GOOD, SAYS, body)[1]
    assert (found["a.early"], found["a.late"]) == ("Skipped", "Succeeded")
    assert run(inner, GOOD, SAYS)[1]["early"] == "Succeeded", "the outermost DAG is called by no task"


def test_a_template_that_calls_itself_is_at_an_end_after_98_turns() -> None:
    again = {"name": "again", "template": "turn", "depends": "work.Succeeded"}
    turn = {"name": "turn", "dag": {"tasks": [{"name": "work", "template": "good"}, again]}}
    phase, found = run([{"name": "a", "template": "turn"}], TRUE, turn)
    assert phase == "Error"
    assert sum(name.endswith(".work") and ended == "Succeeded" for name, ended in found.items()) == 98


def test_kubernetes_takes_no_pod_whose_template_has_capitals() -> None:
    assert run([{"name": "a", "template": "Good"}], pod("Good", "")) == ("Error", {"a": "Error"})


def test_a_parameter_called_json_hides_all_of_them_together() -> None:
    says = pod(
        "says", "import os, sys; sys.exit(os.environ['FORM'] != 'x')", env=[{"name": "FORM", "value": "{{=workflow.parameters.json}}"}]
    )
    assert run([{"name": "a", "template": "says"}], says, arguments={"parameters": [{"name": "json", "value": "x"}]})[0] == "Succeeded"


def test_the_variables_of_all_containers_stand_behind_those_of_a_pod_and_give_way_to_them() -> None:
    program = "import os, sys; sys.exit([os.environ.get(name) for name in 'ABC'] != ['own', 'all', 'all$(D)'])"
    common = [{"name": "A", "value": "all"}, {"name": "B", "value": "all"}, {"name": "C", "value": "$(B)$(D)"}]
    told = pod("told", program, env=[{"name": "A", "value": "own"}])
    assert run([{"name": "a", "template": "told"}], told, templateDefaults={"container": {"env": common}})[0] == "Succeeded"


def test_a_default_of_templates_that_is_not_known_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"`spec\.templateDefaults\.retryStrategy`"):
        run([{"name": "a", "template": "good"}], GOOD, templateDefaults={"retryStrategy": {"limit": "1"}})


def test_a_pod_that_cannot_begin_has_its_exit_code() -> None:
    large = pod("large", "", env=[{"name": "A", "value": "x" * 200_000}])
    assert run([{"name": "a", "template": "large"}], large) == ("Failed", {"a": "Failed"})


def test_what_a_pod_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    program = f"import subprocess; print(subprocess.Popen(['sleep', '1000']).pid, file=open({str(tmp_path / 'pid')!r}, 'w'))"
    assert run([{"name": "a", "template": "good"}], pod("good", program))[0] == "Succeeded"
    child = int((tmp_path / "pid").read_text())
    until(lambda: gone(child), "the child to end")


@pytest.mark.parametrize(
    ("first", "last", "phase"),
    [("good", "good", "Succeeded"), ("bad", "good", "Failed"), ("good", "bad", "Failed"), ("bad", "bad", "Failed")],
)
def test_what_is_to_run_at_the_end_runs_whatever_became_of_the_rest(first: str, last: str, phase: str) -> None:
    ended, found = run([{"name": "a", "template": first}], GOOD, BAD, onExit=last)
    assert ended == phase
    assert found["onExit"] == {"good": "Succeeded", "bad": "Failed"}[last]


def test_the_end_is_told_the_status() -> None:
    says = pod(
        "says", "import os, sys; sys.exit(os.environ['STATUS'] != 'Failed')", env=[{"name": "STATUS", "value": "{{workflow.status}}"}]
    )
    assert run([{"name": "a", "template": "bad"}], BAD, says, onExit="says")[1]["onExit"] == "Succeeded"


def test_a_pod_that_failed_is_tried_again_unless_its_exit_code_says_stop() -> None:
    retry = {"retryStrategy": {"limit": "2", "retryPolicy": "Always", "expression": "lastRetry.exitCode != '78'"}}
    again, stop = pod("again", "raise SystemExit(1)", **retry), pod("stop", "raise SystemExit(78)", **retry)
    ended, found = run([{"name": "a", "template": "again"}, {"name": "b", "template": "stop"}], again, stop)
    assert ended == "Failed"
    assert found == {"a": "Failed", "a(0)": "Failed", "a(1)": "Failed", "a(2)": "Failed", "b": "Failed", "b(0)": "Failed"}


def test_pods_that_wait_for_each_other_all_run_however_few_may_run_at_once(tmp_path: Path) -> None:
    program = (
        "import os, time; open(f\"{os.environ['OUT']}/{os.getpid()}\", 'w')\nwhile len(os.listdir(os.environ['OUT'])) < 5: time.sleep(0.01)"
    )
    node = pod("node", program, env=[{"name": "OUT", "value": str(tmp_path)}, {"name": "FLOWPORT_NODES", "value": "argo"}])
    assert run([{"name": "a", "template": "node", "withSequence": {"count": "5"}}], node)[0] == "Succeeded"


def test_a_pod_that_takes_too_long_is_killed() -> None:
    assert run([{"name": "a", "template": "slow"}], pod("slow", "import time; time.sleep(1000)", activeDeadlineSeconds=1)) == (
        "Failed",
        {"a": "Failed"},
    )


def test_a_workflow_that_takes_too_long_is_ended_and_its_end_still_runs() -> None:
    retry = {"retryStrategy": {"limit": "2", "retryPolicy": "Always"}}
    slow = pod("slow", "import time; time.sleep(1000)", **retry)
    tasks = [{"name": "a", "template": "slow", "withSequence": {"count": "20"}}, {"name": "b", "template": "good", "depends": "a.Failed"}]
    ended, found = run(tasks, slow, GOOD, onExit="good", activeDeadlineSeconds=1)
    assert ended == "Failed"
    assert found["onExit"] == "Succeeded"
    assert "b" not in found


def test_a_workflow_that_is_done_in_time_hears_nothing_of_its_deadline() -> None:
    assert run([{"name": "a", "template": "good"}], GOOD, activeDeadlineSeconds=1000) == ("Succeeded", {"a": "Succeeded"})


def test_a_pod_that_does_not_write_its_output_has_failed() -> None:
    silent = pod("silent", "", outputs={"parameters": [{"name": "o", "valueFrom": {"path": "/tmp/o"}}]})
    assert run([{"name": "a", "template": "silent"}], silent) == ("Failed", {"a": "Failed"})


def test_a_command_that_is_not_there_fails_its_pod() -> None:
    gone = {"name": "gone", "container": {"image": "x", "command": ["no-such-command"], "env": ENV}}
    assert run([{"name": "a", "template": "gone"}], gone) == ("Failed", {"a": "Failed"})


def test_what_goes_wrong_in_the_thread_of_a_pod_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Process) -> Finished:
        raise RuntimeError("the thread")

    monkeypatch.setattr(Process, "run", broken)
    with pytest.raises(RuntimeError, match="the thread"):
        run([{"name": "a", "template": "good"}], GOOD)


def test_each_pod_has_a_tmp_of_its_own() -> None:
    program = "import os; assert not os.path.exists(os.environ['OUT']); open(os.environ['OUT'], 'w')"
    writes = pod("writes", program, env=[{"name": "OUT", "value": "/tmp/flowport-once"}],
                 outputs={"parameters": [{"name": "o", "valueFrom": {"path": "/tmp/flowport-once"}}]})  # fmt: skip
    assert run([{"name": "a", "template": "writes", "withSequence": {"count": "2"}}], writes)[0] == "Succeeded"


@pytest.mark.parametrize(
    ("tasks", "spec", "said"),
    [
        ([{"name": "a", "template": "good", "onExit": "good"}], {}, "spec.templates[0].dag.tasks[0].onExit"),
        ([{"name": "a", "template": "good", "depends": "b.Succeeded"}], {}, "depends on `b.Succeeded`"),
        (
            [{"name": "a", "template": "good", "continueOn": {}}, {"name": "b", "template": "good", "depends": "a.Succeeded"}],
            {},
            "cannot use 'continueOn' when using 'depends'",
        ),
        ([{"name": "a", "template": "good", "when": "maybe"}], {}, "tasks.a.when: `maybe` is neither true nor false"),
        ([{"name": "a", "template": "good", "when": "{{= now() }}"}], {}, "tasks.a.when"),
        ([{"name": "a", "template": "good", "when": "{{item}}"}], {}, "`{{item}}` is not known here"),
        ([{"name": "a", "template": "good"}], {"hooks": {}}, "spec.hooks"),
        ([{"name": "a", "template": "good"}], {"arguments": {"parameters": [{"name": "p"}]}}, "spec.arguments.p.value is required"),
        (
            [{"name": "a", "template": "good"}],
            {"arguments": {"parameters": [{"name": "p", "value": "1", "enum": ["2"]}]}},
            "choices of `p`",
        ),
    ],
)
def test_what_the_engine_does_not_know_it_refuses_by_its_path(tasks: Any, spec: Any, said: str) -> None:
    with pytest.raises(DocumentError) as refused:
        run(tasks, GOOD, **spec)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 == 1 && !(2 != 2)", True),
        ("'it\\'s' == 'b' || 'a' in fromJSON('[\"a\"]')", True),
        ("len(fromJSON('[1, 2]'))", 2),
        ("tasks['a-b'].outputs.parameters.route", "[]"),
        ("tasks['gone']?.outputs?.parameters?.route ?? '[]'", "[]"),
        ("tasks['skipped']?.outputs?.parameters?.route ?? 'none'", "none"),
        ("sprig.b64dec(sprig.b64enc('{{'))", "{{"),
        ("len('abc') > 2 ? len('abc') : 'abc'", 3),
        ("len('ab') > 2 ? 1 : 1 == 2 ? 2 : (2 > 1 ? 'ab' : 'c')", "ab"),
    ],
)
def test_expressions(expression: str, value: Any) -> None:
    known = {"tasks": {"a-b": {"outputs": {"parameters": {"route": "[]"}}}, "skipped": {"status": "Skipped"}}}
    assert evaluate(expression, known) == value


@pytest.mark.parametrize(
    "expression",
    ["", "1 +", "1 - 1", "1 < ", "now()", "tasks.a", "'open", "a b", "len(1", "1 ? 2", "1 ? : 2", "tasks['skipped'].outputs"],
)
def test_other_expressions_are_refused(expression: str) -> None:
    with pytest.raises(Unknown):
        evaluate(expression, {"tasks": {"skipped": {}}})


def test_tags_are_replaced_once() -> None:
    assert substitute("{{a}} {{= 1 == 2 }}", {"a": "{{b}}"}, {}) == "{{b}} false"


def test_a_node_that_runs_is_not_fulfilled() -> None:
    assert not Node("a", "Pod").fulfilled
