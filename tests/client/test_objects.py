"""Flows, runs, steps, tasks and artifacts, beside what Metaflow 2.19.39 gives for the same flow."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from client.reading import read
from flowport import CaughtError
from flowport.client import (
    DataArtifact,
    Flow,
    Metaflow,
    Run,
    Step,
    Task,
    default_metadata,
    default_namespace,
    get_cards,
    get_metadata,
    get_namespace,
    metadata,
    namespace,
)
from flowport.exceptions import MetaflowDataMissing, MetaflowInvalidPathspec, MetaflowNamespaceMismatch, MetaflowNotFound
from flowport.runtime.run.reader import Run as RunReader
from flowport.runtime.store import codec
from flowport.runtime.store.keys import Keys, blob_key
from solo import Solo


def test_the_flows_of_a_store_and_the_runs_of_a_flow_are_listed_the_latest_first(train: Solo) -> None:
    assert str(list(Metaflow())) == str(Metaflow().flows) == "[Flow('TrainFlow')]"
    assert str(Metaflow()["TrainFlow"]) == "Flow('TrainFlow')"
    assert str(list(Flow("TrainFlow"))) == str(list(Flow("TrainFlow").runs())) == "[Run('TrainFlow/2'), Run('TrainFlow/1')]"
    assert (str(Flow("TrainFlow").latest_run), str(Flow("TrainFlow").latest_successful_run)) == ("Run('TrainFlow/2')", "Run('TrainFlow/1')")


def test_a_flow_has_runs_by_id_and_neither_tags_nor_a_parent(train: Solo) -> None:
    flow = Flow("TrainFlow")
    assert (flow.id, flow.pathspec, flow.parent, flow.path_components) == ("TrainFlow", "TrainFlow", None, ["TrainFlow"])
    assert (str(flow[1]), 1 in flow, 3 in flow) == ("Run('TrainFlow/1')", True, False)
    assert (flow.tags, str(flow["1"]), "1" in flow, "zz" in flow) == (frozenset(), "Run('TrainFlow/1')", True, False)
    assert flow.created_at == flow["1"].created_at
    with pytest.raises(KeyError, match="zz"):
        _ = flow["zz"]


def test_a_run_that_is_done_has_the_data_of_its_last_step(train: Solo) -> None:
    run = Run("TrainFlow/1")
    assert (run.successful, run.finished, run.id, str(run.parent)) == (True, True, "1", "Flow('TrainFlow')")
    assert (str(run.end_task), run.trigger, run.origin_pathspec) == ("Task('TrainFlow/1/end/r')", None, None)
    assert run.data is not None
    assert (run.data.model, run.data.total, "model" in run.data, "nope" in run.data) == ({"w": 18}, 18, True, False)
    assert str(run.data) == "<MetaflowData: alpha, fail, model, total>"
    assert {"alpha", "model"} <= set(dir(run.data))
    assert run.finished_at is not None
    assert run.finished_at >= run.created_at
    with pytest.raises(AttributeError, match="there is no artifact `nope`; the artifacts are: `"):
        _ = run.data.nope


def test_a_run_that_failed_has_none_of_this(train: Solo) -> None:
    run = Run("TrainFlow/2")
    assert (run.successful, run.finished, run.finished_at, run.data, run.end_task) == (False, False, None, None, None)


def test_the_steps_of_a_run_are_those_that_began_the_last_one_first(train: Solo) -> None:
    assert [step.id for step in Run("TrainFlow/1")] == [step.id for step in Run("TrainFlow/1").steps()] == ["end", "join", "work", "start"]
    assert [step.id for step in Run("TrainFlow/2")] == ["work", "start"]
    assert [step.id for step in Run("TrainFlow/1").steps("a")] == ["end", "join", "work", "start"]
    assert list(Run("TrainFlow/1").steps("c")) == []


def test_a_step_has_its_tasks_the_last_item_first(train: Solo) -> None:
    work = Step("TrainFlow/1/work")
    assert str(list(work)) == str(list(work.tasks())) == str([Task(f"TrainFlow/1/work/r.{number}") for number in (2, 1, 0)])
    assert (str(work.task), work.control_task, list(work.control_tasks()), work.environment_info) == (
        "Task('TrainFlow/1/work/r.2')", None, [], None,
    )  # fmt: skip
    assert work.finished_at is not None
    assert (str(list(work.parent_steps)), str(list(work.child_steps))) == (
        "[Step('TrainFlow/1/start')]", "[Step('TrainFlow/1/join')]",
    )  # fmt: skip
    assert (list(Step("TrainFlow/1/start").parent_steps), list(Step("TrainFlow/1/end").child_steps)) == ([], [])
    assert (str(work.parent), work.tags) == ("Run('TrainFlow/1')", Run("TrainFlow/1").tags)


GANGS = """
from flowport import parallel

