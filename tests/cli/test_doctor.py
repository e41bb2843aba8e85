"""`flowport doctor`: the flows of a folder, what stops some of them, and what to mend first."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiled import files_of
from desk import Desk
from flowport.workspace.errors import BadVariable
from flowport.workspace.flow_file import check_flow
from flowport.workspace.folders import doctor
from flowport.workspace.folders import flows as folder_flows
from flowport.workspace.folders.doctor import examine
from flowport.workspace.targets import find_target

GOLDEN = Path(__file__).parent / "golden"
Golden = Callable[[Path, str], None]

FLOW = """
from metaflow import FlowSpec, step


{marks}class {name}({base}):
    @step
    def start(self):
        self.next(self.end)

{step_marks}    @step
    def end(self):
        pass
"""


def flow(name: str, head: str = "", base: str = "FlowSpec", marks: str = "", step_marks: str = "") -> str:
    """A file with a flow of two steps."""
    return head + FLOW.format(name=name, base=base, marks=marks, step_marks=step_marks)


NOVEL = "    @novel\n"
UNKNOWN_NAME = "from metaflow import novel\n"
GPU = "from metaflow import resources\n"
FILES = {
    "good.py": flow("Good"),
    "etl/load.py": flow("Load", UNKNOWN_NAME, step_marks=NOVEL),
    "etl/store.py": flow("Store", UNKNOWN_NAME + GPU, step_marks=NOVEL + "    @resources(disk=100)\n"),
    "etl/clean.py": flow("Clean").replace("self.end)", "self.ende)"),
    "broken.py": flow("Broken").replace("pass", "pass pass"),
    "big.py": flow("Big", GPU, step_marks="    @resources(gpu=2)\n"),
    "two.py": flow("One") + flow("Two"),
    "bases.py": "from metaflow import FlowSpec\n\n\nclass Team(FlowSpec):\n    team = 'red'\n",
    "team.py": "from bases import Team\n" + flow("Nightly", base="Team"),
    "derived.py": "from team import Nightly\n\n\nclass Weekly(Nightly):\n    pass\n",
    "plain.py": "class Plain(dict):\n    pass\n",
    ".venv/hidden.py": flow("Hidden"),
    "env/pyvenv.cfg": "",
    "env/lib/installed.py": flow("Installed"),
    "node_modules/tool/module.py": flow("Module"),
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    for name, text in FILES.items():
        desk.write(f"flows/{name}", text)
    return desk


def test_the_report_names_each_flow_and_what_to_mend_first(desk: Desk, golden: Golden) -> None:
    ended = desk("doctor", "flows")
    assert (ended.status, ended.err) == (1, "")
    golden(GOLDEN / "doctor.out", ended.out)


MUTATED = """
from metaflow import FlowMutator, FlowSpec, step


class Steady(FlowMutator):
    def mutate(self, mutable_flow):
        print("noise")
        for _, step in mutable_flow.steps:
            step.add_decorator("{decorator}")


