"""Secrets and forwarded variables as a user meets them: what is emitted for an engine, what a run says, and that no value is anywhere."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from desk import Desk, Ended
from s3 import REGION
from s3 import bucket as bucket
from s3 import server as server

FLOW = """
import os

from metaflow import FlowSpec, catch, environment, retry, secrets, step, timeout


class Report(FlowSpec):
    @environment(vars={"TOKEN": os.environ["TOKEN"], "LEVEL": os.getenv("LEVEL", "info")})
    @secrets(sources=["aws-secrets-manager.prod/db", {"type": "aws-secrets-manager", "id": "k", "options": {"region": "eu-west-1"}}])
    @step
    def start(self):
        self.seen = [len(os.environ[name]) for name in ("TOKEN", "LEVEL", "user")]
        self.next(self.end)

    @secrets(sources=["database"], role="arn:aws:iam::123456789012:role/reader")
    @step
    def end(self):
        pass
"""
OTHER = """
import os

from metaflow import FlowSpec, secrets, step


class Other(FlowSpec):
    @secrets(sources=["outerbounds.x", {"type": "outerbounds", "id": "a.b"}])
    @step
    def start(self):
        self.lengths = [len(os.environ[name]) for name in ("x", "KEY")]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SETTINGS = """
secrets_type = "aws-secrets-manager"

[argo]
store = "s3://bucket/flows"
image = "flows:1"

[airflow]
store = "s3://bucket/flows"
image = "flows:1"

[sfn]
store = "s3://bucket/flows"
image = "flows:1"
job_queue = "flows"
region = "eu-central-1"
account = "123456789012"
execution_role = "arn:aws:iam::123456789012:role/ecs"
"""
PODS = """
[environment]
TOKEN = { secret = "kubernetes:tokens/api" }
LEVEL = "debug"

[secrets]
"prod/db" = "kubernetes:database"
k = "kubernetes:keys/k"
database = "aws-secrets-manager.prod/other"
"""
JOBS = """
[environment]
TOKEN = { secret = "batch:arn:aws:ssm:eu-central-1:123456789012:parameter/token" }
LEVEL = { container = true }

[secrets]
"prod/db" = "batch:arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-a1B2c3"
"""
WORKERS = """
import os

from flowport import FlowSpec, secrets, step


class Report(FlowSpec):
    @step
    def start(self):
        self.xs = [1, 2, 3, 4]
        self.next(self.each, foreach="xs", batch=4, workers=2)

    @secrets(sources=["key"])
    @step
    def each(self):
        self.size = len(os.environ["KEY"])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sizes = [each.size for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
LOOP = """
import os

from flowport import FlowSpec, environment, secrets, step


class Report(FlowSpec):
    @step
    def start(self):
        self.seen, self.turn = [], 0
        self.next(self.one)

    @secrets(sources=["database"])
    @step
    def one(self):
        self.seen.append([name for name in ("OTHER", "KEY", "TOKEN") if name in os.environ])
        self.next(self.two)

    @environment(vars={"MINE": os.environ["TOKEN"]})
    @secrets(sources=["k"])
    @step
    def two(self):
        self.seen.append([name for name in ("OTHER", "KEY", "TOKEN", "MINE") if name in os.environ])
        self.turn += 1
        self.again = "one" if self.turn < 2 else "end"
        self.next({"one": self.one, "end": self.end}, condition="again")

    @step
    def end(self):
        pass
"""
VALUES = ("t0ken-value", "d4tabase-value", "k3y-value", "0ther-value")
ENV = """
TOKEN=t0ken-value
prod_db={"user": "d4tabase-value"}
k={"KEY": "k3y-value"}
database={"OTHER": "0ther-value"}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write("report.py", FLOW)
    return desk


def emitted(desk: Desk, target: str, settings: str = "") -> dict[str, str]:
    """The files for a target, without the code package."""
    desk.write("flowport.toml", SETTINGS + settings)
    made = desk("compile", "report.py", "--target", target, "-o", "out", TOKEN="of-the-shell")
    assert made.status == 0, made.err
    found = {path.name: path.read_text() for path in (desk.folder / "out").rglob("*") if path.is_file() and path.suffix != ".zip"}
    assert not any("of-the-shell" in text for text in found.values())
    return found


