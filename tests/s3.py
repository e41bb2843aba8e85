"""A server of S3's protocol on this machine, and buckets on it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import boto3
import pytest

from progress import finish, until

REGION = "us-east-1"


def answers(address: str) -> bool:
    """Whether a server of S3's protocol is there."""
    try:
        urllib.request.urlopen(f"{address}/moto-api/", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of S3's protocol on this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with open(tmp_path_factory.mktemp("moto") / "log", "w") as log:
        process = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or answers(address), "the S3 server", processes=[process.pid])
        assert process.poll() is None, "the S3 server ended"
        yield address
    finally:
        process.terminate()
        finish(process)


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket, which this process and those that it starts can use."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "something",
    }.items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{os.urandom(8).hex()}"
    boto3.client("s3", region_name=REGION, endpoint_url=server).create_bucket(Bucket=name)
    return name
