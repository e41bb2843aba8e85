"""The Python client: the flows, runs, tasks and artifacts of a store, as objects. It prints nothing and, but for tags, writes nothing.

`Runner` and `Deployer`, in modules of their own, do what the command line does. In a task the client reads the store of its run.
"""

from flowport.client.artifact import DataArtifact, MetaflowData
from flowport.client.cards import get_cards
from flowport.client.flow import Flow, Metaflow
from flowport.client.place import default_metadata, default_namespace, get_metadata, get_namespace, metadata, namespace
from flowport.client.run import Run
from flowport.client.step import Step
from flowport.client.task import Task

__all__ = (
    "DataArtifact",
    "Flow",
    "Metaflow",
    "MetaflowData",
    "Run",
    "Step",
    "Task",
    "default_metadata",
    "default_namespace",
    "get_cards",
    "get_metadata",
    "get_namespace",
    "metadata",
    "namespace",
)
