"""What `@tensorboard` adds to a step: `self.obtb`, which writes logs for TensorBoard below `tb/` of the data of the store.

The layout is that of the extension `ob-metaflow-extensions`: `tb/Flow/run/step/task`, in a project below the name of the deployment.
"""

from __future__ import annotations

import sys
from importlib import import_module

from flowport.runtime.names import metaflow_config
from flowport.runtime.names.current import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NAME = "obtb"
"""The attribute of the flow with the writer, while the step runs. It is no artifact."""

FOLDER = "tb"


def begin(flow: Any) -> Callable[[], None]:
    """Give the step a writer; returns what ends it. Without torch and tensorboard the step runs without a writer, and a line says so."""
    try:
        torch = import_module("torch.utils.tensorboard")
    except ImportError as error:
        print(f"[@tensorboard] no logs are written, because torch and tensorboard are not both installed: {error}", file=sys.stderr)
        return _nothing
    root, place = _root(), _place()
    run = f"{root}/{'/'.join(place.split('/')[:-2])}"
    print(f"[@tensorboard] the logs of this run: tensorboard --logdir {run}")
    print(f"[@tensorboard] the logs of all runs: tensorboard --logdir {run.rpartition('/')[0]}")
    writer = flow.__dict__[NAME] = torch.SummaryWriter(log_dir=f"{root}/{place}")

    def end() -> None:
        if flow.__dict__.get(NAME) is writer:
            del flow.__dict__[NAME]
        writer.close()

    return end


def _root() -> str:
    roots = (metaflow_config.DATATOOLS_S3ROOT, metaflow_config.DATATOOLS_GSROOT, metaflow_config.DATATOOLS_AZUREROOT)
    return f"{next(filter(None, roots))}/{FOLDER}"


def _place() -> str:
    deployment = current.get("project_flow_name")
    return f"{deployment}/{current.pathspec}" if deployment else str(current.pathspec)


def _nothing() -> None:
    """There is no writer to close."""