def left_in(desk: Desk, ended: Ended) -> list[str]:
    """The files that have one of the values, apart from that where they belong, and what a command printed."""
    files = [path for path in desk.folder.rglob("*") if path.is_file() and path.name != ".env"]
    found = [str(path) for path in files if any(value.encode() in path.read_bytes() for value in VALUES)]
    return found + [text for text in (ended.out, ended.err) if any(value in text for value in VALUES)]


def test_pods_of_argo_get_secrets_of_kubernetes(desk: Desk) -> None:
    template = next(yaml.safe_load_all(emitted(desk, "argo", PODS)["report.yaml"]))
    pods = {each["name"]: each["container"] for each in template["spec"]["templates"] if "container" in each}
    start = {each["name"]: each for each in pods["start"]["env"]}
    assert start["TOKEN"]["valueFrom"] == {"secretKeyRef": {"name": "tokens", "key": "api"}}
    assert start["FLOWPORT_SECRET_1"]["valueFrom"] == {"secretKeyRef": {"name": "keys", "key": "k"}}
    assert start["LEVEL"]["value"] == "debug"
    assert pods["start"]["envFrom"] == [{"secretRef": {"name": "database"}}]
    # Python reads the variable of the decorator wherever it imports the flow.
    end = {each["name"]: each for each in pods["end"]["env"]}
    assert end["TOKEN"] == start["TOKEN"]
    assert "envFrom" not in pods["end"]
    assert json.loads(end["FLOWPORT_SECRETS"]["value"]) == {
        "type": "aws-secrets-manager",
        "sources": {
            "aws-secrets-manager.prod/db": {"container": True},
            "aws-secrets-manager.k": {"payload": "FLOWPORT_SECRET_1"},
            "database": {"type": "aws-secrets-manager", "id": "prod/other"},
        },
    }


def test_pods_of_airflow_get_secrets_of_kubernetes(desk: Desk) -> None:
    text = emitted(desk, "airflow", PODS)["Report.py"]
    assert "from airflow.providers.cncf.kubernetes.secret import Secret\n" in text
    assert 'Secret("env", "TOKEN", "tokens", "api")' in text
    assert 'Secret("env", None, "database", None)' in text
    assert 'Secret("env", "FLOWPORT_SECRET_1", "keys", "k")' in text


def test_jobs_of_batch_get_secrets_of_aws_and_policies_name_exactly_those(desk: Desk) -> None:
    files = emitted(desk, "sfn", JOBS)
    start, end = json.loads(files["job-definitions.json"])
    secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-a1B2c3"
    parameter = "arn:aws:ssm:eu-central-1:123456789012:parameter/token"
    token = {"name": "TOKEN", "valueFrom": parameter}
    assert start["containerProperties"]["secrets"] == [token, {"name": "FLOWPORT_SECRET_0", "valueFrom": secret}]
    assert end["containerProperties"]["secrets"] == [token]
    assert statements(files["execution-policy.json"]) == {
        "ReadSecretsOfContainers": (["secretsmanager:GetSecretValue"], [secret]),
        "ReadParametersOfContainers": (["ssm:GetParameters"], [parameter]),
    }
    policy = statements(files["job-policy.json"])
    assert policy["ReadItsSecrets"] == (
        ["secretsmanager:GetSecretValue"],
        ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:k-??????"],
    )
    assert policy["TakeOnRolesOfSecrets"] == (["sts:AssumeRole"], ["arn:aws:iam::123456789012:role/reader"])


def statements(text: str) -> dict[str, Any]:
    return {each["Sid"]: (each["Action"], each["Resource"]) for each in json.loads(text)["Statement"]}


def test_secrets_that_tasks_fetch_need_nothing_of_an_engine(desk: Desk) -> None:
    for target in ("argo", "airflow", "sfn"):
        files = emitted(desk, target)
        assert "secretKeyRef" not in "".join(files.values())
        assert "execution-policy.json" not in files
    assert statements(files["job-policy.json"])["ReadItsSecrets"][1] == [
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db-??????",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:k-??????",
    ]


