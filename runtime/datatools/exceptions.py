"""The exceptions of `S3`. Their names and meaning are Metaflow's."""

from __future__ import annotations

from flowport.runtime.names.exceptions import MetaflowException


class MetaflowS3Exception(MetaflowException):
    """A request that did not succeed, for no reason that has an exception of its own."""

    headline = "S3 request failed"


class MetaflowS3NotFound(MetaflowException):
    """There is no such object, bucket or local file."""

    headline = "S3 object not found"


class MetaflowS3AccessDenied(MetaflowException):
    """The credentials do not allow the request."""

    headline = "S3 access denied"


class MetaflowS3InvalidRange(MetaflowException):
    """The range begins after the end of the object."""

    headline = "Range outside of the S3 object"


class MetaflowS3URLException(MetaflowException):
    """An address or a key of another form than `S3` takes."""

    headline = "Address that S3 does not take"


class MetaflowS3InvalidObject(MetaflowException):
    """A value that is neither text nor bytes nor a readable file."""

    headline = "Value that S3 does not store"


class MetaflowS3InsufficientDiskSpace(MetaflowException):
    """The disk is full."""

    headline = "Disk full"
