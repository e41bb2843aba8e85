"""`flowport deploy --target airflow`: the file where Airflow looks, the code in the store, and nothing that Airflow does not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from desk import Desk
from flowport.runtime.store.open import open_store

FLOW = """
from flowport import FlowSpec, step


class Small(FlowSpec):
    @step
    def start(self):
        self.number = 1
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SETTINGS = """
[airflow]
compute = "local"
store = "{store}"
dags = "{dags}"
"""
WITHOUT = "import sys; sys.modules['airflow'] = None; from flowport.cli import main; main()"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write("small.py", FLOW)
    desk.write("flowport.toml", SETTINGS.format(store=tmp_path / "store", dags=tmp_path / "dags"))
    return desk


def test_a_flow_is_deployed_once(desk: Desk) -> None:
    first = desk("deploy", "small.py", "--target", "airflow")
    assert (first.status, first.out) == (0, "DESK/store/code/DIGEST.zip is new\nDESK/dags/Small.py is new\n")
    assert [path.name for path in (desk.folder / "dags").iterdir()] == ["Small.py"]
    time = (desk.folder / "dags" / "Small.py").stat().st_mtime_ns
    again = desk("deploy", "small.py", "-t", "airflow")
    assert (again.status, again.out) == (0, "DESK/dags/Small.py is unchanged\n")
    assert (desk.folder / "dags" / "Small.py").stat().st_mtime_ns == time
    source = (desk.folder / "dags" / "Small.py").read_text()
    digest = source.partition('"FLOWPORT_CODE": "')[2][:64]
    assert (desk.folder / "store" / "code" / f"{digest}.zip").exists()


def test_what_would_change_is_shown_and_nothing_changes(desk: Desk) -> None:
    shown = desk("deploy", "small.py", "--target", "airflow", "--diff")
    assert shown.status == 1
    assert "DESK/store/code/DIGEST.zip would be new\nDESK/dags/Small.py would be new\n" in shown.out
    assert not (desk.folder / "dags").exists()
    assert not (desk.folder / "store").exists()
    assert desk("deploy", "small.py", "--target", "airflow").status == 0
    same = desk("deploy", "small.py", "--target", "airflow", "--diff")
    assert (same.status, same.out) == (0, "DESK/dags/Small.py is up to date\n")
    desk.write("small.py", FLOW.replace("number = 1", "number = 2"))
    changed = desk("deploy", "small.py", "--target", "airflow", "--diff")
    assert changed.status == 1
    assert "would be changed" in changed.out
    assert '-    "FLOWPORT_CODE": "DIGEST"' in changed.out
    assert desk("deploy", "small.py", "--target", "airflow").out.endswith("Small.py is changed\n")


def test_a_file_that_airflow_does_not_import_is_not_deployed(desk: Desk) -> None:
    settings = SETTINGS.format(store=desk.folder / "store", dags=desk.folder / "dags")
    desk.write("flowport.toml", settings + 'default_args = { priority_weight = "heavy" }\n')
    refused = desk("deploy", "small.py", "--target", "airflow")
    assert refused.status == 1
    assert "flowport deploy: Small.py does not import in Airflow" in refused.err
    first, *more = refused.err.splitlines()
    assert first.endswith("and is not deployed:")
    assert "'priority_weight' for task 'start' expects" in "\n".join(more)
    assert all(line.startswith("  ") for line in more if line)
    assert not (desk.folder / "dags").exists()
    assert not (desk.folder / "store").exists()


def test_without_airflow_nobody_has_looked_which_is_said(desk: Desk) -> None:
    done = desk.run(sys.executable, "-c", WITHOUT, "deploy", "small.py", "--target", "airflow")
    assert done.status == 0
    assert "nobody has looked whether the file imports: pip install 'flowport[airflow]'" in done.out
    assert (desk.folder / "dags" / "Small.py").exists()


def test_a_provider_that_is_missing_here_says_nothing_of_the_file(desk: Desk, bucket: str) -> None:
    settings = SETTINGS.format(store=f"s3://{bucket}/flows", dags=desk.folder / "dags").replace('"local"', '"kubernetes"\nimage = "i"')
    desk.write("flowport.toml", settings)
    desk.write("sitecustomize.py", "import sys\nsys.modules['airflow.providers.cncf'] = None\n")
    shown = desk("deploy", "small.py", "--target", "airflow", "--diff", PYTHONPATH=str(desk.folder))
    assert "pip install apache-airflow-providers-cncf-kubernetes" in shown.out
    assert "DESK/dags/Small.py would be new" in shown.out


