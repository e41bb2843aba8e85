"""The decorators of flowport. A new one is a file beside the others, and a row here."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.decorators.decorator import Decorator, FlowDecorator
from flowport.compiler.decorators.flow.exit_hook import EXIT_HOOK
from flowport.compiler.decorators.flow.limits import LIMITS
from flowport.compiler.decorators.flow.packages import CONDA_BASE, PYPI_BASE
from flowport.compiler.decorators.flow.project import PROJECT
from flowport.compiler.decorators.flow.schedule import SCHEDULE
from flowport.compiler.decorators.flow.triggers import TRIGGER, TRIGGER_ON_FINISH
from flowport.compiler.decorators.serving.nim import NIM, NIM_OF_FLOW
from flowport.compiler.decorators.serving.ollama import OLLAMA
from flowport.compiler.decorators.serving.vllm import VLLM
from flowport.compiler.decorators.step.batch import BATCH
from flowport.compiler.decorators.step.card import CARD
from flowport.compiler.decorators.step.catch import CATCH
from flowport.compiler.decorators.step.checkpoint import CHECKPOINT
from flowport.compiler.decorators.step.environment import ENVIRONMENT
from flowport.compiler.decorators.step.huggingface_hub import HUGGINGFACE_HUB
from flowport.compiler.decorators.step.kubernetes import KUBERNETES
from flowport.compiler.decorators.step.model import MODEL
from flowport.compiler.decorators.step.packages import CONDA, PIP, PYPI
from flowport.compiler.decorators.step.parallel import PARALLEL, STARTING
from flowport.compiler.decorators.step.resources import RESOURCES
from flowport.compiler.decorators.step.retry import RETRY
from flowport.compiler.decorators.step.secrets import SECRET
from flowport.compiler.decorators.step.tensorboard import TENSORBOARD
from flowport.compiler.decorators.step.timeout import TIMEOUT

_OF_STEPS = (
    RETRY, CATCH, TIMEOUT, RESOURCES, ENVIRONMENT, SECRET, KUBERNETES, BATCH, PYPI, CONDA, PIP, CHECKPOINT, MODEL, HUGGINGFACE_HUB,
    OLLAMA, VLLM, NIM, PARALLEL, *STARTING, TENSORBOARD, CARD,
)  # fmt: skip
STEP_DECORATORS: Mapping[str, Decorator] = {decorator.name: decorator for decorator in _OF_STEPS}
FLOW_DECORATORS: Mapping[str, FlowDecorator] = {
    decorator.name: decorator
    for decorator in (SCHEDULE, TRIGGER, TRIGGER_ON_FINISH, LIMITS, PROJECT, PYPI_BASE, CONDA_BASE, NIM_OF_FLOW, EXIT_HOOK)
}

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    **{name: decorator.arguments for name, decorator in STEP_DECORATORS.items()},
    **{name: decorator.arguments for name, decorator in FLOW_DECORATORS.items()},
}
"""The arguments of each decorator."""
