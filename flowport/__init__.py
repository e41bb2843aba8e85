"""The names that a flow imports.

`flowport.runtime.names.exports` says where they are. They are loaded on first access, so that `import flowport` alone costs nothing.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.client.artifact import DataArtifact as DataArtifact
    from flowport.client.cards import get_cards as get_cards
    from flowport.client.deployments.deployed_flow import DeployedFlow as DeployedFlow
    from flowport.client.deployments.deployer import Deployer as Deployer
    from flowport.client.flow import Flow as Flow
    from flowport.client.flow import Metaflow as Metaflow
    from flowport.client.notebook import NBDeployer as NBDeployer
    from flowport.client.notebook import NBRunner as NBRunner
    from flowport.client.place import default_metadata as default_metadata
    from flowport.client.place import default_namespace as default_namespace
    from flowport.client.place import get_metadata as get_metadata
    from flowport.client.place import get_namespace as get_namespace
    from flowport.client.place import metadata as metadata
    from flowport.client.place import namespace as namespace
    from flowport.client.run import Run as Run
    from flowport.client.runner import Runner as Runner
    from flowport.client.step import Step as Step
    from flowport.client.task import Task as Task
    from flowport.runtime.checkpoints.checkpoint import Checkpoint as Checkpoint
    from flowport.runtime.checkpoints.loading import load_model as load_model
    from flowport.runtime.datatools.s3 import S3 as S3
    from flowport.runtime.launchers.torchrun import TorchrunSingleNodeMultiGPU as TorchrunSingleNodeMultiGPU
    from flowport.runtime.names.caught_error import CaughtError as CaughtError
    from flowport.runtime.names.config import Config as Config
    from flowport.runtime.names.config import ConfigValue as ConfigValue
    from flowport.runtime.names.config import config_expr as config_expr
    from flowport.runtime.names.config import yaml_parser as yaml_parser
    from flowport.runtime.names.current import current as current
    from flowport.runtime.names.flow import FlowSpec as FlowSpec
    from flowport.runtime.names.flow import IncludeFile as IncludeFile
    from flowport.runtime.names.flow import JSONType as JSONType
    from flowport.runtime.names.flow import Parameter as Parameter
    from flowport.runtime.names.flow import batch as batch
    from flowport.runtime.names.flow import catch as catch
    from flowport.runtime.names.flow import checkpoint as checkpoint
    from flowport.runtime.names.flow import deepspeed as deepspeed
    from flowport.runtime.names.flow import environment as environment
    from flowport.runtime.names.flow import flow as flow
    from flowport.runtime.names.flow import huggingface_hub as huggingface_hub
    from flowport.runtime.names.flow import kubernetes as kubernetes
    from flowport.runtime.names.flow import limits as limits
    from flowport.runtime.names.flow import metaflow_ray as metaflow_ray
    from flowport.runtime.names.flow import model as model
    from flowport.runtime.names.flow import mpi as mpi
    from flowport.runtime.names.flow import nim as nim
    from flowport.runtime.names.flow import ollama as ollama
    from flowport.runtime.names.flow import parallel as parallel
    from flowport.runtime.names.flow import project as project
    from flowport.runtime.names.flow import pytorch_parallel as pytorch_parallel
    from flowport.runtime.names.flow import resources as resources
    from flowport.runtime.names.flow import retry as retry
    from flowport.runtime.names.flow import schedule as schedule
    from flowport.runtime.names.flow import secrets as secrets
    from flowport.runtime.names.flow import step as step
    from flowport.runtime.names.flow import tensorboard as tensorboard
    from flowport.runtime.names.flow import tensorflow as tensorflow
    from flowport.runtime.names.flow import tensorflow_parallel as tensorflow_parallel
    from flowport.runtime.names.flow import timeout as timeout
    from flowport.runtime.names.flow import torchrun as torchrun
    from flowport.runtime.names.flow import trigger as trigger
    from flowport.runtime.names.flow import trigger_on_finish as trigger_on_finish
    from flowport.runtime.names.flow import vllm as vllm
    from flowport.runtime.names.mutable.flow import MutableFlow as MutableFlow
    from flowport.runtime.names.mutable.flow import MutableStep as MutableStep
    from flowport.runtime.names.mutators import FlowMutator as FlowMutator
    from flowport.runtime.names.mutators import StepMutator as StepMutator
    from flowport.runtime.names.parallel import parallel_imap_unordered as parallel_imap_unordered
    from flowport.runtime.names.parallel import parallel_map as parallel_map
    from flowport.runtime.names.profile import profile as profile
    from flowport.runtime.names.step_decorators import USER_SKIP_STEP as USER_SKIP_STEP
    from flowport.runtime.names.step_decorators import UserStepDecorator as UserStepDecorator
    from flowport.runtime.names.step_decorators import user_step_decorator as user_step_decorator

__version__ = "0.1.0"
__all__ = (
    "CaughtError",
    "Checkpoint",
    "Config",
    "ConfigValue",
    "DataArtifact",
    "DeployedFlow",
    "Deployer",
    "Flow",
    "FlowMutator",
    "FlowSpec",
    "IncludeFile",
    "JSONType",
    "Metaflow",
    "MutableFlow",
    "MutableStep",
    "NBDeployer",
    "NBRunner",
    "Parameter",
    "Run",
    "Runner",
    "S3",
    "Step",
    "StepMutator",
    "Task",
    "TorchrunSingleNodeMultiGPU",
    "USER_SKIP_STEP",
    "UserStepDecorator",
    "airflow_external_task_sensor",
    "airflow_s3_key_sensor",
    "batch",
    "card",
    "catch",
    "checkpoint",
    "conda",
    "conda_base",
    "config_expr",
    "current",
    "deepspeed",
    "default_metadata",
    "default_namespace",
    "environment",
    "datadog",
    "exit_hook",
    "flow",
    "get_cards",
    "get_metadata",
    "get_namespace",
    "gpu_profile",
    "huggingface_card",
    "huggingface_hub",
    "kubernetes",
    "limits",
    "load_model",
    "metadata",
    "metaflow_ray",
    "model",
    "mpi",
    "namespace",
    "nim",
    "ollama",
    "parallel",
    "parallel_imap_unordered",
    "parallel_map",
    "profile",
    "project",
    "pip",
    "pypi",
    "pypi_base",
    "pytorch_parallel",
    "resources",
    "retry",
    "schedule",
    "secrets",
    "step",
    "tensorboard",
    "tensorflow",
    "tensorflow_parallel",
    "timeout",
    "torchrun",
    "trigger",
    "trigger_on_finish",
    "user_step_decorator",
    "vllm",
    "yaml_parser",
)


# A checkout keeps the other packages beside this one, and a Python that is started in its root finds this folder first.
_links = os.path.join(os.path.dirname(os.path.dirname(__file__)), "dev", "flowport")
if os.path.isdir(_links):
    __path__.append(_links)


def __getattr__(name: str) -> Any:
    if name.startswith("__") or name in ("cli", "client", "compiler", "runtime", "staleness", "targets", "testing", "workspace"):
        raise AttributeError(f"module 'flowport' has no attribute {name!r}")
    from flowport.runtime.names import flow

    globals()[name] = value = getattr(flow, name)
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
