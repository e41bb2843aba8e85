"""The status of a run, as anybody reads it from the store: by its end, its heartbeat, its failures and the age of its documents."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flowport.runtime.process import log
from flowport.runtime.protocol import DONE, FAILED
from flowport.runtime.records import life
from flowport.runtime.records.run_record import document
from flowport.runtime.run import status as statuses
from flowport.runtime.run.status import run_status
from flowport.runtime.store.errors import Corrupt
from flowport.runtime.store.keys import Keys
from solo import Solo

FLOW = """
class Two(FlowSpec):
    ok = Parameter("ok", default=True)

    @retry(times={times})
    @step
    def start(self):
        if not self.ok:
            raise LookupError("no")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def two(tmp_path: Path) -> Solo:
    return Solo(tmp_path, FLOW.format(times=0))


def status_of(flow: Solo, run: str = "1") -> str:
    keys = Keys(flow.flow, run)
    return run_status(flow.store, keys, document(flow.store, keys)).status


def long_ago(flow: Solo, seconds: float, run: str = "1") -> None:
    """Let every document of a run be so old."""
    keys = Keys(flow.flow, run)
    for entry in flow.store.entries(keys.root):
        os.utime(flow.path(entry.key), (time.time() - seconds,) * 2)
    path = flow.path(keys.run())
    started = document(flow.store, keys)["started"]
    path.write_text(path.read_text().replace(f'"started":{started}', f'"started":{started - seconds}'))
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_run_is_running_until_its_last_step_is_done(two: Solo) -> None:
    assert two.perform("start") == DONE
    assert status_of(two) == "running"
    assert two.perform("end") == DONE
    assert status_of(two) == "done"


def test_a_done_run_knows_when_it_ended(two: Solo) -> None:
    began = time.time()
    two.run()
    keys = Keys(two.flow, "1")
    found = run_status(two.store, keys, document(two.store, keys))
    assert began - 1 < found.seen < time.time() + 1
    assert found.is_over
    assert 0 <= found.seconds(began - 5) - 5 < 60


def test_a_run_has_failed_when_its_last_attempt_has(tmp_path: Path) -> None:
    flow = Solo(tmp_path, FLOW.format(times=1))
    flow.store.create(Keys(flow.flow, "1").input(), b'{"parameters": {"ok": false}}')
    assert flow.perform("start") == FAILED
    assert status_of(flow) == "running"
    assert flow.perform("start") == FAILED
    assert status_of(flow) == "failed"


def test_a_run_of_an_engine_is_lost_when_nothing_was_heard_of_it(two: Solo) -> None:
    assert two.perform("start") == DONE
    long_ago(two, statuses.SILENCE - 60)
    assert status_of(two) == "running"
    long_ago(two, statuses.SILENCE + 60)
    assert status_of(two) == "lost"


def test_a_document_or_a_heartbeat_shows_that_a_run_lives(two: Solo) -> None:
    assert two.perform("start") == DONE
    long_ago(two, statuses.SILENCE + 60)
    keys = Keys(two.flow, "1")
    two.store.create(keys.attempts("end", "s", 0) + "0", b"{}")
    assert status_of(two) == "running"
    long_ago(two, statuses.SILENCE + 60)
    life.write_heartbeat(two.store, keys)
    assert status_of(two) == "running"


def test_a_local_run_is_lost_as_soon_as_its_process_is_gone(two: Solo) -> None:
    assert two.perform("start") == DONE
    head = "".join(f"from flowport.runtime.{module} import *\n" for module in ("records.life", "store.open", "store.keys"))
    write = f"write_heartbeat(open_store({two.store.url!r}), Keys({two.flow!r}, '1'), is_local=True)"
    assert subprocess.run([sys.executable, "-c", head + write]).returncode == 0
    assert status_of(two) == "lost"
    life.write_heartbeat(two.store, Keys(two.flow, "1"), is_local=True)
    assert status_of(two) == "running"


def test_a_local_run_of_another_machine_is_lost_by_its_silence(two: Solo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert two.perform("start") == DONE
    keys = Keys(two.flow, "1")
    life.write_heartbeat(two.store, keys, is_local=True)
    here = os.uname().nodename
    path = two.path(keys.heartbeat())
    path.write_text(path.read_text().replace(f'"{here}"', '"elsewhere"'))
    assert status_of(two) == "running"
    monkeypatch.setattr(statuses, "LOCAL_SILENCE", -1)
    assert status_of(two) == "lost"


@pytest.mark.parametrize("end", ["failed", "stopped"])
def test_a_local_run_says_how_it_ended(two: Solo, end: life.End) -> None:
    assert two.perform("start") == DONE
    life.write_end(two.store, Keys(two.flow, "1"), end)
    assert status_of(two) == end


DAMAGED: dict[str, Callable[[Keys], str]] = {"end": Keys.ended, "heartbeat": Keys.heartbeat}


@pytest.mark.parametrize("key", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"v": 99}', b'{"v": 2, "status": "odd", "time": "now"}'])
def test_a_damaged_sign_of_life_is_named(two: Solo, key: Callable[[Keys], str], data: bytes) -> None:
    assert two.perform("start") == DONE
    two.store.create(key(Keys(two.flow, "1")), data)
    with pytest.raises(Corrupt, match=key(Keys(two.flow, "1"))):
        status_of(two)


def test_a_record_of_a_newer_version_is_said(two: Solo) -> None:
    two.run()
    path = two.path(Keys(two.flow, "1").manifest("start", "s", 0))
    path.write_text(path.read_text().replace('"v":2', '"v":99'))
    with pytest.raises(Corrupt, match="a newer version of flowport wrote it \\(version 99; this flowport reads up to 2\\)"):
        two.artifacts("start")


def test_the_keeper_of_a_container_says_that_its_task_runs(tmp_path: Path) -> None:
    flow = Solo(tmp_path, FLOW.format(times=0).replace('raise LookupError("no")', "import time; time.sleep(3)"))
    keys = Keys(flow.flow, "1")
    flow.store.create(keys.input(), b'{"parameters": {"ok": false}}')
    code = "import sys; from flowport.runtime.process import log; log.PERIOD = 0.5; from flowport.runtime.__main__ import main; "
    command = [sys.executable, "-c", code + "sys.exit(main(sys.argv[1:]))", *flow.invocation("start").argv()]
    began = time.time()
    assert log.PERIOD == 60
    assert subprocess.run(command, cwd="/").returncode == DONE
    heartbeat = life.read_heartbeat(flow.store, keys)
    assert heartbeat is not None
    assert not heartbeat.is_local
    assert heartbeat.time > began


def test_a_short_task_leaves_no_heartbeat(two: Solo) -> None:
    assert subprocess.run(two.command("start"), cwd="/").returncode == DONE
    assert life.read_heartbeat(two.store, Keys(two.flow, "1")) is None
