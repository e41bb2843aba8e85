"""`@project`: what the compiler reads, the names of branches, and what stands before the ids of runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.ir import End, Next, Project
from flowport.compiler.ir.project import name_like, name_problem
from flowport.compiler.lower.run_ids import run_prefix
from flowport.compiler.package.documents import flow_document
from flowport.compiler.record import replace
from plans import flow
from sources import END, codes, fine, read, write

SMALL = flow(("start", Next("end")), ("end", End())).flow


def flow_file(folder: Path, decorator: str, line: str = "pass", head: str = "") -> Path:
    imports = "from metaflow import FlowSpec, current, project, step\n"
    body = f"    @step\n    def start(self):\n        {line}\n        self.next(self.end)\n"
    end = END.replace("\n", "\n    ").rstrip(" ")
    return write(folder, {"flow.py": f"{imports}{head}\n\n{decorator}\nclass TrainFlow(FlowSpec):\n{body}{end}"})


@pytest.mark.parametrize(
    ("decorator", "project"),
    [
        ('@project(name="demo")', Project("demo")),
        ('@project(name="demo_2", branch="main")', Project("demo_2", "main")),
        ('@project(name="demo", branch="b", production=True)', Project("demo", "b", True)),
        ('@project(name="demo", branch=None, production=False)', Project("demo", None, False)),
        ("@project(name=TEAM + '_x')", Project("fruit_x")),
        ("@project(**SETTINGS)", Project("fruit", "main")),
    ],
)
def test_a_flow_belongs_to_the_project_of_its_decorator(tmp_path: Path, decorator: str, project: Project) -> None:
    head = "TEAM = 'fruit'\nSETTINGS = {'name': TEAM, 'branch': 'main'}"
    assert fine(flow_file(tmp_path, decorator, head=head)).project == project


def test_a_flow_without_the_decorator_belongs_to_no_project(tmp_path: Path) -> None:
    made = fine(flow_file(tmp_path, ""))
    assert (made.project, made.deployment, run_prefix(made), "project" in flow_document(made)) == (None, "TrainFlow", "", False)


def test_the_decorator_of_a_subclass_counts_before_that_of_its_base(tmp_path: Path) -> None:
    head = '\n\n@project(name="base", branch="b")\nclass Base(FlowSpec):\n    pass\n'
    path = flow_file(tmp_path, '@project(name="own")', head=head)
    path.write_text(path.read_text().replace("TrainFlow(FlowSpec)", "TrainFlow(Base)"))
    assert fine(path).project == Project("own")


LETTERS = "other characters than small letters, digits and underscores"


@pytest.mark.parametrize(
    ("decorator", "message", "way_out"),
    [
        ("@project()", "`@project` has no name", 'write `@project(name="demo")`'),
        ("@project", "`@project` has no name", 'write `@project(name="demo")`'),
        ('@project(name="")', "`@project` has no name", 'write `@project(name="demo")`'),
        ('@project(name="My-Demo")', f"the name of `@project` is `My-Demo`, which has {LETTERS}", 'write `name="my_demo"`'),
        ('@project(name="größe")', f"the name of `@project` is `größe`, which has {LETTERS}", 'write `name="gr_e"`'),
        ('@project(name="a" * 129)', f"is `{'a' * 60}...`, which has 129 characters, and the most are 128", f'write `name="{"a" * 60}"`'),
        ("@project(name=3)", "`name` of `@project` must be a string, not `3`", 'write `name="demo"`'),
        ('@project(name="a", branch="x/y")', f"the branch of `@project` is `x/y`, which has {LETTERS}", 'write `branch="x_y"`'),
        (
            '@project(name="a", production="yes")',
            "`production` of `@project` must be True or False, not `'yes'`",
            "write `production=True`",
        ),
    ],
)
def test_what_cannot_be_a_project_is_said_with_what_to_write(tmp_path: Path, decorator: str, message: str, way_out: str) -> None:
    found = read(flow_file(tmp_path, decorator))[1]
    assert any(message in one.message and way_out in one.help for one in found), found
    assert {one.code for one in found} == {"FP133"}


def test_a_name_without_a_constant_value_is_an_error(tmp_path: Path) -> None:
    assert codes(read(flow_file(tmp_path, '@project(name=os.environ["TEAM"])', head="import os"))[1]) == ["FP121"]


@pytest.mark.parametrize("name", ["project_name", "branch_name", "is_user_branch", "is_production", "project_flow_name"])
def test_current_has_the_project_of_a_flow_that_belongs_to_one(tmp_path: Path, name: str) -> None:
    line = f"print(current.{name})"
    fine(flow_file(tmp_path / "with", '@project(name="demo")', line))
    (found,) = read(flow_file(tmp_path / "without", "", line))[1]
    assert (found.code, found.message) == ("FP145", f"`current` has no attribute `{name}`, which `@project` adds")
    assert found.help[0] == "put `@project` above the flow"


def test_what_a_project_adds_is_suggested_for_a_misspelled_name(tmp_path: Path) -> None:
    (found,) = read(flow_file(tmp_path, '@project(name="demo")', "print(current.is_producton)"))[1]
    assert found.help[0] == "did you mean `is_production`?"
    assert "`is_production`" in found.help[1]


def test_the_project_is_not_there_when_the_file_is_imported(tmp_path: Path) -> None:
    (found,) = read(flow_file(tmp_path, '@project(name="demo")', head="NAME = current.project_name"))[1]
    assert found.message == "`current.project_name` is read when the file is imported, before a task starts"


def test_metaflow_has_no_production_token_in_current_either(tmp_path: Path) -> None:
    assert codes(read(flow_file(tmp_path, '@project(name="demo")', "print(current.production_token)"))[1]) == ["FP145"]


@pytest.mark.parametrize(
    ("project", "branch", "is_user", "is_production"),
    [
        (Project("demo", user="tester"), "user.tester", True, False),
        (Project("demo"), "user", True, False),
        (Project("demo", "ab_1"), "test.ab_1", False, False),
        (Project("demo", production=True), "prod", False, True),
        (Project("demo", "x", True), "prod.x", False, True),
        (Project("demo", "x", False), "test.x", False, False),
    ],
)
def test_a_branch_is_called_as_in_metaflow(project: Project, branch: str, is_user: bool, is_production: bool) -> None:
    """The values are those of Metaflow 2.19.39; it always knows the user, and compiled files never do."""
    made = replace(SMALL, project=project)
    assert flow_document(made)["project"] == {
        "project_name": "demo",
        "branch_name": branch,
        "is_user_branch": is_user,
        "is_production": is_production,
        "project_flow_name": f"demo.{branch}.Small",
    }


@pytest.mark.parametrize(
    ("name", "problem", "like"),
    [
        ("feature/ABC-123", "has other characters than small letters, digits and underscores", "feature_abc_123"),
        ("two words", "has other characters than small letters, digits and underscores", "two_words"),
        ("größe", "has other characters than small letters, digits and underscores", "gr_e"),
        ("🙂", "has other characters than small letters, digits and underscores", "main"),
        ("line\n", "has other characters than small letters, digits and underscores", "line"),
        ("a" * 300, "has 300 characters, and the most are 128", "a" * 128),
        ("", "is empty", "main"),
    ],
)
def test_what_cannot_be_a_branch_has_a_name_like_it_that_can(name: str, problem: str, like: str) -> None:
    assert (name_problem(name), name_like(name), name_problem(like)) == (problem, like, "")


def test_no_two_branches_share_the_beginning_of_their_run_ids() -> None:
    long = "a" * 128
    projects = [
        *(Project("demo", user=user) for user in ("", "tester", "Tester", "a b", "a-b", "ü")),
        *(
            Project(name, branch, production)
            for name in ("demo", "d", long)
            for branch in (None, "x", "x_y", long)
            for production in (1, 0)
        ),
    ]
    prefixes = [run_prefix(replace(SMALL, project=project)) for project in dict.fromkeys(projects)]
    named = {project.name + "." + project.branch_name for project in projects}
    assert len(set(prefixes)) == len(named)
    assert all(prefix.index("-") == len(prefix) - 1 <= 60 for prefix in prefixes)
    assert not any(one != other and one.startswith(other) for one in prefixes for other in prefixes)
