"""What tasks, groups and the DAG itself are told."""

from __future__ import annotations

from typing import Any

import pytest

from dags.emitted import lines, said, source
from flowport.compiler.ir import (
    BatchJob,
    Branch,
    Case,
    Catch,
    End,
    ExecutionSpec,
    Foreach,
    Next,
    Parameter,
    Pod,
    Resources,
    Retry,
    Schedule,
    Settings,
    Switch,
    Tmpfs,
)
from flowport.targets.airflow.dag import literal
from flowport.targets.airflow.names import Names
from plans import flow

END = ("end", End())


def task(*steps: Any, name: str = "start", **profile: Any) -> str:
    """The statement that makes a task."""
    more = {key: profile.pop(key) for key in ("name_of_flow",) if key in profile}
    plan = flow(*steps, **({"name": more["name_of_flow"]} if more else {}))
    return next(line for line in lines(plan, **profile) if line.startswith(f"{name} = "))


def test_a_retry_waits_as_long_as_the_user_said_and_a_catch_is_one_more() -> None:
    settings = Settings(retry=Retry(times=2, minutes=1.5), catch=Catch())
    assert "retries=3, retry_delay=timedelta(seconds=90)" in task(("start", Next("end"), settings), END)
    assert "retry" not in task(("start", Next("end"), settings), END, name="end")


def test_without_a_retry_nothing_is_tried_again_whatever_airflow_does_elsewhere() -> None:
    assert '"retries": 0' in source(flow(("start", Next("end")), END))


@pytest.mark.parametrize(("minutes", "delay"), [(2, "minutes=2"), (0, "seconds=0"), (0.001, "seconds=0.06"), (10**14, "seconds=99999999")])
def test_a_delay_is_one_that_airflow_can_wait(minutes: float, delay: str) -> None:
    assert f"retry_delay=timedelta({delay})" in task(("start", Next("end"), Settings(retry=Retry(1, minutes))), END)


def test_a_timeout_outside_of_foreaches_is_the_engines_too() -> None:
    steps = (("start", Foreach("a", "xs"), Settings(timeout=60)), ("a", Next("j"), Settings(timeout=60)), ("j", Next("end"), "join"), END)
    assert "execution_timeout=timedelta(minutes=6)" in task(*steps)
    assert "timeout" not in task(*steps, name="a")


def test_the_form_reaches_the_first_task_only() -> None:
    assert "environment=FORM" in task(("start", Next("end")), END)
    assert "FORM" not in task(("start", Next("end")), END, name="end")


def test_variables_of_a_step_stand_with_it() -> None:
    settings = Settings(environment=(("A", "{{ x }}"), ("B", "$HOME")))
    assert task(("start", Next("end"), settings), END, compute="local").count("environment={**FORM, ") == 1
    assert '"A": "{{ "{{ x }}" }}", "B": "$HOME"' in task(("start", Next("end"), settings), END, compute="local")
    assert '"B": "$$HOME"' in task(("start", Next("end"), settings), END), "the kubelet makes one dollar of two"


@pytest.mark.parametrize(
    "text", ["plain", "{{ 1 + 1 }}", "{% raw %}", "{# c #}", "a.json", "line\n", '"', "\\n {{", "é 🙂 {{", "'{{", "}} {{", "a\rb\r\n"]
)
def test_a_literal_is_rendered_as_what_it_was(text: str) -> None:
    jinja2 = pytest.importorskip("jinja2", reason="comes with Airflow")
    written = literal(text)
    assert jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(written).render() == text
    assert not written.endswith((".json", ".sh", ".yaml"))


def test_resources_are_what_a_pod_asks_for() -> None:
    asked = Settings(resources=Resources(cpu=0.5, memory=512, gpu=1, disk=2000, shared_memory=64))
    made = task(("start", Next("end"), asked), END)
    assert '"cpu": "0.5", "memory": "512Mi", "ephemeral-storage": "2000Mi"' in made
    assert '"nvidia.com/gpu": "1"' in made
    assert 'mount_path="/dev/shm"' in made
    assert 'size_limit="64Mi"' in made