def test_a_file_of_somebody_else_stays_as_it_is(desk: Desk) -> None:
    (desk.folder / "dags").mkdir()
    desk.write("dags/Small.py", "# my own\n")
    refused = desk("deploy", "small.py", "--target", "airflow")
    assert refused.status == 1
    assert "is not a file that flowport wrote for Small, and stays as it is" in refused.err
    assert (desk.folder / "dags" / "Small.py").read_text() == "# my own\n"


def test_a_folder_is_beside_the_file_that_names_it(desk: Desk) -> None:
    desk.write("flowport.toml", SETTINGS.format(store=desk.folder / "store", dags="there"))
    (desk.folder / "below").mkdir()
    command = [sys.executable, "-c", WITHOUT, "deploy", "../small.py", "--target", "airflow"]
    subprocess.run(command, cwd=desk.folder / "below", check=True, capture_output=True)
    assert (desk.folder / "there" / "Small.py").exists()


def test_a_bucket_takes_both(desk: Desk, bucket: str) -> None:
    desk.write("flowport.toml", SETTINGS.format(store=f"s3://{bucket}/flows", dags=f"s3://{bucket}/airflow/dags/"))
    done = desk.run(sys.executable, "-c", WITHOUT, "deploy", "small.py", "--target", "airflow")
    assert done.status == 0, done.err
    assert f"s3://{bucket}/airflow/dags/Small.py is new" in done.out
    assert open_store(f"s3://{bucket}/airflow/dags").read("Small.py").startswith(b"# Small, compiled by flowport")
    assert len(open_store(f"s3://{bucket}/flows").names("code/")) == 1
    again = desk.run(sys.executable, "-c", WITHOUT, "deploy", "small.py", "--target", "airflow")
    assert again.out.endswith("Small.py is unchanged\n")


def test_a_place_that_cannot_be_written_is_said_in_a_line(desk: Desk) -> None:
    desk.write("dags", "a file")
    refused = desk.run(sys.executable, "-c", WITHOUT, "deploy", "small.py", "--target", "airflow")
    assert refused.status == 1
    assert "flowport deploy: `DESK/dags/Small.py` cannot be read: Not a directory" in refused.err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("small.py",), 2, "`--target` is missing: to which engine?"),
        (("small.py", "--target", "airflow", "--profile", "bare"), 1, 'write `dags = "s3://my-bucket/dags"` under [airflow]'),
    ],
)
def test_what_cannot_be_deployed_says_why(desk: Desk, words: tuple[str, ...], status: int, said: str) -> None:
    settings = SETTINGS.format(store=desk.folder / "store", dags="")
    desk.write("flowport.toml", settings + "[profiles.bare.airflow]\n")
    refused = desk("deploy", *words)
    assert refused.status == status
    assert said in refused.err


def test_the_branches_of_a_project_have_files_of_their_own(desk: Desk) -> None:
    text = FLOW.replace("import FlowSpec, ", "import FlowSpec, project, ").replace("class ", '@project(name="demo")\nclass ')
    desk.write("small.py", text)
    first = desk("deploy", "small.py", "--target", "airflow", "--branch", "a")
    second = desk("deploy", "small.py", "--target", "airflow", "--production")
    assert (first.status, second.status) == (0, 0)
    sources = {path.name.rpartition("-")[0]: path.read_text() for path in (desk.folder / "dags").iterdir()}
    assert {name: text.partition('dag_id="')[2].partition('"')[0] for name, text in sources.items()} == {
        "demo-test-a-Small": "demo.test.a.Small",
        "demo-prod-Small": "demo.prod.Small",
    }
    desk.write("small.py", text.replace("number = 1", "number = 2"))
    changed = desk("deploy", "small.py", "--target", "airflow", "--branch", "a").out
    assert [line for line in changed.splitlines() if "is changed" in line] == [
        line for line in changed.splitlines() if "demo-test-a" in line
    ]
    assert desk("deploy", "small.py", "--target", "airflow", "--production", "--diff").status == 1
