"""Connects to an object store: its address, options and credentials. boto3 reads the credentials that obstore cannot.

A process that was forked after its parent used obstore, as those of `parallel_map` are, cannot use it: what it asks of a store, another
process does for it. That process begins with the first call and ends with the one that it works for.
"""

from __future__ import annotations

import os
from _thread import allocate_lock

from flowport.runtime.store.errors import StoreError
from flowport.runtime.store.obstore_extension import from_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen
    from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

    from obstore.store import ObjectStore, S3Credential

    Arguments = ParamSpec("Arguments")
    Answer = TypeVar("Answer")

    class Remote(Protocol):
        """A store that its address opens."""

        url: str

    Of = TypeVar("Of", bound=Remote)

ROLES = ("AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE")
"""What obstore finds in the environment by itself."""


class Process:
    """Whether obstore was used in this process, or before the fork that made it: its threads are then gone, and a call would not return."""

    used = False
    orphaned = False
    other: Popen[bytes] | None = None
    """The process that uses it instead."""
    lock = allocate_lock()
    """Held by the thread that talks to that process."""

    @classmethod
    def after_fork(cls) -> None:
        cls.orphaned = cls.orphaned or cls.used
        cls.other, cls.lock = None, allocate_lock()


os.register_at_fork(after_in_child=Process.after_fork)


def anywhere(operation: Callable[Concatenate[Of, Arguments], Answer]) -> Callable[Concatenate[Of, Arguments], Answer]:
    """An operation of a store that works in forked processes too."""

    def call(store: Of, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
        if Process.orphaned:
            found: Answer = apart(_perform, type(store), store.url, operation.__name__, arguments, named)
            return found
        return operation(store, *arguments, **named)

    return call


def apart(function: Callable[..., Any], *arguments: object) -> Any:
    """What a function of a module returns or raises in the other process."""
    import pickle
    import subprocess
    import sys

    with Process.lock:
        if Process.other is None:
            code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve()"
            Process.other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        requests: Any = Process.other.stdin
        answers: Any = Process.other.stdout
        try:
            requests.write(pickle.dumps((function, arguments)))
            requests.flush()
            answer, error = pickle.load(answers)
        except (EOFError, BrokenPipeError):
            Process.other = None
            raise StoreError("the process that uses the store for this one has ended") from None
    if error is not None:
        raise error
    return answer


def serve() -> None:
    """Call the functions that the standard input names; what they return or raise goes to the standard output."""
    import pickle
    import sys

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    while True:
        try:
            function, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = pickle.dumps((function(*arguments), None))
        except Exception as error:  # raised by the process that asked
            answer = pickle.dumps((None, error))
        answers.write(answer)
        answers.flush()


def _perform(kind: type[Any], url: str, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Perform an operation of a store that this process opens."""
    if (kind, url) not in _stores:
        _stores[kind, url] = kind(url)
    found = getattr(_stores[kind, url], name)(*arguments, **named)
    return iter([*found]) if hasattr(found, "__next__") else found


_stores: dict[tuple[type[Any], str], Any] = {}


def connected(scheme: str, url: str, config: dict[str, str] | None = None) -> ObjectStore:
    """The client for an address. `config` has settings of obstore that come before those of the environment."""
    options: dict[str, Any] = {"config": config} if config else {}
    host = (config or {}).get("aws_endpoint") or os.environ.get("AWS_ENDPOINT_URL", "") if scheme == "s3" else ""
    address, _, rest = host.partition("://")
    machine = rest.partition("/")[0].rpartition(":")[0] or rest.partition("/")[0]
    if address == "http" and (machine in ("localhost", "[::1]") or machine.startswith("127.")):
        # No certificate is ever looked at here, and so the system's hundreds need not be read.
        options["client_options"] = {"allow_http": True, "allow_invalid_certificates": True}
        if "AWS_TIMEOUT" in os.environ:
            options["client_options"]["timeout"] = os.environ["AWS_TIMEOUT"]
        options["retry_config"] = {"max_retries": 3}
    if scheme == "s3" and _has_profile():
        options |= _profile()
    return from_url(url, **options)


def _has_profile() -> bool:
    """Whether the credentials are in `~/.aws`: there are no keys in the environment, and no role of the container."""
    if any(name in os.environ for name in ROLES):
        return False
    files = [os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"), os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")]
    return "AWS_PROFILE" in os.environ or any(os.path.exists(os.path.expanduser(path)) for path in files)


def _profile() -> dict[str, Any]:
    """The options that let boto3 find the keys, again whenever a quarter of an hour has passed."""
    try:
        import boto3
    except ImportError:
        raise StoreError(
            "a profile of `~/.aws` needs boto3: `pip install flowport[sfn]`, or set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`"
        ) from None
    from datetime import datetime, timedelta, timezone

    session = boto3.Session()
    keys = session.get_credentials()
    if keys is None:
        raise StoreError("boto3 finds no credentials for AWS")

    def provide() -> S3Credential:
        now = keys.get_frozen_credentials()
        return {
            "access_key_id": now.access_key,
            "secret_access_key": now.secret_key,
            "token": now.token,
            "expires_at": datetime.now(timezone.utc) + timedelta(minutes=15),
        }

    return {"credential_provider": provide} | ({"region": session.region_name} if session.region_name else {})


def listed(bucket: str, prefix: str) -> tuple[list[str], list[str]]:
    """The keys of a bucket in S3 that begin with `prefix` and have no further `/`, and the folders there: boto3 takes any key."""
    try:
        import boto3
    except ImportError:
        raise StoreError(
            f"the bucket `{bucket}` has a key below `{prefix}` with a part that is empty, `.`, `..` or has control characters: "
            "remove it, or install boto3, which can list it"
        ) from None
    files: list[str] = []
    folders: list[str] = []
    try:
        pages = boto3.client("s3", region_name=os.environ.get("AWS_REGION")).get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix, Delimiter="/"):
            files += [found["Key"] for found in page.get("Contents", ())]
            folders += [found["Prefix"][len(prefix) : -1] for found in page.get("CommonPrefixes", ())]
    except Exception as error:  # of botocore, whose classes are made when it is used
        raise StoreError(f"cannot list `{prefix}` in the bucket `{bucket}`: {error}") from error
    return files, folders