def test_a_pod_of_its_own_kind_is_told_in_the_words_of_its_operator() -> None:
    own = ExecutionSpec(
        image="other:2", pod=Pod("trainer", (("gpu", "a100"),), ((("key", "gpu"), ("tolerationSeconds", 60)),), secrets=("wandb",))
    )
    made = task(("start", Next("end"), Settings(execution=own)), END)
    assert 'image="other:2", service_account_name="trainer", node_selector={"gpu": "a100"}' in made
    assert 'tolerations=[k8s.V1Toleration(key="gpu", toleration_seconds=60)]' in made
    assert 'env_from=[k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name="wandb"))]' in made


def test_the_volumes_of_a_step_stand_beside_its_shared_memory() -> None:
    asked = Settings(resources=Resources(shared_memory=64), execution=ExecutionSpec(pod=Pod(volumes=(("models", "/models"),))))
    made = task(("start", Next("end"), asked), END)
    assert made.count("volumes=[") == made.count("volume_mounts=[") == 1
    assert 'k8s.V1VolumeMount(name="models", mount_path="/models"), k8s.V1VolumeMount(name="shared-memory", mount_path="/dev/shm")' in made
    assert 'persistent_volume_claim=k8s.V1PersistentVolumeClaimVolumeSource(claim_name="models")' in made


def test_everything_of_a_pod_has_its_argument() -> None:
    pod = Pod(
        annotations=(("a/b", "x"),),
        namespace="other",
        image_pull_policy="Always",
        image_pull_secrets=("registry",),
        gpu_vendor="amd",
        port=8080,
        guaranteed=True,
        extended_resources=(("a.b/c", "1"),),
        security_context=(("run_as_user", 0),),
    )
    made = task(("start", Next("end"), Settings(resources=Resources(gpu=1), execution=ExecutionSpec(pod=pod))), END)
    assert 'requests={"cpu": "1", "memory": "4096Mi", "a.b/c": "1"}' in made
    assert 'limits={"cpu": "1", "memory": "4096Mi", "amd.com/gpu": "1", "a.b/c": "1"}' in made
    assert 'namespace="other", image_pull_policy="Always", annotations={"a/b": "x"}' in made
    assert 'image_pull_secrets=[k8s.V1LocalObjectReference(name="registry")]' in made
    assert "ports=[k8s.V1ContainerPort(container_port=8080)]" in made
    assert "container_security_context=k8s.V1SecurityContext(run_as_user=0)" in made


def test_a_pod_may_be_guaranteed_without_sizes_of_its_own() -> None:
    made = task(("start", Next("end"), Settings(execution=ExecutionSpec(pod=Pod(guaranteed=True)))), END)
    assert 'limits={"cpu": "1", "memory": "4096Mi"}' in made


def test_a_folder_in_memory_is_told_in_the_words_of_where_a_task_runs() -> None:
    steps = (("start", Next("end"), Settings(resources=Resources(memory=512), execution=ExecutionSpec(tmpfs=Tmpfs()))), END)
    pod = task(*steps)
    assert 'k8s.V1EmptyDirVolumeSource(medium="Memory", size_limit="256Mi")' in pod
    assert 'mount_path="/metaflow_temp"' in pod
    assert 'environment={**FORM, "METAFLOW_TEMPDIR": "/metaflow_temp"}' in pod
    docker = task(*steps, compute="docker")
    assert 'mounts=[Mount(target="/metaflow_temp", source=None, type="tmpfs", tmpfs_size=268435456)]' in docker
    assert "METAFLOW_TEMPDIR" in docker
    assert "METAFLOW_TEMPDIR" not in task(*steps, compute="local", store="/flows")


def test_an_image_of_a_step_counts_where_flowport_sets_images() -> None:
    steps = (("start", Next("end"), Settings(execution=ExecutionSpec(job=BatchJob(image="own:1")))), END)
    assert 'image="own:1"' in task(*steps)
    assert 'image="own:1"' in task(*steps, compute="docker")
    assert "own:1" not in task(*steps, compute="batch", job_queue="q", job_definition="d")


