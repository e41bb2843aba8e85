"""`run_step`: one step with what a test gives it, by the code that runs it in a task."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from flowport import load_model
from flowport.runtime.names.current import current
from flowport.runtime.names.exceptions import MetaflowException, UnhandledInMergeArtifactsException
from flowport.testing import FlowMistakes, run_step
from testing.conftest import Imported

TRAIN = """
from flowport import FlowSpec, Parameter, current, environment, retry, step
import os

class TrainFlow(FlowSpec):
    alpha = Parameter("alpha", default=2)
    limit = 10

    @step
    def start(self):
        self.rates = [0.1, 0.2]
        self.next(self.train, foreach="rates")

    @retry(times=3)
    @environment(vars={"MODE": "fast"})
    @step
    def train(self):
        self.score = self.input * self.alpha + self.base
        self.mode, self.where, self.attempt = os.environ["MODE"], self.foreach_stack(), current.retry_count
        self.next(self.choose)

    @step
    def choose(self, inputs):
        self.best = max(inputs, key=lambda one: one.score).index
        self.scores = {one.input: one.score for one in inputs}
        self.merge_artifacts(inputs, include=["base"])
        self.next(self.judge)

    @step
    def judge(self):
        self.rows.append(self.limit)
        self.verdict = "good" if self.best else "bad"
        self.next({"good": self.left, "bad": self.end}, condition="verdict")

    @step
    def left(self):
        self.next(self.fit, self.score_it)

    @step
    def fit(self):
        self.made = "fit"
        self.next(self.gather)

    @step
    def score_it(self):
        self.made = "score"
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.both = [inputs.fit.made, inputs.score_it.made]
        self.same = inputs.fit.base
        self.next(self.end)

    @step
    def end(self):
        if self.broken:
            raise ValueError("no end")
"""


@pytest.fixture
def train(imported: Imported) -> Any:
    return imported(TRAIN).TrainFlow


def test_a_step_gets_its_artifacts_and_says_what_it_set_and_where_it_went(train: Any) -> None:
    result = run_step(train.left, inputs={"rows": [1]})
    assert result.next == ("fit", "score_it")
    assert result.artifacts == {"rows": [1]}
    assert result.written == frozenset()


def test_a_foreach_says_its_items(train: Any) -> None:
    result = run_step(train.start)
    assert result.next == ("train",)
    assert result.items == [0.1, 0.2]
    assert result.rates == [0.1, 0.2]
    assert repr(result) == "<StepResult: rates; next: train>"


def test_an_item_has_its_input_parameters_and_variables(train: Any) -> None:
    result = run_step(train.train, inputs={"base": 1}, parameters={"alpha": 5}, input=3, index=4)
    assert result.score == 16
    assert result.where == [(4, 5, 3)]
    assert result.mode == "fast"
    assert "MODE" not in os.environ


def test_a_parameter_has_its_default(train: Any) -> None:
    assert run_step(train.train, inputs={"base": 1}, input=3).score == 7


def test_the_foreaches_around_a_step_can_be_given_as_its_method_returns_them(train: Any) -> None:
    stack = [(1, 3, "b")]
    assert run_step(train.train, inputs={"base": ""}, parameters={"alpha": 2}, foreach_stack=stack).artifacts["where"] == stack


def test_an_attempt_can_be_chosen_and_a_failure_is_not_tried_again(train: Any) -> None:
    assert run_step(train.train, inputs={"base": 1}, input=3, current={"retry_count": 2}).attempt == 2
    with pytest.raises(AttributeError, match=r"step `train` reads `self.base`, which no earlier step set"):
        run_step(train.train, input=3)


def test_the_join_of_a_foreach_gets_a_list(train: Any) -> None:
    result = run_step(train.choose, inputs=[{"score": 1, "base": 0, "input": "a"}, {"score": 5, "base": 0, "input": "b"}])
    assert result.best == 1
    assert result.scores == {"a": 1, "b": 5}
    assert result.base == 0


def test_inputs_that_differ_are_refused_as_in_a_task(train: Any) -> None:
    with pytest.raises(UnhandledInMergeArtifactsException, match="the inputs of join `choose` differ in `base`"):
        run_step(train.choose, inputs=[{"score": 1, "base": 0}, {"score": 5, "base": 1}])


def test_the_inputs_of_a_join_can_be_made_one_by_one(train: Any) -> None:
    assert run_step(train.choose, inputs=({"input": one, "score": one, "base": 0} for one in (1, 2))).scores == {1: 1, 2: 2}


def test_the_join_of_a_foreach_can_be_empty(train: Any) -> None:
    with pytest.raises(ValueError, match="empty"):
        run_step(train.choose, inputs=[])


def test_the_join_of_branches_gets_its_inputs_by_step_or_in_order(train: Any) -> None:
    given = {"score_it": {"made": "B", "base": 1}, "fit": {"made": "A", "base": 2}}
    assert run_step(train.gather, inputs=given).both == ["A", "B"]
    assert run_step(train.gather, inputs=[given["fit"], given["score_it"]]).artifacts == {"both": ["A", "B"], "same": 2}


def test_a_switch_says_what_chose(train: Any) -> None:
    result = run_step(train.judge, inputs={"best": 1, "rows": []})
    assert (result.next, result.condition) == (("left",), "good")
    assert run_step(train.judge, inputs={"best": 0, "rows": []}).next == ("end",)


NESTED = """
from flowport import FlowSpec, current, step

