"""An account of AWS on this machine, with a flow at hand: ministack, where jobs are real processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest

from desk import Desk, Ended
from engines.engine import Engine, engine_b
from flowport.cli import execute
from flowport.targets.stepfunctions.deployment import account as accounts
from own_environment import own_environment

PINS = Path(__file__).resolve().parents[1] / "engines" / "ministack.txt"
ACCOUNT, REGION = "123456789012", "us-east-1"
FLOW = '''
from flowport import FlowSpec, Parameter, step


class {name}(FlowSpec):
    """Adds up doubles."""

    size = Parameter("size", default=3)

    @step
    def start(self):
        self.numbers = list(range(self.size))
        self.next(self.double, foreach="numbers")

    @step
    def double(self):
        self.doubled = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.doubled for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        assert self.total < 100, "too much"
'''
SETTINGS = """
[stepfunctions]
image = "my-image:1"
store = "s3://flows/{name}"
job_queue = "flows"
flow_roles = true
region = "us-east-1"
account = "123456789012"
"""

numbers = count()


@pytest.fixture(scope="session")
def ministack() -> Iterator[Engine]:
    with engine_b(own_environment(PINS)) as engine:
        engine.account.client("batch").create_job_queue(jobQueueName="flows", state="ENABLED", priority=1, computeEnvironmentOrder=[])
        yield engine


@dataclass
class Work:
    """A folder with a flow that no other test has, and an account to deploy it to."""

    desk: Desk
    name: str
    engine: Engine
    capture: pytest.CaptureFixture[str]

    def __call__(self, command: str, *words: str, target: bool = True) -> Ended:
        """Run a command in this process; `FLOW` stands for the file of the flow."""
        named = [self.file if word == "FLOW" else word for word in words]
        status = execute([command, *named, *(["--target", "sfn"] if target else [])])
        said = self.capture.readouterr()
        return Ended(status, self.desk.plain(said.out), self.desk.plain(said.err))

    @property
    def file(self) -> str:
        return str(self.desk.folder / "flow.py")

    @property
    def arn(self) -> str:
        return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{self.name}"

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.engine.account.endpoint)

    def change(self, old: str, new: str, file: str = "flow.py") -> None:
        """Another version of the flow, or of its settings."""
        text = (self.desk.folder / file).read_text()
        assert old in text
        self.desk.write(file, text.replace(old, new))

    def live(self) -> dict[str, Any] | None:
        """What new runs start."""
        client = self.client("stepfunctions")
        try:
            alias = client.describe_state_machine_alias(stateMachineAliasArn=f"{self.arn}:live")
        except client.exceptions.ClientError:
            return None
        found: dict[str, Any] = client.describe_state_machine(stateMachineArn=alias["routingConfiguration"][0]["stateMachineVersionArn"])
        del found["ResponseMetadata"]
        return found


@pytest.fixture
def work(ministack: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Work:
    name = f"Doubles{next(numbers)}"
    desk = Desk(tmp_path)
    desk.write("flow.py", FLOW.format(name=name))
    desk.write("flowport.toml", SETTINGS.format(name=name))
    monkeypatch.chdir(tmp_path)
    # Making a session and its clients takes most of the time of a command.
    made = cache(boto3.session.Session)
    monkeypatch.setattr(boto3.session, "Session", made)
    for variable, value in {
        "AWS_ENDPOINT_URL": ministack.account.endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(variable, value)
    return Work(desk, name, ministack, capsys)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Counts the requests that change something; the one with the number `stop` is the last that is made, and is not answered."""
    state: dict[str, Any] = {"made": [], "stop": None}
    ask = accounts.Account.ask

    def counted(self: accounts.Account, service: str, operation: str, **arguments: Any) -> Any:
        answer = ask(self, service, operation, **arguments)
        if not operation.startswith(("Get", "Describe", "List")):
            state["made"].append(operation)
            if len(state["made"]) == state["stop"]:
                raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(accounts.Account, "ask", counted)
    return state


Plain = Callable[[str], str]