def test_a_job_has_the_queue_and_the_tags_of_its_step() -> None:
    steps = (("start", Next("end"), Settings(execution=ExecutionSpec(job=BatchJob(queue="gpu", aws_batch_tags=(("a", "b"),))))), END)
    batch = {"compute": "batch", "job_queue": "q", "job_definition": "d"}
    assert 'job_queue="gpu", tags={"a": "b"}' in task(*steps, **batch)
    assert "job_queue" not in task(*steps, name="end", **batch)
    assert said(flow(*steps), **batch) == ()


def test_a_volume_has_a_name_that_kubernetes_takes_and_a_pod_keeps_its_own_folder() -> None:
    plan = flow(("start", Next("end"), Settings(execution=ExecutionSpec(pod=Pod(volumes=(("c.d", "/x"),))))), END)
    assert said(plan) == ()
    assert 'claim_name="c.d"' in source(plan)
    assert 'name="c.d"' not in source(plan).replace('claim_name="c.d"', "")
    route = flow(("start", Next("end"), Settings(execution=ExecutionSpec(pod=Pod(volumes=(("c", "/airflow/xcom"),))))), END)
    assert [found.code for found in said(route)] == ["FP405"]


def test_what_kubernetes_does_not_take_is_said_for_airflow_too() -> None:
    for asked in (
        ExecutionSpec(image="a b"),
        ExecutionSpec(pod=Pod(labels=(("a b", "x"),))),
        ExecutionSpec(pod=Pod(tolerations=((("foo", "x"),),))),
    ):
        plan = flow(("start", Next("end"), Settings(execution=asked)), END)
        assert [found.code for found in said(plan)] == ["FP405"]
        assert [found.code for found in said(plan, compute="local", store="/flows")] == ["FP306"]


def test_what_is_no_pod_has_nothing_of_it_and_a_loop_has_one_kind() -> None:
    other = Settings(execution=ExecutionSpec(image="other:2"))
    loop = (("one", Next("two"), other), ("two", Switch("more", (Case(True, "one"), Case(False, "end")))))
    plan = flow(("start", Next("one")), *loop, END)
    assert [found.code for found in said(plan)] == ["FP419"]
    assert [(found.code, found.severity) for found in said(plan, compute="local", store="/flows")] == [("FP306", "warning")]


def test_the_clock_starts_a_run_at_its_time() -> None:
    made = source(flow(("start", End()), triggers=(Schedule("30 6 * * MON-FRI", "Europe/Berlin"),)))
    assert 'schedule=CronTriggerTimetable("30 6 * * MON-FRI", timezone="Europe/Berlin")' in made
    assert "from airflow.timetables.trigger import CronTriggerTimetable" in made
    needed = (Parameter("size", "size", "int", required=True),)
    assert [found.code for found in said(flow(("start", End()), triggers=(Schedule("0 0 * * *"),), parameters=needed))] == ["FP421"]


def test_one_run_at_once_is_what_waits() -> None:
    plan = flow(("start", End()), triggers=(Schedule("30 6 * * *"),))
    assert "max_active_runs=1" in source(plan, overlap="wait")
    assert "max_active_runs" not in source(plan, overlap="allow")
    assert "max_active_runs" not in source(flow(("start", End())), overlap="wait")
    for value, why in (("skip", "waits for its end"), ("replace", "stops no run for another one")):
        (found,) = said(plan, overlap=value)
        assert (found.code, found.severity) == ("FP439", "error")
        assert found.message.endswith(why)
        assert said(flow(("start", End())), overlap=value) == ()
    (found,) = said(plan, overlap="wait", max_active_runs=2)
    assert found.message == '`overlap = "wait"` and `max_active_runs = 2` contradict each other: one run at once is `wait`'