@pytest.mark.parametrize(
    ("target", "settings", "message"),
    [
        ("sfn", PODS, "uses a secret of Kubernetes, which target stepfunctions does not support"),
        ("argo", JOBS, "uses a secret of AWS Batch, which target argo does not support"),
        ("airflow", JOBS, "uses a secret of AWS Batch, which target airflow does not support"),
    ],
)
def test_a_secret_of_another_engine_is_refused(desk: Desk, target: str, settings: str, message: str) -> None:
    desk.write("flowport.toml", SETTINGS + settings)
    said = desk("check", "report.py", "--target", target)
    assert said.status == 1
    assert message in said.out
    assert "FP310" in said.out


def test_batch_needs_an_execution_role_for_its_secrets(desk: Desk) -> None:
    desk.write("flowport.toml", SETTINGS.replace("execution_role", "# execution_role") + JOBS)
    said = desk("check", "report.py", "--target", "sfn")
    assert "AWS Batch cannot put the secrets of step `start` into its container without `execution_role`" in said.out


def test_a_variable_without_an_entry_is_a_warning_that_says_what_to_type(desk: Desk) -> None:
    desk.write("flowport.toml", SETTINGS)
    said = desk("check", "report.py", "--target", "argo")
    assert said.status == 0
    assert "step `start` reads `LEVEL` and `TOKEN` from the environment of its task; on argo the container has to have them" in said.out
    assert "the tasks of the flow fail where `TOKEN` is not set" in said.out
    assert "if the container has it, write `TOKEN = { container = true }`" in said.out
    desk.write("flowport.toml", f"{SETTINGS}\n[environment]\nTOKEN = {{ container = true }}\nLEVEL = 'debug'\n")
    assert "FP425" not in desk("check", "report.py", "--target", "argo").out


def test_a_check_for_no_engine_names_the_variables_too(desk: Desk) -> None:
    said = desk("check", "report.py")
    assert said.status == 0
    assert "on this machine the shell that starts the run has to set them, or `.env`" in said.out


def test_a_profile_says_where_a_secret_is_that_no_task_can_fetch(desk: Desk) -> None:
    desk.write("other.py", OTHER)
    desk.write("flowport.toml", f'{SETTINGS}\n[secrets]\n"outerbounds.x" = "kubernetes:keys/x"\n"a.b" = "kubernetes:all"\n')
    assert desk("check", "other.py", "--target", "argo").status == 0
    desk.write("flowport.toml", SETTINGS)
    said = desk("check", "other.py", "--target", "argo")
    assert said.status == 1
    assert "nothing says where argo finds the secret `outerbounds.x` of step `start`" in said.out
    assert 'under [secrets] in flowport.toml, write `"a.b" = "aws-secrets-manager.NAME"`' in said.out


@pytest.mark.parametrize("words", [("run", "other.py"), ("dry-run", "other.py", "--target", "argo")])
def test_on_this_machine_the_file_has_a_secret_that_no_task_can_fetch(desk: Desk, words: tuple[str, ...]) -> None:
    desk.write("other.py", OTHER)
    desk.write("flowport.toml", SETTINGS)
    desk.write(".env", 'x=one\na_b={"KEY": "two"}\n')
    ended = desk(*words, "--run-id", "one")
    assert ended.status == 0, ended.err
    assert "[3, 3]" in desk("artifacts", "Other/one/start").out