class NestedFlow(FlowSpec):
    @step
    def start(self):
        self.outer = [1, 2]
        self.next(self.split, foreach="outer")

    @step
    def split(self):
        self.inner = "ab"
        self.next(self.turn, foreach="inner")

    @step
    def turn(self):
        self.count = getattr(self, "count", 0) + 1
        self.where = (self.input, self.index, self.foreach_stack(), current.task_id)
        self.more = self.count < 3
        self.next({True: self.turn, False: self.gather}, condition="more")

    @step
    def gather(self, inputs):
        self.all = [(one.index, one.count, one.foreach_stack()) for one in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_step_in_foreaches_and_a_loop_has_its_place(imported: Imported) -> None:
    flow = imported(NESTED).NestedFlow
    stack = [(1, 2, 2), (0, 2, "a")]
    result = run_step(flow.turn, inputs={"count": 1}, foreach_stack=stack)
    assert result.where == ("a", 0, stack, "r.1.0.t0")
    assert (result.condition, result.next) == (True, ("turn",))
    assert run_step(flow.turn, inputs={"count": 2}, input="b", index=1).where == ("b", 1, [(0, 1, None), (1, 2, "b")], "r.0.1.t0")


def test_an_inner_join_has_the_foreach_around_it(imported: Imported) -> None:
    result = run_step(imported(NESTED).NestedFlow.gather, inputs=[{"count": 3, "input": "a"}, {"count": 4, "input": "b"}], input=7)
    assert result.all == [(0, 3, [(0, 1, 7), (0, 2, "a")]), (1, 4, [(0, 1, 7), (1, 2, "b")])]


def test_what_a_step_changes_in_place_is_not_changed_in_the_test(train: Any) -> None:
    rows: list[int] = []
    result = run_step(train.judge, inputs={"best": 1, "rows": rows})
    assert rows == []
    assert result.rows == [10]
    assert result.written == {"rows", "verdict"}


def test_the_exception_of_a_step_is_raised_with_its_traceback(train: Any) -> None:
    with pytest.raises(ValueError, match="no end") as caught:
        run_step(train.end, inputs={"broken": True})
    assert caught.traceback[-1].name == "end"
    assert run_step(train.end, inputs={"broken": False}).next == ()


def test_a_step_can_be_named(train: Any) -> None:
    assert run_step(train, "left").next == ("fit", "score_it")


def test_nothing_of_a_step_is_left_behind(train: Any, tmp_path: Path) -> None:
    current._begin({"step_name": "mine"})
    before, files = (dict(os.environ), os.getcwd()), sorted(tmp_path.iterdir())
    run_step(train.start)
    assert (dict(os.environ), os.getcwd()) == before
    assert sorted(tmp_path.iterdir()) == files
    assert current.step_name == "mine"


SAYS = """
from flowport import FlowSpec, current, project, step

@project(name="shop")
class SaysFlow(FlowSpec):
    @step
    def start(self):
        self.seen = {name: getattr(current, name) for name in ("flow_name", "run_id", "step_name", "task_id", "pathspec", "branch_name")}
        self.tags = sorted(current.tags)
        self.script = self.script_name[-3:]
        self.next(self.end)

    @step
    def end(self):
        self.steps = [node.name for node in self._graph]
"""


def test_current_has_sensible_values(imported: Imported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAFLOW_USER", "ann")
    flow = imported(SAYS).SaysFlow
    assert run_step(flow.start).seen == {
        "flow_name": "SaysFlow",
        "run_id": "test",
        "step_name": "start",
        "task_id": "r",
        "pathspec": "SaysFlow/test/start/r",
        "branch_name": "user.ann",
    }
    assert run_step(flow.start).script == ".py"
    assert run_step(flow.end).steps == ["start", "end"]


def test_current_can_be_set(imported: Imported) -> None:
    flow = imported(SAYS).SaysFlow
    result = run_step(flow.start, current={"run_id": "7", "task_id": "r.1", "branch_name": "prod", "tags": {"b", "a"}})
    assert result.seen["pathspec"] == "SaysFlow/7/start/r.1"
    assert result.seen["branch_name"] == "prod"
    assert result.tags == ["a", "b"]


def test_what_follows_from_other_attributes_of_current_cannot_be_set(imported: Imported) -> None:
    with pytest.raises(ValueError, match=r"`current.pathspec` cannot be set"):
        run_step(imported(SAYS).SaysFlow.start, current={"pathspec": "a/b"})


ODD = """
from flowport import Config, FlowSpec, IncludeFile, Parameter, catch, retry, step, timeout, user_step_decorator
import threading

@user_step_decorator
def doubled(step_name, flow, inputs):
    yield
    flow.x = flow.x * 2

class Base(FlowSpec):
    @step
    def middle(self):
        self.x = 1
        self.next(self.end)

class OddFlow(Base):
    size = Parameter("batch-size", type=int, required=True)
    text = IncludeFile("text", required=True)
    config = Config("config", default_value={"rate": 1})

    @doubled
    @step
    def start(self):
        self.x = (self.size, self.text, self.config.rate)
        self.next(self.middle)

    @catch(var="failed")
    @timeout(seconds=60)
    @step
    def end(self):
        if self.lock == "set":
            self.lock = threading.Lock()
        raise KeyError("caught")
"""


def test_parameters_files_configs_and_decorators_of_the_flow_apply(imported: Imported) -> None:
    flow = imported(ODD).OddFlow
    result = run_step(flow.start, parameters={"batch_size": "3", "text": "content"}, configs={"config": {"rate": 7}})
    assert result.x == (3, "content", 7, 3, "content", 7)


def test_a_step_that_a_flow_inherits_is_named(imported: Imported) -> None:
    flow = imported(ODD).OddFlow
    assert run_step(flow, "middle", parameters={"batch-size": 1, "text": ""}).x == 1


def test_a_parameter_that_is_missing_is_reported(imported: Imported) -> None:
    flow = imported(ODD).OddFlow
    with pytest.raises(ValueError, match="parameter `batch-size` is missing: it has no default\nparameter `text` is missing"):
        run_step(flow, "middle")
    with pytest.raises(ValueError, match="the flow has no parameter `batchsize`; did you mean `batch-size`"):
        run_step(flow, "middle", parameters={"batchsize": 1, "text": ""})


def test_catch_does_not_hide_the_exception_from_the_test(imported: Imported) -> None:
    flow = imported(ODD).OddFlow
    with pytest.raises(KeyError, match="caught"):
        run_step(flow.end, inputs={"lock": ""}, parameters={"batch-size": 1, "text": ""})


KEEPS = """
from flowport import FlowSpec, step
import threading

class KeepsFlow(FlowSpec):
    @step
    def start(self):
        self.lock = threading.Lock()
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_what_cannot_be_stored_fails_as_in_a_task(imported: Imported) -> None:
    flow = imported(KEEPS).KeepsFlow
    with pytest.raises(MetaflowException, match=r"step `start` sets `self.lock`, which cannot be stored"):
        run_step(flow.start)
    with pytest.raises(TypeError, match="`x` cannot be stored, so no step can get it"):
        run_step(flow.end, inputs={"x": lambda: 0})


MUTATED = """
from flowport import FlowMutator, FlowSpec, step

class Adds(FlowMutator):
    def pre_mutate(self, mutable_flow):
        for name, one in mutable_flow.steps:
            one.add_decorator("environment", deco_kwargs={"vars": {"ADDED": name}})

@Adds
class MutatedFlow(FlowSpec):
    @step
    def start(self):
        import os
        self.added = os.environ["ADDED"]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_the_mutators_of_a_flow_run(imported: Imported) -> None:
    assert run_step(imported(MUTATED).MutatedFlow.start).added == "start"


def test_a_flow_that_imports_metaflow_is_one_of_flowport(imported: Imported) -> None:
    assert run_step(imported(KEEPS.replace("from flowport", "from metaflow")).KeepsFlow.end).next == ()


def test_a_flow_with_mistakes_is_reported_as_check_does(imported: Imported) -> None:
    flow = imported(KEEPS.replace("self.end)", "self.ende)")).KeepsFlow
    with pytest.raises(FlowMistakes, match=r"(?s)the flow does not compile\nerror\[FP201\]: .*did you mean `end`\?"):
        run_step(flow.start)


def test_the_step_that_is_given_has_to_be_one(train: Any) -> None:
    for wrong, message in (
        (train, r"the step is missing: `run_step\(TrainFlow, \"NAME\"\)`"),
        (print, "is no step: give a method with `@step`"),
        (dict, "is no flow of flowport"),
    ):
        with pytest.raises(TypeError, match=message):
            run_step(wrong)
    with pytest.raises(ValueError, match="`trian` is not a step of TrainFlow; its steps are start, train"):
        run_step(train, "trian")


def test_a_flow_inside_of_a_function_cannot_be_compiled(imported: Imported) -> None:
    text = "def made():\n" + "\n".join(f"    {line}" for line in KEEPS.strip().splitlines()) + "\n    return KeepsFlow\n"
    with pytest.raises(TypeError, match="define the flow at the top of a file"):
        run_step(imported(text).made(), "start")


MODELS = """
import os
import subprocess
import sys
from flowport import Checkpoint, FlowSpec, checkpoint, current, model, step

class ModelsFlow(FlowSpec):
    @model
    @step
    def start(self):
        with open("weights.txt", "w") as file:
            file.write("0.5")
        self.weights = current.model.save("weights.txt")
        self.next(self.train)

    @checkpoint
    @model(load="weights")
    @step
    def train(self):
        self.files = os.listdir(current.model.loaded["weights"])
        self.began = current.checkpoint.is_loaded
        script = "from flowport import Checkpoint; Checkpoint().save('weights.txt', name='of a process')"
        subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        self.names = [one["name"] for one in current.checkpoint.list()]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_model_of_one_step_is_loaded_by_another_and_by_the_test(
    imported: Imported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    flow = imported(MODELS).ModelsFlow
    weights = run_step(flow.start).weights
    load_model(weights, tmp_path / "loaded")
    assert (tmp_path / "loaded" / "weights.txt").read_text() == "0.5"
    for _ in range(2):
        trained = run_step(flow.train, inputs={"weights": weights})
        assert (trained.files, trained.began, trained.names) == (["weights.txt"], False, ["of a process"])


def test_inputs_that_a_step_cannot_have_are_refused(train: Any) -> None:
    for name, given, kind, message in (
        ("left", {"inputs": {"alpha": 1}}, ValueError, "`alpha` is no artifact: give it in `parameters`"),
        ("left", {"inputs": [{}]}, TypeError, "`inputs` of `left` is a dictionary with values by name, not of type `list`"),
        ("left", {"inputs": {1: 2}}, TypeError, "`inputs` of `left` has the name `1`, which is not a string"),
        ("left", {"parameters": [2]}, TypeError, "`parameters` is a dictionary with values by name, not of type `list`"),
        ("left", {"configs": 7}, TypeError, "`configs` is a dictionary with values by name, not of type `int`"),
        ("left", {"current": {7: 7}}, TypeError, "`current` has the name `7`, which is not a string"),
        ("train", {"index": "x"}, TypeError, "the `index` of an item is a whole number, not `'x'`"),
        ("train", {"index": -1}, ValueError, "the `index` of an item counts from 0, and is not -1"),
        ("train", {"foreach_stack": [(1, 2)]}, TypeError, "`foreach_stack` is a list with `.index, number of items, item.`"),
        ("train", {"foreach_stack": [("a", 2, 0)]}, TypeError, "are whole numbers, not `'a'` and `2`"),
        ("choose", {"inputs": 7}, TypeError, "`choose` joins a foreach: `inputs` is a list"),
        ("gather", {"inputs": 7}, TypeError, "`gather` joins branches: `inputs` is a list or a mapping"),
        ("left", {"input": 3}, ValueError, "step `left` is in no foreach: leave out `input` and `index`"),
        ("train", {"foreach_stack": []}, ValueError, "step `train` is in 1 foreaches, and `foreach_stack` has 0"),
        ("train", {"foreach_stack": [(2, 2, 0)]}, ValueError, "a foreach of 2 items has no item 2"),
        ("choose", {"inputs": {"a": 1}}, TypeError, "`choose` joins a foreach: `inputs` is a list"),
        ("gather", {"inputs": [{}]}, ValueError, "`gather` joins 2 branches, and `inputs` has 1: they end with `fit`, `score_it`"),
        ("gather", {"inputs": {"fit": {}}}, ValueError, "`inputs` has 0 inputs of the branch that ends with `score_it`"),
        ("gather", {"inputs": {"fit": {}, "score_it": {}, "x": {}}}, ValueError, "and no step `x`"),
    ):
        with pytest.raises(kind, match=message):
            run_step(train, name, **given)


def test_an_artifact_that_the_step_has_not_is_reported_with_those_that_it_has(train: Any) -> None:
    with pytest.raises(AttributeError, match="the step has no artifact `rate`; it has `rates`"):
        _ = run_step(train.start).rate


GANG = """
from flowport import FlowSpec, current, parallel, step
import os

class GangFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.work, num_parallel=3)

    @parallel
    @step
    def work(self):
        self.node = (current.parallel.node_index, current.parallel.num_nodes, current.parallel.control_task_id, os.environ["RANK"])
        self.place = (self.input, self.index, self.foreach_stack(), current.is_parallel)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.nodes = [one.index for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_node_of_a_gang_knows_its_place(imported: Imported) -> None:
    flow = imported(GANG).GangFlow
    started = run_step(flow.start)
    assert (started.next, started.items) == (("work",), [0, 1, 2])
    result = run_step(flow.work, index=1)
    assert result.node == (1, 2, "r.0", "1")
    assert result.place == (1, 1, [(1, None, 1)], True)
    assert run_step(flow.work, foreach_stack=[(1, 4, 1)]).node == (1, 4, "r.0", "1")
    assert run_step(flow.join, inputs=[{}, {}]).nodes == [0, 1]
    assert "RANK" not in os.environ
