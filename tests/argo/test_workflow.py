"""Who waits for whom, what is skipped, and what pods are told."""

from __future__ import annotations

from typing import Any

import flowport
from argo.emitted import document, tasks, templates, text
from flowport.compiler.ir import Case, End, ExecutionSpec, Foreach, Next, Parameter, Pod, Resources, Retry, Settings, Switch
from flowport.compiler.record import replace
from plans import flow

END = ("end", End())
SHIRT = flow(
    ("start", Foreach("cut", "sizes")),
    ("cut", Next("sew")),
    ("sew", Next("collect")),
    ("collect", Next("end"), "join"),
    END,
)
FORK = flow(
    ("start", Switch("way", (Case("a", "left"), Case("b", "right")))),
    ("left", Next("left_again")),
    ("left_again", Next("end")),
    ("right", Next("end")),
    END,
)


def depends(plan: Any, template: str = "main") -> dict[str, str]:
    return {name: task.get("depends", "") for name, task in tasks(plan, template).items()}


def test_a_foreach_of_several_steps_is_a_dag_of_its_own() -> None:
    assert depends(SHIRT) == {
        "start": "",
        "sizes": "start.Succeeded",
        "collect": "(sizes.Succeeded || sizes.Skipped)",
        "end": "collect.Succeeded",
    }
    assert depends(SHIRT, "sizes") == {"cut": "", "sew": "cut.Succeeded"}


def test_a_foreach_of_one_step_needs_no_dag() -> None:
    one = flow(("start", Foreach("cut", "sizes")), ("cut", Next("collect")), ("collect", Next("end"), "join"), END)
    assert tasks(one)["sizes"] == {
        "name": "sizes",
        "depends": "start.Succeeded",
        "template": "step",
        "arguments": {"parameters": [{"name": "step", "value": "cut"}, {"name": "slice", "value": "s.{{item}}"}]},
        "withSequence": {"count": "{{= len(fromJSON(tasks['start'].outputs.parameters.route)) }}"},
    }


def test_a_merge_waits_for_every_arm_and_never_takes_one_that_was_left_out_for_one_that_was_skipped() -> None:
    assert depends(FORK)["end"] == "(left-again.Succeeded || left.Skipped) && (right.Succeeded || right.Skipped)"
    assert tasks(FORK)["left"]["when"] == "{{= 'left' in fromJSON(tasks['start'].outputs.parameters.route) }}"
    assert "when" not in tasks(FORK)["left-again"]


def test_what_a_switch_that_may_not_have_run_says_is_asked_for_carefully() -> None:
    nested = flow(
        ("start", Switch("way", (Case("a", "inner"), Case("b", "late")))),
        ("inner", Switch("way", (Case("a", "late"), Case("b", "end")))),
        ("late", Next("end")),
        END,
    )
    assert tasks(nested)["late"]["when"] == (
        "{{= 'late' in fromJSON(tasks['start'].outputs.parameters.route) || "
        "tasks['inner'].status == 'Succeeded' && 'late' in fromJSON(tasks['inner']?.outputs?.parameters?.route ?? '[]') }}"
    )
    assert depends(nested)["late"] == "start.Succeeded && (inner.Succeeded || inner.Skipped)"


LOOP = flow(
    ("start", Next("guess")),
    ("guess", Switch("word", (Case("number", "judge"), Case("resign", "resigned")))),
    ("judge", Switch("answer", (Case("again", "guess"), Case("won", "won")))),
    ("resigned", Next("end")),
    ("won", Next("end")),
    END,
)