class Gangs(FlowSpec):
    @step
    def start(self):
        self.sizes = [2, 3]
        self.next(self.each, foreach="sizes")

    @step
    def each(self):
        self.next(self.train, num_parallel=self.input)

    @parallel
    @step
    def train(self):
        self.node = current.parallel.node_index
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.outer)

    @step
    def outer(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_the_nodes_of_a_gang_are_tasks_and_node_0_is_its_control_task(tmp_path: Path) -> None:
    flow = Solo(tmp_path, GANGS)
    flow.run()
    metadata(flow.store.url)
    step = Step("Gangs/1/train", _namespace_check=False)
    assert sorted((task.id, task.index, task["node"].data, task.successful) for task in step) == [
        (f"r.{gang}.{node}", node, node, True) for gang, size in enumerate([2, 3]) for node in range(size)
    ]
    assert {task.id for task in step.control_tasks()} == {"r.0.0", "r.1.0"}
    assert step.control_task is not None
    assert step.control_task.id in {"r.0.0", "r.1.0"}


def test_a_task_has_its_artifacts_and_its_place_in_the_foreach(train: Solo) -> None:
    task = Task("TrainFlow/1/work/r.2")
    assert (task.id, task.index, task.successful, task.finished, task.exception) == ("r.2", 2, True, True, None)
    assert [artifact.id for artifact in task] == ["alpha", "fail", "xs", "y"]
    assert (task.data.y, task["y"].data, task.artifacts.y.data, "y" in task, "z" in task) == (9, 9, 9, True, False)
    assert str(task.artifacts.y) == "DataArtifact('TrainFlow/1/work/r.2/y')"
    assert (task.current_attempt, task.runtime_name, task.environment_info) == (0, "dev", None)
    assert Task("TrainFlow/1/end/r").index is None
    assert task.finished_at is not None
    assert task.finished_at >= task.created_at
    with pytest.raises(KeyError, match="z"):
        _ = task["z"]


def test_the_tasks_before_and_after_a_task_are_found(train: Solo) -> None:
    def ids(tasks: Any) -> list[str]:
        return sorted(task.pathspec.split("/", 2)[2] for task in tasks)

    work = ["work/r.0", "work/r.1", "work/r.2"]
    assert (ids(Task("TrainFlow/1/work/r.2").parent_tasks), ids(Task("TrainFlow/1/work/r.2").child_tasks)) == (["start/r"], ["join/r"])
    assert (ids(Task("TrainFlow/1/join/r").parent_tasks), ids(Task("TrainFlow/1/start/r").child_tasks)) == (work, work)
    assert (ids(Task("TrainFlow/1/start/r").parent_tasks), ids(Task("TrainFlow/1/end/r").child_tasks)) == ([], [])
    assert list(Task("TrainFlow/1/end/r").parent_task_pathspecs) == ["TrainFlow/1/join/r"]
    assert list(Task("TrainFlow/1/join/r").child_task_pathspecs) == ["TrainFlow/1/end/r"]


def test_a_task_that_failed_says_what_was_raised(train: Solo) -> None:
    task = Task("TrainFlow/2/work/r.1")
    assert (task.successful, task.finished, task.data.alpha) == (False, False, 5)
    assert isinstance(task.exception, CaughtError)
    assert str(task.exception) == "ValueError: boom"
    assert task.finished_at is not None
    assert [found.successful for found in Step("TrainFlow/2/work")] == [False, True]  # the third item never ran


def test_facts_about_a_task_are_named(train: Solo) -> None:
    task = Task("TrainFlow/1/work/r.2")
    facts = task.metadata_dict
    assert {"attempt": "0", "attempt_ok": "True", "foreach-indices": "[2]", "user": "tester", "runtime": "dev"}.items() <= facts.items()
    assert facts["script-name"].endswith(".py")
    assert {found.name: found.value for found in task.metadata} == facts
    assert [found.value for found in task.metadata if found.type == "attempt"] == ["0"]
    assert {str(found.task) for found in task.metadata} == {str(task)}


def test_a_resumed_run_names_where_its_steps_and_tasks_come_from(train: Solo) -> None:
    train.run("3", parameters={"alpha": 5}, origin_run="1")
    assert (Run("TrainFlow/3").origin_pathspec, Step("TrainFlow/3/start").origin_pathspec) == ("TrainFlow/1", "TrainFlow/1/start")
    assert Task("TrainFlow/3/start/r").origin_pathspec == "TrainFlow/1/start/r"
    assert (Step("TrainFlow/1/start").origin_pathspec, Task("TrainFlow/1/start/r").origin_pathspec) == (None, None)


def test_both_streams_of_a_task_are_its_log(train: Solo) -> None:
    train.store.create(Keys("TrainFlow", "1").log("end", "s", 0, 0), b"printed\na warning\n")
    task = Task("TrainFlow/1/end/r")
    assert task.stdout == task.stderr == "printed\na warning\n"
    assert (task.stdout_size, task.stderr_size) == (18, 18)
    for stream in ("stdout", "stderr"):
        assert list(task.loglines(stream)) == [(None, "printed"), (None, "a warning")]


def test_configs_are_artifacts_of_each_task(tmp_path: Path, chosen: None) -> None:
    solo = Solo(
        tmp_path,
        """
from flowport import Config

class Configured(FlowSpec):
    cfg = Config("my-cfg", default_value='{"a": 1, "b": {"c": [2]}}')
    none = Config("none")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    solo.run()
    read(solo)
    task = Task("Configured/1/start/r")
    assert [artifact.id for artifact in task] == ["cfg", "none"]
    assert (task["cfg"].data, type(task["cfg"].data), task.data.none) == ({"a": 1, "b": {"c": [2]}}, dict, None)
    assert (task["cfg"].sha, task["cfg"].size > 0) == (Task("Configured/1/end/r")["cfg"].sha, True)


def test_the_same_task_found_in_two_ways_has_equal_properties(train: Solo) -> None:
    found = next(Task("TrainFlow/1/start/r").child_tasks)
    made = Task(found.pathspec)
    loaded = {"artifacts", "child_task_pathspecs", "child_tasks", "code", "data", "metadata", "parent_task_pathspecs", "parent_tasks"}
    names = {name for name, value in vars(Task).items() if isinstance(value, property)} - loaded
    assert {name: getattr(found, name) for name in names} == {name: getattr(made, name) for name in names}
    assert not any(name.startswith("_") for name in names)


def test_an_artifact_has_a_value_a_size_and_a_digest(train: Solo) -> None:
    artifact = DataArtifact("TrainFlow/1/work/r.2/y")
    assert (artifact.id, artifact.data, artifact.size, str(artifact.parent)) == ("y", 9, 5, "Task('TrainFlow/1/work/r.2')")
    assert artifact.sha == DataArtifact("TrainFlow/1/work/r.2/y").sha != DataArtifact("TrainFlow/1/work/r.1/y").sha
    assert artifact.finished_at == artifact.created_at == Task("TrainFlow/1/work/r.2").finished_at
    assert DataArtifact("TrainFlow/1/end/r/alpha").data == 3
    assert len(DataArtifact("TrainFlow/1/end/r/alpha").sha) == 64


def test_the_code_of_a_run_can_be_read_and_extracted(train: Solo) -> None:
    code = Run("TrainFlow/1").code
    assert "class TrainFlow(FlowSpec)" in code.flowspec
    assert code.info["script"] == code.script_name in code.tarball.getnames()
    assert str(code) == f"<MetaflowCode: {code.script_name}>"
    with code.extract() as folder:
        assert [path.name for path in Path(folder).iterdir()] == [code.script_name]
    code_of_task = Task("TrainFlow/1/end/r").code
    assert code_of_task is not None
    assert code_of_task.path == code.path


@pytest.mark.parametrize(
    ("kind", "pathspec", "message"),
    [
        (Flow, "Nope", r"^Flow\('Nope'\) does not exist in "),
        (Run, "TrainFlow/3", r"^Run\('TrainFlow/3'\) does not exist in "),
        (Run, "Nope/1", r"^Run\('Nope/1'\) does not exist in "),
        (Step, "TrainFlow/1/nope", r"^Step\('TrainFlow/1/nope'\) does not exist in "),
        (Step, "TrainFlow/9/end", r"^Run\('TrainFlow/9'\) does not exist in "),
        (Task, "TrainFlow/1/work/r.3", r"^Task\('TrainFlow/1/work/r.3'\) does not exist in "),
        (Task, "TrainFlow/1/nope/r", r"^Task\('TrainFlow/1/nope/r'\) does not exist in "),
        (Task, "TrainFlow/1/work/4", r"^Task\('TrainFlow/1/work/4'\) does not exist in "),
        (DataArtifact, "TrainFlow/1/end/r/nope", r"^DataArtifact\('TrainFlow/1/end/r/nope'\) does not exist in "),
    ],
)
def test_what_is_not_there_is_not_found(train: Solo, kind: Any, pathspec: str, message: str) -> None:
    with pytest.raises(MetaflowNotFound, match=message):
        kind(pathspec)


@pytest.mark.parametrize(
    ("kind", "pathspec", "form"),
    [
        (Flow, "TrainFlow/1", "Flow('FlowName')"),
        (Run, "TrainFlow", "Run('FlowName/RunID')"),
        (Run, "", "Run('FlowName/RunID')"),
        (Run, None, "Run('FlowName/RunID')"),
        (Run, "TrainFlow/1/", "Run('FlowName/RunID')"),
        (Step, "TrainFlow/1", "Step('FlowName/RunID/StepName')"),
        (Task, "TrainFlow/1/end", "Task('FlowName/RunID/StepName/TaskID')"),
        (DataArtifact, "x", "DataArtifact('FlowName/RunID/StepName/TaskID/ArtifactName')"),
    ],
)
def test_a_pathspec_of_another_form_is_refused(train: Solo, kind: Any, pathspec: Any, form: str) -> None:
    with pytest.raises(MetaflowInvalidPathspec) as raised:
        kind(pathspec)
    assert str(raised.value) == f"expected {form}"


@pytest.mark.parametrize(
    ("attempt", "message"), [(-1, "from 0 to 6"), (7, "from 0 to 6"), ("x", "a whole number"), (float("inf"), "a whole number")]
)
def test_an_attempt_is_a_small_number(train: Solo, attempt: Any, message: str) -> None:
    with pytest.raises(MetaflowNotFound, match=message):
        Task("TrainFlow/1/end/r", attempt=attempt)


def test_only_tasks_and_artifacts_have_attempts(train: Solo) -> None:
    assert repr(Task("TrainFlow/1/end/r", attempt=0)) == "Task('TrainFlow/1/end/r', attempt=0)"
    assert DataArtifact("TrainFlow/1/end/r/model", attempt=0).data == {"w": 18}
    with pytest.raises(MetaflowNotFound, match="only be chosen for a Task or a DataArtifact"):
        Run("TrainFlow/1", attempt=0)


def test_an_attempt_that_failed_is_told_from_the_one_that_did_it(tmp_path: Path, chosen: None) -> None:
    solo = Solo(
        tmp_path,
        """
class Twice(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        if current.retry_count == 0:
            raise ValueError("once")
        self.x = 1
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    solo.run()
    read(solo)
    first, last = Task("Twice/1/start/r", attempt=0), Task("Twice/1/start/r")
    assert (first.successful, str(first.exception)) == (False, "ValueError: once")
    assert (last.successful, last.exception, last.current_attempt, last.data.x) == (True, None, 1, 1)
    assert [found.value for found in last.metadata if found.type == "attempt"] == ["0", "1"]
    assert last.metadata_dict["attempt"] == "1"


def test_an_attempt_that_failed_or_never_was_has_no_artifacts_of_the_one_that_did_it(tmp_path: Path, chosen: None) -> None:
    solo = Solo(
        tmp_path,
        """
class Items(FlowSpec):
    p = Parameter("p", default=7)

    @step
    def start(self):
        self.xs = [0, 1]
        self.next(self.work, foreach="xs")

    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        self.y = current.retry_count
        if self.input and not current.retry_count:
            raise ValueError("once")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    solo.width = 1  # one task for both items
    solo.run()
    read(solo)
    shown = {
        (item, attempt): (task.successful, [artifact.id for artifact in task], str(task.exception))
        for item in ("r.0", "r.1")
        for attempt in (0, 1, 5)
        for task in [Task(f"Items/1/work/{item}", attempt=attempt)]
    }
    done, absent = (True, ["p", "xs", "y"], "None"), (False, ["p"], "None")
    assert shown == {
        ("r.0", 0): done,  # finished by the first attempt, and taken over by the second
        ("r.0", 1): done,
        ("r.0", 5): absent,
        ("r.1", 0): (False, ["p"], "ValueError: once"),
        ("r.1", 1): done,
        ("r.1", 5): absent,
    }
    failed = Task("Items/1/work/r.1", attempt=0)
    assert (failed.data.p, "y" in failed, pickle.loads(pickle.dumps(failed)).successful) == (7, False, False)
    assert failed.finished_at is not None
    with pytest.raises(MetaflowNotFound, match="does not exist"):
        DataArtifact("Items/1/work/r.1/y", attempt=0)
    assert DataArtifact("Items/1/work/r.1/y", attempt=1).data == 1


def test_the_tasks_of_a_step_are_listed_in_one_pass_over_its_slices(tmp_path: Path, chosen: None, monkeypatch: pytest.MonkeyPatch) -> None:
    solo = Solo(
        tmp_path,
        """
class Slices(FlowSpec):
    @step
    def start(self):
        self.xs = list(range(40))
        self.next(self.work, foreach="xs")

    @step
    def work(self):
        self.y = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    solo.width = 20  # tasks of two items each
    solo.run()
    read(solo)
    asked = []

    def noting(name: str, ask: Any) -> Any:
        def noted(run: RunReader, *place: Any) -> Any:
            asked.append((name, *place[:2]))
            return ask(run, *place)

        return noted

    for name in ("_counts", "shelf"):
        monkeypatch.setattr(RunReader, name, noting(name, getattr(RunReader, name)))
    assert [(task.id, task.data.y, task.successful) for task in Step("Slices/1/work")][-2:] == [("r.1", 1, True), ("r.0", 0, True)]
    assert len(asked) == len(set(asked)) == 40  # whether a slice counts, and what it has, once for each of 20 slices


def test_objects_of_another_namespace_are_refused(train: Solo) -> None:
    assert get_namespace() == default_namespace() == "user:tester"
    run = Run("TrainFlow/1")
    assert namespace("user:other") == get_namespace() == "user:other"
    for make in (lambda: Run("TrainFlow/1"), lambda: Flow("TrainFlow"), lambda: Step("TrainFlow/1/end"), lambda: Task("TrainFlow/1/end/r")):
        with pytest.raises(MetaflowNamespaceMismatch, match="object not in namespace `user:other`"):
            make()
    assert (list(Metaflow()), run.is_in_namespace()) == ([], False)
    assert namespace(None) is None
    assert (str(Run("TrainFlow/1")), default_namespace()) == ("Run('TrainFlow/1')", "user:tester")


def test_without_the_name_of_a_user_everything_is_seen(train: Solo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"):
        monkeypatch.delenv(name, raising=False)
    assert default_namespace() is None
    assert len(list(Flow("TrainFlow"))) == 2


def test_objects_are_pickled_as_what_they_name(train: Solo) -> None:
    namespace("user:other")
    with pytest.raises(MetaflowNamespaceMismatch):
        Run("TrainFlow/1")
    namespace("user:tester")
    objects = [Flow("TrainFlow"), Run("TrainFlow/1"), Step("TrainFlow/1/work"), Task("TrainFlow/1/work/r.2", attempt=0)]
    objects.append(DataArtifact("TrainFlow/1/work/r.2/y"))
    data = pickle.dumps(objects)
    namespace("user:other")
    found = pickle.loads(data)
    assert str(found) == str(objects)
    assert (found[0].latest_run.id, found[1].data.total, found[3].data.y, found[4].data) == ("2", 18, 9, 9)


def test_the_store_is_chosen_by_its_address(train: Solo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert get_metadata() == train.store.url
    monkeypatch.setenv("FLOWPORT_STORE", str(tmp_path / "none"))
    assert default_metadata() == str(tmp_path / "none")
    assert list(Metaflow()) == []
    assert metadata(f"local@{train.store.url}") == train.store.url
    assert Run("TrainFlow/1").successful
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / ".flowport").symlink_to(train.store.url)
    assert metadata(str(tmp_path / "there")) == str(tmp_path / "there" / ".flowport")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("/nowhere/at/all", "`/nowhere/at/all` is no store"),
        ("service@https://metadata.example", "there is no metadata service at `https://metadata.example`"),
        ("https://metadata.example", "there is no metadata service at `https://metadata.example`"),
        ("", "takes the address of a store"),
    ],
)
def test_what_is_no_store_is_refused(train: Solo, address: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metadata(address)
    assert get_metadata() == train.store.url


def test_only_the_artifact_that_is_asked_for_is_unpickled(train: Solo, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[bytes] = []
    decode = codec.decode
    monkeypatch.setattr(codec, "decode", lambda entry, *more: loaded.append(entry) or decode(entry, *more))
    data = Run("TrainFlow/1").data
    assert data is not None
    assert "model" in data
    assert loaded == []
    assert data.model == {"w": 18}
    assert len(loaded) == 1


def test_an_artifact_whose_bytes_are_gone_is_missing(tmp_path: Path, chosen: None) -> None:
    solo = Solo(
        tmp_path,
        """
class Big(FlowSpec):
    @step
    def start(self):
        self.big = "x" * 1_000_000
        self.small = 1
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    solo.run()
    read(solo)
    task = Task("Big/1/start/r")
    solo.path(blob_key(task["big"].sha)).unlink()
    assert task.data.small == 1
    with pytest.raises(MetaflowDataMissing, match="artifact `big` of start/r is missing"):
        _ = task.data.big


def test_values_of_the_flows_own_classes_are_loaded_from_its_code(tmp_path: Path, chosen: None) -> None:
    solo = Solo(
        tmp_path,
        """
class Weight:
    kilos = 4


class Weighing(FlowSpec):
    @step
    def start(self):
        self.weight = Weight()
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    solo.run(apart=True)
    read(solo)
    assert Run("Weighing/1").data.weight.kilos == 4


def test_a_run_that_goes_on_is_seen_as_it_is(tmp_path: Path, chosen: None, train_source: str) -> None:
    solo = Solo(tmp_path, train_source)
    assert solo.perform("start") == 0
    read(solo)
    run = Run("TrainFlow/1")
    assert ([step.id for step in run], run.finished) == (["start"], False)
    for slice in ("s.0", "s.1", "s.2"):
        assert solo.perform("work", slice) == 0
    assert [task.id for task in run["work"]] == ["r.2", "r.1", "r.0"]
    assert solo.perform("join") == solo.perform("end") == 0
    assert run.finished
    assert run.data.total == 18


def test_there_are_no_cards(train: Solo) -> None:
    for task in (Task("TrainFlow/1/end/r"), "TrainFlow/1/end/r"):
        cards = get_cards(task)
        assert (len(cards), list(cards), bool(cards)) == (0, [], False)
    with pytest.raises(IndexError):
        _ = get_cards("TrainFlow/1/end/r")[0]
    with pytest.raises(MetaflowInvalidPathspec):
        get_cards("TrainFlow/1")
    assert len(get_cards(Run("TrainFlow/1"))) == 0
    with pytest.raises(MetaflowInvalidPathspec):
        get_cards(Flow("TrainFlow"))  # type: ignore[arg-type]


def test_a_damaged_run_says_so_when_it_is_read(train: Solo) -> None:
    train.path(Keys("TrainFlow", "2").run()).write_text("{")
    damaged, whole = Flow("TrainFlow")
    assert whole.data.total == 18
    with pytest.raises(MetaflowDataMissing, match="is damaged"):
        _ = damaged.tags


def test_the_tasks_before_and_after_a_turn_of_a_loop_are_found(tmp_path: Path, chosen: None) -> None:
    solo = Solo(
        tmp_path,
        """
class Turns(FlowSpec):
    @step
    def start(self):
        self.n = 0
        self.next(self.turn)

    @step
    def turn(self):
        self.n += 1
        self.next(self.judge)

    @step
    def judge(self):
        self.way = "again" if self.n < 2 else "done"
        self.next({"again": self.turn, "done": self.end}, condition="way")

    @step
    def end(self):
        pass
""",
    )
    solo.run()
    read(solo)
    tasks = [task for step in Run("Turns/1") for task in step]
    before = {task.pathspec[8:]: [found[8:] for found in task.parent_task_pathspecs] for task in tasks}
    after = {task.pathspec[8:]: [found[8:] for found in task.child_task_pathspecs] for task in tasks}
    assert before == {
        "end/r": ["judge/r.t1"],
        "judge/r.t1": ["turn/r.t1"],
        "turn/r.t1": ["judge/r.t0"],
        "judge/r.t0": ["turn/r.t0"],
        "turn/r.t0": ["start/r"],
        "start/r": [],
    }
    assert after == {one: [other for other in before if one in before[other]] for one in before}