@Steady
class {name}(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_flows_that_compile_once_their_mutators_ran_are_counted_apart(desk: Desk) -> None:
    desk.write("mutated/good.py", MUTATED.format(name="Good", decorator="retry"))
    desk.write("mutated/bad.py", MUTATED.format(name="Bad", decorator="novel"))
    desk.write("mutated/none.py", flow("Plain"))
    without = desk("doctor", "mutated")
    assert "1 of 3 flows compiles for every engine (33 %)" in without.out
    assert "--run-mutators" not in without.out.replace("help: add `--run-mutators`", "")
    ended = desk("doctor", "mutated", "--run-mutators")
    assert ended.status == 1
    assert "1 of 3 flows compiles for every engine (33 %)\n" in ended.out
    assert "\n1 more compiles with --run-mutators, of 2 flows with mutators\n" in ended.out
    (row,) = [line for line in ended.out.splitlines() if line.startswith("good.py:Good")]
    assert row.endswith("1 error; compiles with --run-mutators")
    found = document(desk, "mutated", "--run-mutators")
    assert (found["compiles_for_all"], found["more_with_run_mutators"]) == (1, 1)
    mutated = {one["flow"]: one["with_run_mutators"] for one in found["flows"]}
    assert mutated["Plain"] is None
    assert (mutated["Good"]["runs"], mutated["Good"]["diagnostics"]) == (True, [])
    assert not mutated["Bad"]["runs"]
    (desk.folder / "mutated/bad.py").unlink()
    assert desk("doctor", "mutated", "--run-mutators").status == 0
    assert desk("doctor", "mutated").status == 1


def test_the_json_document_has_everything(desk: Desk, golden: Golden) -> None:
    ended = desk("doctor", "flows", "--json", "--target", "sfn")
    assert (ended.status, ended.err) == (1, "")
    golden(GOLDEN / "doctor.json", ended.out)


def document(desk: Desk, *words: str) -> dict[str, Any]:
    """The document of `--json`."""
    found: dict[str, Any] = json.loads(desk("doctor", *words, "--json").out)
    return found


def test_a_base_class_is_no_flow_and_a_class_that_inherits_from_one_in_another_file_is(desk: Desk) -> None:
    found = [f"{each['file']}:{each['flow']}" for each in document(desk, "flows")["flows"]]
    assert [name for name in found if name.startswith(("bases", "team", "derived"))] == ["derived.py:Weekly"]


def test_each_mended_cause_adds_the_flows_that_it_says(desk: Desk) -> None:
    before = document(desk, "flows")
    first = before["mend"][0]
    assert (first["subject"], first["gained"]) == ("novel", 2)
    for place in first["places"]:
        path = desk.folder / place.split(":")[0]
        path.write_text(path.read_text().replace(NOVEL, "").replace(UNKNOWN_NAME, ""))
    after = document(desk, "flows")
    assert after["compiles_for_all"] == before["compiles_for_all"] + 2 == first["compile_then"]


def test_a_folder_whose_flows_all_compile_exits_with_0(desk: Desk) -> None:
    desk.write("fine/good.py", FILES["good.py"])
    ended = desk("doctor", "fine")
    assert (ended.status, ended.out.splitlines()[3]) == (0, "1 of 1 flow compiles for every engine (100 %)")


def test_only_the_engines_that_are_named_count(desk: Desk) -> None:
    desk.write("fine/big.py", FILES["big.py"])
    assert desk("doctor", "fine", "--target", "argo").status == 0
    assert list(document(desk, "fine", "--target", "argo", "--target", "sfn")["compiles"]) == ["argo", "stepfunctions"]


def test_missing_settings_do_not_count_and_wrong_ones_do(desk: Desk) -> None:
    desk.write("fine/good.py", FILES["good.py"])
    desk.write("fine/flowport.toml", '[stepfunctions]\nplatform = "MOON"\n')
    found = document(desk, "fine")
    assert found["compiles"] == {"airflow": 1, "argo": 1, "stepfunctions": 0}
    assert [(cause["code"], cause["target"]) for cause in found["mend"]] == [("FP403", "stepfunctions")]


def test_nothing_of_the_users_is_imported_or_run(desk: Desk) -> None:
    desk.write("fine/loud.py", "open('touched', 'w')\n" + FILES["good.py"])
    assert desk("doctor", "fine").status == 0
    assert not (desk.folder / "touched").exists()


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("nowhere", "there is no folder `nowhere`", ""),
        ("flows/good.py", "there is no folder `flows/good.py`", "flowport check flows/good.py"),
        ("flows/etl/empty", "there are no flows below `flows/etl/empty`", ""),
        ("flows --target argos", "there is no target `argos`", "did you mean `argo`? the targets are airflow, argo, sfn"),
        ("", "FOLDER is missing", "flowport doctor FOLDER [OPTION]..."),
    ],
)
def test_wrong_use_exits_with_2(desk: Desk, words: str, message: str, hint: str) -> None:
    (desk.folder / "flows/etl/empty").mkdir()
    ended = desk("doctor", *words.split())
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.splitlines() == [f"flowport doctor: {message}", *([f"  {hint}"] if hint else [])]