def test_a_loop_is_a_template_that_calls_itself_until_a_pod_does_the_rest() -> None:
    loop = templates(LOOP)["guess-loop"]
    assert tasks(LOOP)["guess"] == {
        "name": "guess",
        "depends": "start.Succeeded",
        "template": "guess-loop",
        "arguments": {"parameters": [{"name": "slice", "value": "s"}, {"name": "turn", "value": "0"}]},
    }
    made = {task["name"]: task for task in loop["dag"]["tasks"]}
    assert list(made) == ["guess", "judge", "again", "rest"]
    assert made["again"] == {
        "name": "again",
        "depends": "(judge.Succeeded || judge.Skipped)",
        "when": "{{= tasks['judge'].status == 'Succeeded' && 'guess' in fromJSON(tasks['judge']?.outputs?.parameters?.route ?? '[]') "
        "&& asInt(inputs.parameters.turn) < 49 }}",
        "template": "guess-loop",
        "arguments": {
            "parameters": [
                {"name": "slice", "value": "{{inputs.parameters.slice}}"},
                {"name": "turn", "value": "{{= asInt(inputs.parameters.turn) + 1 }}"},
            ]
        },
    }
    assert made["rest"]["when"].endswith("&& asInt(inputs.parameters.turn) == 49 }}")
    rest = templates(LOOP)["guess-rest"]
    assert rest["container"]["command"][-1] == "block"
    assert variables(rest)["FLOWPORT_TURN"] == "50"
    assert "FLOWPORT_ROUTE" in variables(rest), "the rest says which way the item left"


def test_a_loop_with_several_ways_out_says_which_one_was_taken() -> None:
    assert templates(LOOP)["guess-loop"]["outputs"]["parameters"][0]["valueFrom"] == {
        "expression": " ?? ".join(f"tasks['{name}']?.outputs?.parameters?.route" for name in ("again", "rest", "judge", "guess"))
        + " ?? '[]'"
    }
    assert tasks(LOOP)["won"]["when"] == "{{= 'won' in fromJSON(tasks['guess'].outputs.parameters.route) }}"
    one = flow(("start", Next("turn")), ("turn", Switch("more", (Case(True, "turn"), Case(False, "end")))), END)
    assert "outputs" not in templates(one)["turn-loop"]
    assert depends(one)["end"] == "turn.Succeeded"


def test_the_turns_of_a_loop_share_what_fits_into_a_workflow() -> None:
    turning = flow(
        ("start", Foreach("load", "files")),
        ("load", Next("gather")),
        ("gather", Next("turn"), "join"),
        ("turn", Next("spread")),
        ("spread", Foreach("work", "parts")),
        ("work", Next("join")),
        ("join", Switch("more", (Case(True, "turn"), Case(False, "end"))), "join"),
        END,
    )
    made = templates(turning)
    widths = {name: variables(made[made_of])["FLOWPORT_WIDTH"] for name, made_of in (("start", "start"), ("spread", "split"))}
    assert widths == {"start": "1500", "spread": "30"}
    assert variables(templates(turning, width=7)["split"])["FLOWPORT_WIDTH"] == "7"


def test_steps_that_ask_for_the_same_share_a_template() -> None:
    large = Settings(resources=Resources(cpu=2), retry=Retry(3, 2))
    plan = flow(("start", Next("a")), ("a", Next("b"), large), ("b", Next("c"), large), ("c", Next("end")), END)
    assert list(templates(plan)) == ["main", "start", "a", "step"]
    assert {name: task["template"] for name, task in tasks(plan).items()} == {
        "start": "start",
        "a": "a",
        "b": "a",
        "c": "step",
        "end": "step",
    }
    assert templates(plan)["a"]["retryStrategy"] == {
        "limit": "3",
        "retryPolicy": "Always",
        "backoff": {"duration": "120s"},
        "expression": "lastRetry.exitCode != '78'",
    }


def variables(template: Any) -> dict[str, str]:
    return {each["name"]: each["value"] for each in template["container"]["env"]}


def test_values_of_users_travel_in_variables_only_and_mean_nothing_there() -> None:
    nasty = Settings(environment=(("A", "$(PATH) $HOME"), ("B", "{{=2+2}} '")))
    plan = flow(("start", Next("end"), nasty), END, parameters=(Parameter("note", "note", "str", default="{{=1}}"),))
    start = templates(plan)["start"]
    assert start["container"]["command"] == ["python", "-m", "flowport.runtime", "task"]
    assert variables(start)["A"] == "$$(PATH) $$HOME"
    assert variables(start)["B"] == "{$(FLOWPORT_BRACE)=2+2}} '"
    assert next(iter(variables(start).items())) == ("FLOWPORT_BRACE", "{")
    form = "sprig.b64enc(workflow.parameters.json)"
    assert variables(start)["FLOWPORT_FORM"] == f"{{{{=len({form}) > 131000 ? len({form}) : {form}}}}}"
    assert "FLOWPORT_FORM" not in variables(templates(plan)["step"])