def test_a_secret_that_no_profile_knows_is_an_error(desk: Desk) -> None:
    desk.write("flowport.toml", SETTINGS.replace("secrets_type", "# secrets_type"))
    said = desk("check", "report.py", "--target", "airflow")
    assert said.status == 1
    assert "nothing says where airflow finds the secret `database` of step `end`" in said.out


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '[secrets]\ndb = "kubernetes:Database"',
            "`secrets.db` is `kubernetes:Database`, which is no secret in a form that flowport knows",
        ),
        ('[secrets]\ndb = "batch:database"', "`secrets.db` is `batch:database`, which is no secret in a form that flowport knows"),
        ('[secrets]\ndb = "vault.db"', "`secrets.db` is `vault.db`, which is no secret in a form that flowport knows"),
        ("[secrets]\ndb = 5", "`secrets.db` has to be a text"),
        ('secrets = "db"', "`secrets` is a text, not a table"),
        ("[environment]\nA = 5", "`environment.A` is neither a text, nor a secret, nor `{ container = true }`"),
        ("[environment]\nA = { container = false }", "`environment.A` is neither a text, nor a secret, nor `{ container = true }`"),
        ("[environment]\nA = {}", "`environment.A` is neither a text, nor a secret, nor `{ container = true }`"),
        ('[environment]\nA = { key = "a" }', "`environment.A` has a secret or a key that is no text"),
        ('[environment]\n"A B" = "x"', "`environment.A B` is not the name of a variable"),
        ('[environment]\nFLOWPORT_A = "x"', "`environment.FLOWPORT_A` is reserved for flowport"),
        ('[environment]\nA = { secret = "kubernetes:a" }', "`environment.A` refers to all of `kubernetes:a`, and a variable has one entry"),
        ('[environment]\nA = { secret = "container" }', "`environment.A` refers to `container`, which is no secret in a form"),
        (
            '[environment]\nA = { secret = "batch:arn:aws:ssm:a:1:parameter/b", key = "c" }',
            "`environment.A` has a `key`, which AWS Batch takes as a part of the ARN",
        ),
        ('secrets_type = "aws"', "`secrets_type` is `aws`, and there are `aws-secrets-manager`, `gcp-secret-manager`, `az-key-vault`"),
    ],
)
def test_a_mistake_in_the_settings_has_a_message(desk: Desk, line: str, message: str) -> None:
    desk.write("flowport.toml", line + "\n")
    said = desk("check", "report.py")
    assert said.status == 1
    assert message in said.out


def test_a_list_of_secrets_is_still_that_of_argo(desk: Desk) -> None:
    desk.write("flowport.toml", 'secrets = ["own"]\n' + SETTINGS)
    made = desk("compile", "report.py", "--target", "argo", "-o", "out")
    assert made.status == 0, made.err
    assert "name: own" in (desk.folder / "out" / "report.yaml").read_text()


def test_a_run_has_the_values_and_leaves_none_of_them(desk: Desk) -> None:
    desk.write(".env", ENV)
    ended = desk("run", "report.py", "--run-id", "one")
    assert ended.status == 0, ended.err
    assert "[11, 4, 14]" in desk("artifacts", "Report/one/start").out
    assert left_in(desk, ended) == []


@pytest.mark.parametrize("decorators", ["@retry(times=1, minutes_between_retries=0)", "@catch(var='e')", "@timeout(seconds=60)"])
@pytest.mark.parametrize(
    "body", ["raise ValueError('wrong')", "import pickle; self.bad = pickle", "os.kill(os.getpid(), 9)"], ids=["raise", "store", "kill"]
)
def test_a_run_that_fails_leaves_no_value(desk: Desk, decorators: str, body: str) -> None:
    desk.write(".env", ENV)
    first = '    @secrets(sources=["aws'
    text = FLOW.replace("        self.seen =", f"        {body}\n        self.seen =")
    desk.write("report.py", text.replace(first, f"    {decorators}\n{first}", 1))
    ended = desk("run", "report.py")
    assert left_in(desk, ended) == []


def test_workers_share_the_values_and_leave_none(desk: Desk) -> None:
    desk.write(".env", 'key={"KEY": "k3y-value"}\n')
    desk.write("report.py", WORKERS)
    ended = desk("run", "report.py", "--run-id", "one")
    assert ended.status == 0, ended.err
    assert "[9, 9, 9, 9]" in desk("artifacts", "Report/one").out
    assert left_in(desk, ended) == []


def test_tasks_with_processes_of_their_own_fetch_from_a_service(desk: Desk, bucket: str, server: str) -> None:
    name = f"key-{bucket}"
    boto3.client("secretsmanager", region_name=REGION, endpoint_url=server).create_secret(Name=name, SecretString='{"KEY": "k3y-value"}')
    text = WORKERS.replace('sources=["key"]', f'sources=["aws-secrets-manager.{name}"]').replace(
        "import FlowSpec", "import FlowSpec, timeout"
    )
    desk.write("report.py", text.replace("    @secrets", "    @timeout(seconds=60)\n    @secrets"))
    ended = desk("run", "report.py", "--run-id", "one")
    assert ended.status == 0, ended.out + ended.err
    assert "[9, 9, 9, 9]" in desk("artifacts", "Report/one").out
    assert left_in(desk, ended) == []
    gone = desk("run", "report.py", "--run-id", "two", AWS_REGION="eu-west-3")
    assert gone.status == 1
    assert f"AWS Secrets Manager has no secret `{name}` in this region and account" in gone.out + gone.err