def test_several_processes_find_what_one_finds(desk: Desk) -> None:
    folder = str(desk.folder / "flows")
    alone = examine(folder, ("argo", "airflow"), processes=1)
    assert alone == examine(folder, ("argo", "airflow"), processes=2)
    assert len(alone.flows) == 9


def test_a_file_that_flowport_fails_to_list_is_shown_as_a_defect(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = folder_flows.list_flows

    def list_flows(path: str, roots: tuple[str, ...]) -> Any:
        if path.endswith("good.py"):
            raise RecursionError("too deep")
        return real(path, roots)

    monkeypatch.setattr(folder_flows, "list_flows", list_flows)
    found = {flow.file: flow for flow in examine(str(desk.folder / "flows"), ("argo",), processes=1).flows}
    assert (found["good.py"].defect, found["good.py"].runs, found["big.py"].runs) == ("RecursionError: too deep", False, True)


def test_a_defect_of_flowport_stops_no_other_flow(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor.check_flow

    def check_flow(argument: str, *more: Any) -> Any:
        if argument.endswith(":Good"):
            raise RecursionError("too deep")
        return real(argument, *more)

    monkeypatch.setattr(doctor, "check_flow", check_flow)
    found = {flow.name: flow for flow in examine(str(desk.folder / "flows"), ("argo",), processes=1).flows}
    assert (found["Good"].defect, found["Good"].runs, found["Big"].runs) == ("RecursionError: too deep", False, True)


def test_a_secret_that_a_profile_has_to_place_stops_no_flow(desk: Desk) -> None:
    mark = "    @secrets(sources=['database', 'outerbounds.x'])\n"
    desk.write("flows/asks.py", flow("Asks", "from metaflow import secrets\n", step_marks=mark))
    found = {flow.name: flow for flow in examine(str(desk.folder / "flows"), ("argo", "airflow", "stepfunctions")).flows}
    assert found["Asks"].compiles_for_all


@pytest.mark.parametrize("processes", [1, 2])
def test_a_variable_of_the_shell_that_cannot_be_read_is_no_defect(desk: Desk, monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    monkeypatch.setenv("METAFLOW_FLOW_CONFIG", "config.json")
    with pytest.raises(BadVariable, match="METAFLOW_FLOW_CONFIG is not a JSON object"):
        examine(str(desk.folder / "flows"), ("argo",), processes=processes)
    ended = desk("doctor", "flows", METAFLOW_FLOW_CONFIG="config.json")
    assert ended.status == 2
    assert "flowport doctor: the environment variable METAFLOW_FLOW_CONFIG is not a JSON object" in ended.err


def test_what_triggers_a_flow_stops_it_on_no_engine(tmp_path: Path) -> None:
    """And the files are emitted, also with a task that decides whether a run begins."""
    head = "from metaflow import trigger, trigger_on_finish\n"
    marks = {
        "Event": '@trigger(event="labels")\n',
        "Events": '@trigger(events=["labels", "features"])\n',
        "After": '@trigger_on_finish(flow="Event")\n',
        "AfterBoth": '@trigger_on_finish(flows=["Event", "demo.prod.Events"])\n',
    }
    for name, text in marks.items():
        (tmp_path / f"{name}.py").write_text(flow(name, head, marks=text))
    targets = ("airflow", "argo", "stepfunctions")
    found = examine(str(tmp_path), targets, None, 1)
    assert [(one.name, one.defect, one.diagnostics) for one in found.flows] == [(name, "", ()) for name in sorted(marks)]
    assert [one.targets for one in found.flows] == [dict.fromkeys(targets, ())] * len(marks)
    for name in marks:
        checked = check_flow(str(tmp_path / f"{name}.py"), None)
        assert checked.flow is not None
        for target in map(find_target, targets):
            for more in ({}, {"cooldown": 60}):
                assert files_of(target, checked.flow.plan, {**(target.dry_run_defaults or {}), **more})