def test_what_all_tasks_are_told_stands_once_with_the_digest_of_the_code() -> None:
    spec = document(SHIRT)["spec"]
    common = {each["name"]: each["value"] for each in spec["templateDefaults"]["container"]["env"]}
    assert common.keys() == {"HOME", "FLOWPORT_PROTOCOL", "FLOWPORT_FLOW", "FLOWPORT_STORE", "FLOWPORT_CODE"}
    assert text(SHIRT).count(common["FLOWPORT_CODE"]) == 1
    assert not any(common.keys() & variables(template) for template in templates(SHIRT).values() if "container" in template)


def test_a_list_of_variables_has_the_brace_that_its_values_refer_to() -> None:
    odd = replace(SHIRT, flow=replace(SHIRT.flow, name="{{=1+1}}"))
    first = document(odd)["spec"]["templateDefaults"]["container"]["env"][0]
    assert first == {"name": "FLOWPORT_BRACE", "value": "{"}


def test_the_file_says_what_it_was_made_of() -> None:
    assert text(SHIRT).startswith(f"# {SHIRT.flow.name}, compiled by flowport {flowport.__version__} from {SHIRT.flow.file}: change that")


def test_pods_may_do_little() -> None:
    spec = document(SHIRT)["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    for template in templates(SHIRT).values():
        if "container" in template:
            assert template["container"]["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def test_a_profile_says_where_pods_run_and_what_they_see() -> None:
    profile = {
        "namespace": "flows",
        "service_account": "runner",
        "labels": {"team": "vision"},
        "node_selector": {"pool": "batch"},
        "tolerations": [{"key": "batch", "operator": "Exists"}],
        "priority_class": "high",
        "secrets": ["database"],
        "volumes": [{"name": "models", "mountPath": "/models", "persistentVolumeClaim": {"claimName": "models"}}],
        "max_concurrency": 7,
        "keep_days": 1,
    }
    made = document(SHIRT, **profile)
    spec = made["spec"]
    assert made["metadata"]["namespace"] == "flows"
    assert made["metadata"]["labels"]["team"] == spec["podMetadata"]["labels"]["team"] == "vision"
    assert (spec["serviceAccountName"], spec["nodeSelector"], spec["parallelism"]) == ("runner", {"pool": "batch"}, 7)
    assert spec["tolerations"] == profile["tolerations"]
    assert spec["podPriorityClassName"] == "high"
    assert spec["ttlStrategy"] == {"secondsAfterCompletion": 86_400}
    step = templates(SHIRT, **profile)["step"]
    assert step["volumes"] == [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}]
    assert step["container"]["volumeMounts"] == [{"name": "models", "mountPath": "/models"}]
    assert step["container"]["envFrom"] == [{"secretRef": {"name": "database"}}]


def test_secrets_are_files_and_volumes_are_mounted_as_they_are_said_to_be() -> None:
    profile = {
        "secret_files": {"tls.example": "/secrets/tls"},
        "volumes": [{"name": "models", "mountPath": "/models", "readOnly": True, "subPath": "v1", "emptyDir": {}}],
    }
    step = templates(SHIRT, **profile)["step"]
    name = step["volumes"][1]["name"]
    assert step["volumes"] == [{"name": "models", "emptyDir": {}}, {"name": name, "secret": {"secretName": "tls.example"}}]
    assert step["container"]["volumeMounts"] == [
        {"name": "models", "mountPath": "/models", "readOnly": True, "subPath": "v1"},
        {"name": name, "mountPath": "/secrets/tls", "readOnly": True},
    ]


def test_a_profile_may_change_what_is_safe_by_default() -> None:
    spec = document(SHIRT, security_context={"fsGroup": 2000, "runAsNonRoot": False}, pod_gc="Never", annotations={"a": "b"})["spec"]
    assert spec["securityContext"]["fsGroup"] == 2000
    assert spec["securityContext"]["runAsNonRoot"] is False
    assert "podGC" not in spec
    assert spec["podMetadata"]["annotations"] == {"a": "b"}


def test_the_user_may_be_left_to_the_cluster_but_never_is_root() -> None:
    """Argo's own containers, which are beside ours, have the user of their image then."""
    spec = document(SHIRT, run_as_user=0)["spec"]
    assert spec["securityContext"].keys() == {"seccompProfile"}
    pods = [each["container"]["securityContext"] for each in spec["templates"] if "container" in each]
    assert [context["runAsNonRoot"] for context in pods] == [True] * len(pods)
    known = document(SHIRT, run_as_user=0, security_context={"runAsUser": 7})["spec"]
    assert known["securityContext"]["runAsNonRoot"]
    assert not [each for each in known["templates"] if "runAsNonRoot" in each.get("container", {}).get("securityContext", {})]


def test_a_step_says_what_its_pod_is() -> None:
    own = ExecutionSpec(
        image="other:2",
        pod=Pod(
            service_account="trainer",
            node_selector=(("gpu", "a100"),),
            tolerations=((("key", "gpu"), ("operator", "Exists")),),
            labels=(("cost", "high"),),
            secrets=("wandb", "database"),
            volumes=(("models", "/models"),),
        ),
    )
    plan = flow(("start", Next("train")), ("train", Next("end"), Settings(execution=own)), END)
    profile = {"node_selector": {"pool": "batch"}, "tolerations": [{"key": "batch"}], "secrets": ["database"]}
    made = templates(plan, **profile)
    train = made["train"]
    assert train["metadata"] == {"labels": {"cost": "high"}}
    assert (train["serviceAccountName"], train["nodeSelector"]) == ("trainer", {"pool": "batch", "gpu": "a100"})
    assert train["tolerations"] == [{"key": "batch"}, {"key": "gpu", "operator": "Exists"}]
    assert train["container"]["image"] == "other:2"
    assert train["container"]["envFrom"] == [{"secretRef": {"name": "database"}}, {"secretRef": {"name": "wandb"}}]
    assert train["volumes"] == [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}]
    assert made["step"]["container"]["image"] == "my-image:1"
    assert {"metadata", "serviceAccountName", "nodeSelector", "tolerations"}.isdisjoint(made["step"])


