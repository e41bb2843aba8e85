"""`python -m flowport.targets.stepfunctions.emulator.server`: the emulator as a process of its own.

Writes one JSON object per line: first its endpoint, then every job that begins or ends. It ends, with all of its jobs, when its
standard input is closed: so it cannot outlive the process that started it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
from typing import Any

from flowport.targets.stepfunctions.emulator.forked_jobs import ForkServer
from flowport.targets.stepfunctions.emulator.job_definitions import JobDefinitions, leave_out_moto_batch
from flowport.targets.stepfunctions.emulator.processes import Processes, environment, new_process

REGION = "us-east-1"
ACCOUNT = "123456789012"


def main(limit: int, stored: str | None, libraries: list[tuple[str, list[str]]] | None) -> None:
    """Serve until standard input ends; at most `limit` jobs run at a time, and S3 has what is in the folder store `stored`, too.

    With `libraries` jobs are forks of one process that has imported these.
    """
    # It imports its libraries while moto is imported here.
    forks = None if libraries is None else ForkServer(libraries)
    leave_out_moto_batch()
    from flowport.targets.stepfunctions.emulator import moto_jobs, moto_patches

    lines, lock = os.fdopen(os.dup(1), "w"), threading.Lock()
    os.dup2(2, 1)

    def say(event: dict[str, Any]) -> None:
        with lock:
            print(json.dumps(event), file=lines, flush=True)

    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    definitions = JobDefinitions(REGION, ACCOUNT)
    server = moto_patches.server(definitions.serve)
    port = server.server_port
    endpoint = f"http://127.0.0.1:{port}"
    # The interpreter sends its own calls, to S3 for one, to this port.
    os.environ["MOTO_PORT"] = str(port)
    cache = tempfile.mkdtemp(prefix="flowport-emulator-")
    processes = Processes(sys.executable, environment(endpoint, REGION, ACCOUNT, cache), limit, say, forks.start if forks else new_process)
    moto_patches.apply()
    moto_jobs.apply(processes, definitions)
    if stored:
        moto_patches.serve_store(stored)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say({"event": "serving", "endpoint": endpoint})
    try:
        sys.stdin.read()
    finally:
        processes.stop()
        if forks:
            forks.close()
        shutil.rmtree(cache, ignore_errors=True)
        # Threads of executions that were given up may wait for ever.
        os._exit(0)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
