"""`parallel_map`, `parallel_imap_unordered` and `profile`, with the results that Metaflow 2.19 gives."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowport.runtime.names.parallel import MulticoreException, parallel_imap_unordered, parallel_map
from flowport.runtime.names.profile import profile


def test_results_come_in_the_order_of_the_values() -> None:
    offset = 10
    assert parallel_map(lambda value: value * value + offset, range(20), max_parallel=3) == [value * value + 10 for value in range(20)]


def test_no_values_give_no_results() -> None:
    assert parallel_map(str, []) == []
    assert list(parallel_imap_unordered(str, [])) == []


def test_unordered_results_are_all_there() -> None:
    assert sorted(parallel_imap_unordered(lambda value: value + 1, iter(range(7)), max_parallel=2)) == [1, 2, 3, 4, 5, 6, 7]


def test_at_most_max_parallel_processes_run_at_once(tmp_path: Path) -> None:
    def count(value: int) -> int:
        (tmp_path / str(os.getpid())).touch()
        running = len(list(tmp_path.iterdir()))
        (tmp_path / str(os.getpid())).unlink()
        return running

    assert max(parallel_map(count, range(12), max_parallel=2)) <= 2


def test_results_may_be_of_any_kind_that_can_be_pickled() -> None:
    assert parallel_map(lambda value: {"value": value}, [None, "a", b"b"]) == [{"value": None}, {"value": "a"}, {"value": b"b"}]


def test_a_function_that_fails_is_an_error_and_its_traceback_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MulticoreException, match="`func` failed"):
        parallel_map(lambda value: 1 // value, [1, 0, 2])
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_function_that_ends_its_process_is_an_error() -> None:
    with pytest.raises(MulticoreException):
        parallel_map(lambda value: os._exit(3), [1])


def test_a_function_that_ends_its_process_as_if_it_was_done_is_an_error() -> None:
    with pytest.raises(MulticoreException, match="`func` ended its process in `parallel_map` and returned nothing"):
        parallel_map(lambda value: os._exit(0), [1])


def test_a_process_that_is_killed_is_told_from_a_function_that_fails() -> None:
    with pytest.raises(MulticoreException, match="a process of `parallel_map` was killed by SIGKILL, as happens where memory runs out"):
        parallel_map(lambda value: os.kill(os.getpid(), signal.SIGKILL), [1])


def test_a_function_that_fails_ends_the_other_processes(tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    def work(value: int) -> None:
        if not value:
            while not begun.exists():
                time.sleep(0.01)
            raise ValueError("first")
        (tmp_path / "process").write_text(str(os.getpid()), encoding="utf-8")
        begun.touch()
        time.sleep(600)

    with pytest.raises(MulticoreException, match="`func` failed"):
        parallel_map(work, [0, 1], max_parallel=2)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "process").read_text(encoding="utf-8")), 0)


def test_values_that_cannot_be_had_end_the_processes_of_those_before(tmp_path: Path) -> None:
    noted = tmp_path / "process"

    def work(value: int) -> None:
        (tmp_path / "written").write_text(str(os.getpid()), encoding="utf-8")
        (tmp_path / "written").rename(noted)
        time.sleep(value)

    def values() -> Iterator[int]:
        yield 600
        while not noted.exists():
            time.sleep(0.01)
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        parallel_map(work, values(), max_parallel=2)
    with pytest.raises(ProcessLookupError):
        os.kill(int(noted.read_text(encoding="utf-8")), 0)


def test_temporary_files_are_gone_afterwards(tmp_path: Path) -> None:
    assert parallel_map(str, [1, 2], dir=str(tmp_path)) == ["1", "2"]
    assert list(tmp_path.iterdir()) == []


def test_no_child_is_left_when_nobody_takes_the_rest(tmp_path: Path) -> None:
    def note(value: int) -> int:
        (tmp_path / str(os.getpid())).touch()
        return value

    results = parallel_imap_unordered(note, range(4), max_parallel=2)
    next(results)
    results.close()  # type: ignore[attr-defined]
    for process in tmp_path.iterdir():
        with pytest.raises(ChildProcessError):
            os.waitpid(int(process.name), os.WNOHANG)


def test_a_profile_prints_when_it_begins_and_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    with profile("training"):
        pass
    first, second = capsys.readouterr().out.splitlines()
    assert first == "PROFILE: training starting"
    assert second.startswith("PROFILE: training completed in ")
    assert second.endswith("ms")


def test_a_profile_adds_to_a_dict_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = {"a": 5}
    for label in ("a", "b"):
        with profile(label, found):
            pass
    assert found["a"] >= 5
    assert found["b"] >= 0
    assert capsys.readouterr().out == ""
