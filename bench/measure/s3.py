"""S3 as moto serves it on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def s3(log: str = os.devnull) -> Iterator[str]:
    """An address in a bucket of a server on this machine; sets what the clients read from the environment.

    The server writes a line for each request to the file `log`.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", address.rpartition(":")[2]]
    with open(log, "wb") as output:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=output)
    keys = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "something"}
    os.environ.update(keys, AWS_ENDPOINT_URL=address, AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1")
    try:
        while True:
            try:
                urllib.request.urlopen(urllib.request.Request(f"{address}/bench", method="PUT")).close()
                break
            except urllib.error.HTTPError:
                raise
            except OSError:
                time.sleep(0.05)
        yield "s3://bench/store"
    finally:
        server.terminate()
        server.wait()