def test_a_loop_whose_steps_have_other_pods_has_no_rest_and_fails_loudly_after_its_turns() -> None:
    other = Settings(execution=ExecutionSpec(image="other:2"))
    plan = flow(
        ("start", Next("one")),
        ("one", Next("two"), other),
        ("two", Switch("more", (Case(True, "one"), Case(False, "end")))),
        END,
    )
    made = {task["name"]: task for task in templates(plan)["one-loop"]["dag"]["tasks"]}
    assert list(made) == ["one", "two", "again"]
    assert made["again"]["when"] == "{{= 'one' in fromJSON(tasks['two'].outputs.parameters.route) }}"


def test_what_a_form_says_is_seen_and_never_evaluated() -> None:
    form = document(flow(("start", End()), parameters=(Parameter("a", "a", "str", help="as in {{= (}}\ud800\x7f\n or {{{{x"),)))
    assert form["spec"]["arguments"]["parameters"][0]["description"] == "as in { {= (}} or { { { {x"
    long = document(flow(("start", End()), doc="word " * 100_000))["metadata"]["annotations"]["workflows.argoproj.io/description"]
    assert len(long) == 2000


def test_the_form_has_defaults_choices_and_help() -> None:
    parameters = (
        Parameter("count", "count", "int", default=3, help="how many"),
        Parameter("mode", "mode", "str", default="fast", choices=("fast", "slow")),
        Parameter("text", "text", "str", required=True),
        Parameter("options", "options", "json", default={"a": [1, None]}),
        Parameter("halves", "halves", "list", default=["\ud800"]),
    )
    form = document(flow(("start", End()), parameters=parameters))["spec"]["arguments"]["parameters"]
    assert form[:5] == [
        {"name": "count", "value": "3", "description": "how many"},
        {"name": "mode", "value": "fast", "enum": ["fast", "slow"]},
        {"name": "text"},
        {"name": "options", "value": '{"a":[1,null]}'},
        {"name": "halves", "value": '["\\ud800"]'},
    ]
    assert [field["name"] for field in form[5:]] == ["origin_run", "from_step", "run_tags", "run_input"]