@pytest.mark.parametrize("target", ["argo", "sfn"])
def test_a_dry_run_takes_the_secrets_of_the_engine_from_the_file(desk: Desk, target: str) -> None:
    desk.write("flowport.toml", SETTINGS + (PODS if target == "argo" else JOBS).replace('LEVEL = "debug"', 'LEVEL = "debugging"'))
    desk.write(".env", ENV)
    ended = desk("dry-run", "report.py", "--target", target, "--run-id", "one", LEVEL="warning")
    assert ended.status == 0, ended.out + ended.err
    level = len("debugging" if target == "argo" else "warning")
    assert f"[11, {level}, 14]" in desk("artifacts", "Report/one/start").out
    assert left_in(desk, ended) == []


def test_steps_of_a_loop_in_one_container_have_their_own_secrets(desk: Desk) -> None:
    desk.write("flowport.toml", SETTINGS.replace('image = "flows:1"', 'image = "flows:1"\nturns = 0', 1) + PODS)
    desk.write("report.py", LOOP)
    desk.write(".env", ENV)
    ended = desk("dry-run", "report.py", "--target", "argo", "--run-id", "one")
    assert ended.status == 0, ended.out + ended.err
    two = "['KEY', 'TOKEN', 'MINE']"
    assert f"[['OTHER', 'TOKEN'], {two}, ['OTHER', 'TOKEN'], {two}]" in desk("artifacts", "Report/one").out
    template = next(yaml.safe_load_all(emitted(desk, "argo", PODS)["report.yaml"]))
    block = next(
        each["container"] for each in template["spec"]["templates"] if each.get("container", {}).get("command", [""])[-1] == "block"
    )
    variables = {each["name"]: each.get("valueFrom") for each in block["env"]}
    assert variables["TOKEN"] == {"secretKeyRef": {"name": "tokens", "key": "api"}}
    assert variables["FLOWPORT_SECRET_0"] == {"secretKeyRef": {"name": "keys", "key": "k"}}


def test_a_variable_that_is_not_set_fails_the_task_with_a_sentence(desk: Desk) -> None:
    ended = desk("run", "report.py")
    assert ended.status == 1
    assert "flowport: the flow reads the variable `TOKEN`, which is not set: set it where the step runs" in ended.out + ended.err
    assert "Traceback" not in ended.out + ended.err


def test_the_shell_sets_a_variable(desk: Desk) -> None:
    desk.write(".env", ENV.replace("TOKEN=t0ken-value\n", ""))
    ended = desk("run", "report.py", "--run-id", "one", TOKEN="t0ken-value", LEVEL="warning")
    assert ended.status == 0, ended.err
    assert "[11, 7, 14]" in desk("artifacts", "Report/one/start").out
    assert left_in(desk, ended) == []


def test_a_file_that_the_settings_name_and_that_is_not_there_stops_a_run(desk: Desk) -> None:
    desk.write("flowport.toml", 'secrets_file = "secrets/.env.test"\n')
    ended = desk("run", "report.py", TOKEN="x")
    assert ended.status == 2
    assert "there is no file `secrets/.env.test`, which `secrets_file` in flowport.toml names" in ended.err
    assert "which is not there" in desk("check", "report.py").out
    desk.write("secrets/.env.test", ENV)
    assert desk("run", "report.py").status == 0


def test_a_file_that_git_tracks_is_an_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write(".env", ENV)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    subprocess.run(["git", "init", "-q"], cwd=desk.folder, check=True)
    assert "FP427" not in desk("check", "report.py").out
    subprocess.run(["git", "add", "-f", ".env"], cwd=desk.folder, check=True)
    said = desk("check", "report.py")
    assert said.status == 1
    assert "git tracks `.env`, the file with the secrets of this machine" in said.out
    assert "git rm --cached .env" in said.out
    assert left_in(desk, said) == []
    assert "FP427" not in desk.run(desk.command, "check", "report.py", PATH="").out