def test_missed_runs_are_started_from_a_date_on() -> None:
    plan = flow(("start", End()), triggers=(Schedule("30 6 * * *"),))
    made = source(plan, catch_up="2026-11-01")
    assert "catchup=True" in made
    assert "start_date=datetime(2026, 11, 1, tzinfo=timezone.utc)" in made
    assert "catchup=False" in source(plan)
    assert "catchup=False" in source(flow(("start", End())), catch_up="2026-11-01")
    for value in ("yesterday", "2026-02-30", "2026-1-1", "1999-01-01", "20261101", "0000-01-01"):
        (found,) = said(plan, catch_up=value)
        assert found.message == f"the setting `catch_up` is `{value}`, which is no date of this century"
        assert found.help == ('write `catch_up = "2026-11-01"` under [airflow] in flowport.toml',)


@pytest.mark.parametrize(
    ("compute", "profile", "told"),
    [
        ("docker", {"image": "i"}, ['cpus=2.0, mem_limit="512m", device_requests=[DeviceRequest(count=1, capabilities=[["gpu"]])]']),
        ("batch", {"job_queue": "q", "job_definition": "d"}, ['{"type": "VCPU", "value": "2"}', '{"type": "GPU", "value": "1"}']),
        ("ecs", {"cluster": "c", "task_definition": "t", "container": "m"}, ['size={"cpu": "2048", "memory": "512"}', "gpus=["]),
        ("local", {}, []),
    ],
)
def test_resources_are_told_in_the_words_of_where_a_task_runs(compute: str, profile: dict[str, Any], told: list[str]) -> None:
    made = task(("start", Next("end"), Settings(resources=Resources(cpu=2, memory=512, gpu=1))), END, compute=compute, **profile)
    assert all(words in made for words in told), made
    assert told or "resources" not in made


def test_fargate_has_its_own_sizes() -> None:
    steps = (("start", Next("end"), Settings(resources=Resources(cpu=0.3, memory=600, disk=30_000))), END)
    made = task(*steps, compute="ecs", cluster="c", task_definition="t", container="m", platform="FARGATE")
    assert 'size={"cpu": "512", "memory": "1024", "ephemeralStorage": {"sizeInGiB": 30}}' in made


def test_a_foreach_is_a_mapped_group_over_what_its_step_answers() -> None:
    made = lines(flow(("start", Foreach("a", "rows")), ("a", Next("b")), ("b", Next("j")), ("j", Next("end"), "join"), END))
    assert "answers=True" in next(line for line in made if line.startswith("start"))
    assert made[made.index("def rows(slice):") :][:5] == [
        "def rows(slice):",
        'a = step("a", slice)',
        'b = step("b", slice)',
        "a >> b",
        "return (a, b)",
    ]
    assert "a, b = rows.expand(slice=start.output)" in made
    assert made[-2:] == ["start >> [a, j]", "b >> j >> end"]


def test_a_switch_is_asked_by_its_arms() -> None:
    steps = (("start", Switch("x", (Case("1", "a"), Case("2", "b")))), ("a", Next("end")), ("b", Next("end")), END)
    assert 'pre_execute=when(("start", "a"))' in task(*steps, name="a")
    assert 'trigger_rule="none_failed_min_one_success"' in task(*steps, name="end")
    assert "trigger_rule" not in task(*steps, name="a")


def test_a_loop_is_a_task_of_its_own() -> None:
    turns = Switch("state", (Case("more", "go"), Case("done", "end")))
    steps = (
        ("start", Next("go")),
        ("go", Next("look"), Settings(retry=Retry(2, 0))),
        ("look", turns, Settings(resources=Resources(cpu=4))),
        END,
    )
    made = task(*steps, name="go_loop")
    assert made.startswith('go_loop = step("go_loop", name="go", command="block", retries=2, ')
    assert '"cpu": "4"' in made
    assert 'doc_md="The loop of go, look."' in made


def test_branches_of_several_tasks_are_groups() -> None:
    steps = (("start", Branch(("a", "b"))), ("a", Next("c")), ("c", Next("j")), ("b", Next("j")), ("j", Next("end"), "join"), END)
    made = lines(flow(*steps))
    assert 'with TaskGroup("a_branch", prefix_group_id=False):' in made
    assert 'b = step("b")' in made


