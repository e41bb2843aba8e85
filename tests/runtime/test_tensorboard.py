"""`@tensorboard`: where the logs of a step go, and what happens to its writer."""

from __future__ import annotations

import sys
import types

import pytest

from flowport.runtime.checkpoints import tensorboard
from flowport.runtime.names.current import current


class SummaryWriter:
    def __init__(self, log_dir: str) -> None:
        self.log_dir, self.closed = log_dir, False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = SummaryWriter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr(type(current), "pathspec", "Train/one/train/t")


@pytest.mark.parametrize(
    ("store", "root"),
    [
        ("s3://bucket/runs", "s3://bucket/runs/data/tb"),
        ("gs://bucket", "gs://bucket/data/tb"),
        ("az://box/runs", "az://box/runs/data/tb"),
        ("/tmp/store", "/tmp/store/data/tb"),
    ],
)
@pytest.mark.usefixtures("torch")
def test_logs_go_below_the_data_of_the_store(
    store: str, root: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOWPORT_STORE", store)
    flow = types.SimpleNamespace()
    end = tensorboard.begin(flow)
    writer = flow.obtb
    assert writer.log_dir == f"{root}/Train/one/train/t"
    assert f"tensorboard --logdir {root}/Train/one\n" in capsys.readouterr().out
    end()
    assert (writer.closed, hasattr(flow, "obtb")) == (True, False)


@pytest.mark.usefixtures("torch")
def test_an_artifact_of_the_same_name_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_STORE", "/tmp/store")
    flow = types.SimpleNamespace()
    end = tensorboard.begin(flow)
    flow.obtb = "mine"
    end()
    assert flow.obtb == "mine"


def test_without_torch_the_step_runs_and_its_log_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    flow = types.SimpleNamespace()
    tensorboard.begin(flow)()
    assert not hasattr(flow, "obtb")
    assert "[@tensorboard] no logs are written, because torch and tensorboard are not both installed" in capsys.readouterr().err
