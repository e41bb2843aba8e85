"""Branches of a project on the command line: `--branch`, `--production`, the settings, and what of two branches is kept apart."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from desk import Desk, Ended

FLOW = """
from {package} import FlowSpec, Parameter, current, project, schedule, step


@schedule(daily=True)
{decorator}
class TrainFlow(FlowSpec):
    {parameter}

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print("said:", current.get("project_flow_name"), current.get("is_user_branch"), current.get("is_production"), self.given)

    @property
    def given(self):
        return getattr(self, "branch", None)


if __name__ == "__main__":
    TrainFlow()
"""
PROJECT = '@project(name="demo")'
SETTINGS = """
image = "my-image:1"

[airflow]
store = "s3://bucket/flows"

[argo]
store = "s3://bucket/flows"

[stepfunctions]
store = "s3://bucket/flows"
job_queue = "flows"
region = "eu-central-1"
account = "123456789012"
"""
TARGETS = ("airflow", "argo", "stepfunctions")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    write(desk)
    return desk


def write(desk: Desk, decorator: str = PROJECT, parameter: str = "pass", package: str = "flowport") -> None:
    desk.write("flow.py", FLOW.format(decorator=decorator, parameter=parameter, package=package))


def said(ended: Ended) -> str:
    assert ended.status == 0, ended.err
    return ended.out.partition("said: ")[2].partition("\n")[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "demo.user.tester.TrainFlow True False None"),
        (("--branch", "ab_1"), "demo.test.ab_1.TrainFlow False False None"),
        (("--production",), "demo.prod.TrainFlow False True None"),
        (("--production", "--branch", "x"), "demo.prod.x.TrainFlow False True None"),
    ],
)
def test_a_run_is_on_the_branch_that_metaflow_would_choose(desk: Desk, words: tuple[str, ...], expected: str) -> None:
    assert said(desk("run", "flow.py", *words, METAFLOW_USER="tester")) == expected


@pytest.mark.parametrize("package", ["flowport", "metaflow"])
@pytest.mark.parametrize("how", [(), ("--no-fork",)])
def test_the_decorator_comes_from_either_package(desk: Desk, package: str, how: tuple[str, ...]) -> None:
    write(desk, package=package)
    assert said(desk("run", "flow.py", "--branch", "b", *how)) == "demo.test.b.TrainFlow False False None"


def test_the_options_may_stand_before_the_command_as_in_metaflow(desk: Desk) -> None:
    done = desk.run(sys.executable, "flow.py", "--production", "--branch", "x", "run")
    assert said(done) == "demo.prod.x.TrainFlow False True None"


def test_a_run_has_the_project_and_the_branch_as_tags(desk: Desk) -> None:
    for run, branch in (("one", "a"), ("two", "b")):
        assert desk("run", "flow.py", "--branch", branch, "--run-id", run).status == 0
    record = json.loads((desk.folder / ".flowport" / "flows" / "TrainFlow" / "runs" / "one" / "run.json").read_text())
    assert {"project:demo", "project_branch:test.a"} <= set(record["system_tags"])
    ask = (
        "from flowport import Flow, namespace; namespace(None); print([run.id for run in Flow('TrainFlow').runs('project_branch:test.b')])"
    )
    assert desk.run(sys.executable, "-c", ask).out == "['two']\n"


def test_a_run_without_a_user_has_a_branch_too(desk: Desk) -> None:
    nobody = dict.fromkeys(("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"), "")
    assert said(desk("run", "flow.py", **nobody)) == "demo.user.TrainFlow True False None"


def test_a_resumed_run_is_on_the_branch_of_its_own_command(desk: Desk) -> None:
    text = (desk.folder / "flow.py").read_text()
    desk.write("flow.py", text.replace('print("said', 'assert current.is_production\n        print("said'))
    assert desk("run", "flow.py", "--branch", "b").status == 1
    assert said(desk("resume", "flow.py", "--production")) == "demo.prod.TrainFlow False True None"


@pytest.mark.parametrize(
    ("read", "ran"),
    [
        ("current.branch_name", ["end"]),
        ("current.get('is_production')", ["end"]),
        ("'is_user_branch' in current", []),
        ("current.project_name", []),
        ("current.run_id", []),
    ],
)
def test_a_run_that_is_resumed_on_another_branch_runs_again_what_reads_the_branch(desk: Desk, read: str, ran: list[str]) -> None:
    text = (desk.folder / "flow.py").read_text()
    desk.write("flow.py", re.sub(r"print\(.*\)", f"open('ran', 'a').write('end' if {read} else 'end')", text))
    assert desk("run", "flow.py", "--branch", "b", "--run-id", "one").status == 0
    (desk.folder / "ran").write_text("")
    assert desk("resume", "flow.py", "one", "--branch", "b").status == 0
    assert (desk.folder / "ran").read_text() == ""
    assert desk("resume", "flow.py", "one", "--production").status == 0
    assert (desk.folder / "ran").read_text().split() == ran


@pytest.mark.parametrize(
    ("settings", "words", "expected"),
    [
        ('branch = "main"', (), "demo.test.main.TrainFlow False False None"),
        ("production = true", (), "demo.prod.TrainFlow False True None"),
        ('branch = "main"', ("--profile", "prod"), "demo.prod.main.TrainFlow False True None"),
        ('branch = "main"', ("--production",), "demo.prod.TrainFlow False True None"),
        ("production = true", ("--branch", "x"), "demo.test.x.TrainFlow False False None"),
        ('branch = ""\nproduction = false', (), "demo.user.tester.TrainFlow True False None"),
    ],
)
def test_the_settings_choose_where_the_command_line_says_nothing(desk: Desk, settings: str, words: tuple[str, ...], expected: str) -> None:
    desk.write("flowport.toml", f"{settings}\n[profiles.prod]\nproduction = true\n")
    assert said(desk("run", "flow.py", *words, METAFLOW_USER="tester")) == expected


@pytest.mark.parametrize(
    ("variables", "words", "expected"),
    [
        ({"BRANCH": "abc"}, (), "demo.test.abc.TrainFlow False False None"),
        ({"PRODUCTION": "1"}, (), "demo.prod.TrainFlow False True None"),
        ({"PRODUCTION": "true", "BRANCH": "abc"}, (), "demo.prod.abc.TrainFlow False True None"),
        ({"PRODUCTION": "True"}, ("--branch", "x"), "demo.prod.x.TrainFlow False True None"),
        ({"BRANCH": "abc"}, ("--branch", "x"), "demo.test.x.TrainFlow False False None"),
        ({"BRANCH": "", "PRODUCTION": "0"}, (), "demo.test.main.TrainFlow False False None"),
    ],
)
def test_the_variables_of_metaflow_stand_for_the_options(
    desk: Desk, variables: dict[str, str], words: tuple[str, ...], expected: str
) -> None:
    desk.write("flowport.toml", 'branch = "main"\n')
    named = {f"METAFLOW_{name}": value for name, value in variables.items()}
    assert said(desk("run", "flow.py", *words, **named)) == expected


def test_the_variables_mean_nothing_to_a_flow_without_a_project(desk: Desk) -> None:
    write(desk, decorator="")
    assert said(desk("run", "flow.py", METAFLOW_BRANCH="A-b", METAFLOW_PRODUCTION="maybe")) == "None None None None"


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        ("METAFLOW_BRANCH", "feature/A", "is `feature/A`, which has other characters", "export METAFLOW_BRANCH=feature_a"),
        ("METAFLOW_PRODUCTION", "maybe", "is `maybe`, which is neither true nor false", "export METAFLOW_PRODUCTION=true"),
    ],
)
def test_an_odd_variable_is_refused(desk: Desk, name: str, value: str, message: str, hint: str) -> None:
    done = desk("check", "flow.py", **{name: value})
    assert done.status == 2
    assert done.err.startswith(f"flowport check: the environment variable {name} {message}")
    assert done.err.endswith(f"\n  {hint}\n")


def test_a_variable_and_the_decorator_cannot_both_choose(desk: Desk) -> None:
    write(desk, decorator='@project(name="demo", branch="a")')
    done = desk("check", "flow.py", METAFLOW_BRANCH="b")
    assert "`branch` is `a` in `@project`, and `b` in the environment variable METAFLOW_BRANCH" in done.out


@pytest.mark.parametrize(
    ("branch", "message", "hint"),
    [
        ("feature/ABC-123", "the branch `feature/ABC-123` has other characters than small letters", "--branch feature_abc_123"),
        ("two words", "the branch `two words` has other characters", "--branch two_words"),
        ("größe", "the branch `größe` has other characters", "--branch gr_e"),
        ("a" * 300, f"the branch `{'a' * 60}...` has 300 characters, and the most are 128", f"--branch {'a' * 60}"),
        ("", "the branch `` is empty", "--branch main"),
    ],
)
def test_a_branch_with_odd_characters_is_refused(desk: Desk, branch: str, message: str, hint: str) -> None:
    done = desk("run", "flow.py", "--branch", branch)
    assert done.status == 2
    assert f"flowport run: {message}" in done.err
    assert done.err.endswith(f"\n  {hint}\n")


@pytest.mark.parametrize("command", [("compile", "-t", "airflow"), ("deploy", "-t", "argo"), ("check",), ("dry-run", "-t", "argo")])
def test_every_command_refuses_such_a_branch(desk: Desk, command: tuple[str, ...]) -> None:
    done = desk(command[0], "flow.py", *command[1:], "--branch", "A")
    assert done.status == 2
    assert f"flowport {command[0]}: the branch `A` has other characters" in done.err


def test_an_odd_branch_in_the_settings_is_a_diagnostic(desk: Desk) -> None:
    desk.write("flowport.toml", 'branch = "a/b"\n')
    done = desk("check", "flow.py")
    assert (done.status, done.err) == (1, "")
    assert "error[FP490]: flowport.toml: `branch` is `a/b`, which has other characters" in done.out
    assert '= help: write `branch = "a_b"`' in done.out


@pytest.mark.parametrize("setting", ["branch = 3", 'production = "yes"'])
def test_a_setting_of_another_type_is_a_diagnostic(desk: Desk, setting: str) -> None:
    desk.write("flowport.toml", setting)
    assert "error[FP490]: flowport.toml: `" + setting.split()[0] in desk("check", "flow.py").out


@pytest.mark.parametrize(
    ("arguments", "words", "message"),
    [
        ('branch="a"', ("--branch", "b"), "`branch` is `a` in `@project`, and `b` on the command line"),
        ("production=False", ("--production",), "`production` is False in `@project`, and true on the command line"),
        ('branch="a"', (), "`branch` is `a` in `@project`, and `c` in flowport.toml"),
    ],
)
def test_a_branch_of_the_decorator_is_not_chosen_again(desk: Desk, arguments: str, words: tuple[str, ...], message: str) -> None:
    write(desk, f'@project(name="demo", {arguments})')
    desk.write("flowport.toml", 'branch = "c"')
    done = desk("check", "flow.py", *words)
    assert done.status == 1
    assert f"error[FP435]: {message}" in done.out


def test_a_branch_of_the_decorator_may_be_named_once_more(desk: Desk) -> None:
    write(desk, '@project(name="demo", branch="a", production=True)')
    assert said(desk("run", "flow.py", "--branch", "a")) == "demo.prod.a.TrainFlow False True None"


@pytest.mark.parametrize("command", [("run",), ("compile", "-t", "argo"), ("check",), ("dry-run", "-t", "argo"), ("resume",)])
def test_a_flow_without_a_project_has_no_branches(desk: Desk, command: tuple[str, ...]) -> None:
    write(desk, "")
    desk.write("flowport.toml", SETTINGS)
    if command[0] == "resume":
        assert desk("run", "flow.py", "--run-id", "one").status == 0
        command = ("resume", "one")
    done = desk(command[0], "flow.py", *command[1:], "--production")
    assert done.status == 2
    assert f"flowport {command[0]}: `--production` is for flows with `@project`, and TrainFlow has none\n" in done.err


def test_a_flow_without_a_project_may_have_a_parameter_called_branch(desk: Desk) -> None:
    write(desk, "", 'branch = Parameter("branch", default="main")')
    assert desk("check", "flow.py").out.startswith("TrainFlow has nothing wrong with it")
    assert said(desk("run", "flow.py", "--branch", "feature/X")) == "None None None feature/X"
    assert "--branch TEXT" in desk("run", "flow.py", "--help").out
    write(desk, "", 'branch = Parameter("production", type=bool, default=False)')
    assert said(desk("run", "flow.py", "--production", "true")) == "None None None True"
    assert said(desk("run", "flow.py", "--production")) == "None None None True"


def test_a_flow_of_a_project_has_such_a_parameter_behind_two_dashes(desk: Desk) -> None:
    write(desk, PROJECT, 'branch = Parameter("branch", default="main")')
    assert "warning[FP238]" in desk("check", "flow.py").out
    assert said(desk("run", "flow.py", "--branch", "b", "--", "--branch", "X")) == "demo.test.b.TrainFlow False False X"


def compiled(desk: Desk, target: str, folder: str, *words: str, **environment: str) -> dict[str, bytes]:
    """The files that compiling writes or leaves as they are, by path."""
    desk.write("flowport.toml", SETTINGS)
    done = desk("compile", "flow.py", "-t", target, "-o", folder, *words, **environment)
    assert done.status == 0, done.err
    named = re.sub("DIGEST", "*", done.out).split()
    return {str(path.relative_to(desk.folder)): path.read_bytes() for pattern in named for path in desk.folder.glob(pattern)}


@pytest.mark.parametrize("target", TARGETS)
def test_two_branches_compiled_into_one_folder_share_no_file_and_no_name(desk: Desk, target: str) -> None:
    branches = [("--branch", "a"), ("--branch", "b"), ("--production",), ("--production", "--branch", "a")]
    made = [compiled(desk, target, "build", *words) for words in branches]
    assert len({path for files in made for path in files}) == sum(map(len, made))
    for words, files in zip(branches, made, strict=True):
        assert {path: (desk.folder / path).read_bytes() for path in files} == files, "another branch has overwritten it"
        assert compiled(desk, target, "build", *words) == files
    ours = {  # what tells deployments apart on the engine
        "airflow": r'dag_id="([^"]+)"|"FLOWPORT_RUN": "([^"]+)"',
        "argo": r"\n  name: (\S+)|name: FLOWPORT_RUN\s+value: (.+)|workflowTemplateRef:\s+name: (\S+)",
        "stepfunctions": r'"jobDefinitionName": "([^"]+)"|"JobDefinition": "([^"]+)"|stateMachine:([^"]+)|"run\.\$": "(States.+)"',
    }[target]
    names = [set(re.findall(ours, "\n".join(data.decode() for path, data in files.items() if ".zip" not in path))) for files in made]
    assert all(names)
    assert sum(map(len, names)) == len(set.union(*names))


@pytest.mark.parametrize("target", TARGETS)
def test_without_a_branch_the_files_do_not_depend_on_the_user_and_a_warning_says_what_to_type(desk: Desk, target: str) -> None:
    mine, theirs = (compiled(desk, target, "build", METAFLOW_USER=user) for user in ("one", "two"))
    assert mine == theirs
    done = desk("compile", "flow.py", "-t", target, "-o", "build")
    assert "warning[FP315]: nothing says for which branch of the project `demo` TrainFlow is compiled" in done.err
    assert "= help: add `--branch NAME` or `--production`" in done.err
    assert "FP315" not in desk("check", "flow.py", "-t", target, "--branch", "b").out


@pytest.mark.parametrize("target", ["airflow", "argo"])
def test_nothing_is_deployed_without_a_branch(desk: Desk, target: str) -> None:
    desk.write("flowport.toml", SETTINGS)
    done = desk("deploy", "flow.py", "--target", target)
    assert done.status == 2
    assert "TrainFlow belongs to the project `demo`, and nothing says which branch of it is deployed\n" in done.err
    assert '  add --branch NAME or --production, or write `branch = "..."` or `production = true` in flowport.toml\n' in done.err


@pytest.mark.parametrize(("target", "setting"), [("airflow", "dag_id"), ("argo", "name"), ("stepfunctions", "machine")])
def test_a_setting_cannot_give_all_branches_one_name(desk: Desk, target: str, setting: str) -> None:
    desk.write("flowport.toml", SETTINGS.replace(f"[{target}]", f'[{target}]\n{setting} = "mine"'))
    done = desk("check", "flow.py", "-t", target, "--branch", "b")
    assert done.status == 1
    assert f"error[FP434]: the setting `{setting}` gives every branch of the project `demo` the same name" in done.out
    assert f"remove `{setting}`: TrainFlow is called `demo.test.b.TrainFlow`, in the form that {target} allows" in done.out


def test_dry_runs_of_two_branches_with_one_id_of_the_engine_are_two_runs(desk: Desk) -> None:
    for branch in ("a", "b"):
        done = desk("dry-run", "flow.py", "--target", "argo", "--run-id", "one", "--branch", branch, "--logs")
        assert f"said: demo.test.{branch}.TrainFlow False False None" in done.out
        assert f"run demo.test.{branch}-one is done\n" in done.err
    shown = desk("runs", "TrainFlow").out
    assert [name for name in ("demo.test.a-one", "demo.test.b-one") if name in shown] == ["demo.test.a-one", "demo.test.b-one"]
    again = desk("dry-run", "flow.py", "--target", "argo", "--run-id", "two", "--branch", "b", "--origin-run", "demo.test.a-one")
    assert again.status == 0, again.err
    assert "start taken over from demo.test.a-one" in again.err