@pytest.mark.parametrize(
    "name", ["step", "slice", "dag", "DAG", "when", "timedelta", "k8s", "RUN", "FORM", "task_group", "datetime", "super", "open", "range"]
)
def test_a_step_may_be_called_like_what_the_file_reads(name: str) -> None:
    steps = (("start", Foreach(name, "xs")), (name, Switch("s", (Case("1", "a"), Case("2", "b")))), ("a", Next("c")), ("b", Next("c")))
    made = source(flow(*steps, ("c", Next("j")), ("j", Next("end"), "join"), END))
    assert f'{name}_ = step("{name}", slice' in made
    compile(made, name, "exec")


def test_names_that_airflow_refuses_are_mapped_and_shown() -> None:
    steps = (("start", Next("größe")), ("größe", Next("end")), END)
    names = Names(flow(*steps))
    assert names["größe"].id.startswith("gr_e_")
    assert names["größe"].id.isascii()
    made = task(*steps, name=names["größe"].variable)
    assert f'step("{names["größe"].id}", name="größe", task_display_name="größe")' in made
    assert 'dag_display_name="Wörter zählen"' in source(flow(*steps, name="Wörter zählen"))


def test_a_name_made_for_one_step_is_not_the_name_of_another() -> None:
    other = Names(flow(("start", Next("größe")), ("größe", Next("end")), END))["größe"].id
    names = Names(flow(("start", Next("größe")), ("größe", Next(other)), (other, Next("end")), END))
    assert len({names[step].id for step in ("start", "größe", other, "end")}) == 4


def test_a_job_of_batch_has_a_name_that_batch_takes() -> None:
    made = source(flow(("start", End())), compute="batch", job_queue="q", job_definition="d")
    assert 'job_name=f"flowport-{task_id}"[:128]' in made


def test_choices_that_json_does_not_have_are_left_to_the_runtime() -> None:
    parameters = (Parameter("f", "f", "float", default=1.0, choices=(1.0, float("inf"))),)
    assert '"f": Param(1.0, type="number")' in source(flow(("start", End()), parameters=parameters))


def test_a_text_that_is_json_is_shown_as_it_is_typed() -> None:
    parameters = (Parameter("j", "j", "json", default='"5"'),)
    assert '"j": Param("\\"5\\"", type=["string", ' in source(flow(("start", End()), parameters=parameters))


def test_groups_and_lists_have_names_that_no_task_has() -> None:
    steps = (
        ("start", Foreach("rows", "rows")),
        ("rows", Foreach("cell", "cells")),
        ("cell", Next("rows_slices")),
        ("rows_slices", Next("rows_2"), "join"),
        ("rows_2", Next("end"), "join"),
        END,
    )
    made = source(flow(*steps))
    compile(made, "names", "exec")
    assert "def rows_3(slice):" in made
    assert 'slices.override(task_id="rows_slices_2")("rows", start.output)' in made


def test_settings_of_a_profile_reach_the_dag() -> None:
    made = source(
        flow(("start", Next("end")), END),
        dag_id="mine",
        owner="vision",
        tags=["ml"],
        max_concurrency=7,
        default_args={"pool": "gpu", "retries": 1},
    )
    assert 'dag_id="mine"' in made
    assert "max_active_tasks=7" in made
    assert 'tags=["flowport", "ml"]' in made
    assert (
        '"owner": "vision", "retries": 1' in made.replace("\n", " ").replace("        ", "").replace(",  ", ", ") or '"retries": 1' in made
    )
    assert '"pool": "gpu"' in made
    assert '"retries": 0' not in made


def test_a_docstring_may_hold_anything() -> None:
    doc = 'It\'s """quoted""" \\ and\n\nhas lines.\0 {{ x }}'
    made = source(flow(("start", Next("end")), END, doc=doc))
    compile(made, "doc", "exec")
    assert 'description="It\'s \\"\\"\\"quoted\\"\\"\\" \\\\ and"' in made
