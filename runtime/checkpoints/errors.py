"""The errors of checkpoints and models."""

from __future__ import annotations

from flowport.runtime.names.exceptions import MetaflowException


class CheckpointException(MetaflowException):
    """A checkpoint cannot be saved, or is not there any more."""

    headline = "Checkpoint"


class NothingToSave(CheckpointException, FileNotFoundError):
    """There is no file at the path that is to be saved."""


class LoadingException(MetaflowException):
    """What is to be loaded is no reference of a model or a checkpoint, or is not there."""

    headline = "Loading"
