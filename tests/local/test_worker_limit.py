"""The coordinator of a run with several servers, against servers that only count: the limit holds, and no worker is left idle."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import pytest

from flowport.runtime.local.attempt import Attempt
from flowport.runtime.local.coordinator import Coordinator


class Server:
    """Begins what it is sent in its order as soon as enough workers are free, as far as it knows; the real one does the same."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.waiting: deque[tuple[str, int]] = deque()
        self.running: dict[str, int] = {}
        self.said: list[list[str]] = []

    @property
    def busy(self) -> int:
        return sum(self.running.values())

    def send(self, *lines: str) -> None:
        for line in lines:
            number, _, _, _, workers = line.split(" ")
            self.waiting.append((number, int(workers)))
        self.begin()

    def begin(self) -> None:
        while self.waiting and self.busy + self.waiting[0][1] <= self.limit:
            number, workers = self.waiting.popleft()
            self.running[number] = workers
            self.said.append(["+", number, "1"])

    def end(self, number: str) -> None:
        """A task of it ends, and the next one begins."""
        del self.running[number]
        self.said.append(["-", number, "0"])
        self.begin()

    def receive(self) -> list[list[str]]:
        said, self.said = self.said, []
        return said


class World:
    """Servers by the first letter of a step's name, whose last digit is the number of workers that it wants; and all else of a run."""

    plan: dict[str, Any] = {"body": [], "retries": {}}

    def __init__(self, servers: int, limit: int) -> None:
        self.channels = [Server(limit) for _ in range(servers)]
        self.limit = limit

    def coordinator(self) -> Coordinator:
        """A coordinator for all of it."""
        found = Coordinator(Spec(self.limit), self.plan, self, self, self, lambda tasks: None)  # type: ignore[arg-type]
        found.scheduler = self  # type: ignore[assignment]
        return found

    def of(self, step: str) -> Server:
        return self.channels[int(step[0])]

    def workers(self, step: str) -> int:
        return int(step[-1])

    def read(self, step: str, slice: str) -> None:
        return None

    def ready(self) -> list[tuple[str, str]]:
        return []

    def done(self, *_: object) -> None:
        return None

    ended = went_on = done

    def running(self) -> dict[str, Server]:
        return {number: server for server in self.channels for number in server.running}

    def busy(self) -> int:
        return sum(server.busy for server in self.channels)


class Spec:
    def __init__(self, workers: int) -> None:
        self.workers = workers


@pytest.mark.parametrize("servers", [1, 2, 3])
@pytest.mark.parametrize("seed", range(20))
def test_workers_are_shared_by_all_servers(servers: int, seed: int) -> None:
    chance = random.Random(f"{servers} {seed}")
    limit = chance.randint(1, 5)
    world = World(servers, limit)
    coordinator = world.coordinator()
    tasks = [f"{chance.randrange(servers)}w{chance.choice([1, 1, 1, 2, 9])}" for _ in range(40)]
    began: list[str] = []
    while tasks or coordinator.ready or coordinator.sent:
        arriving = [tasks.pop() for _ in range(min(len(tasks), chance.randint(0, 5)))]
        coordinator.ready.extend(Attempt(step, "s", 0) for step in arriving)
        coordinator._send()
        # Whatever waits, here or at a server, has no place.
        waiting = [min(world.workers(task.step), limit) for task in coordinator.ready]
        at_servers = [server.waiting[0][1] for server in world.channels if server.waiting]
        assert world.busy() <= limit
        first = (at_servers or waiting)[:1]
        assert not first or world.busy() + first[0] > limit
        for server in world.channels:
            coordinator._hear(server)  # type: ignore[arg-type]
        began += sorted(world.running(), key=int)
        if world.running():
            number, server = chance.choice(sorted(world.running().items(), key=lambda found: int(found[0])))
            server.end(number)
            coordinator._hear(server)  # type: ignore[arg-type]
    assert coordinator.done == 40
    assert not coordinator._taken
    # They began in the order in which they became ready, whichever server they were for.
    assert list(dict.fromkeys(began)) == sorted(set(began), key=int)


def test_a_server_that_is_alone_at_work_has_one_more_task_for_each_worker() -> None:
    world = World(2, 3)
    coordinator = world.coordinator()
    coordinator.ready.extend(Attempt("0w1", "s", 0) for _ in range(10))
    coordinator._send()
    assert [(len(server.running), len(server.waiting)) for server in world.channels] == [(3, 3), (0, 0)]


def test_a_server_has_no_task_that_waits_while_another_one_works() -> None:
    world = World(2, 3)
    coordinator = world.coordinator()
    coordinator.ready.extend(Attempt(step, "s", 0) for step in ("1w1", *["0w1"] * 9))
    coordinator._send()
    assert [(len(server.running), len(server.waiting)) for server in world.channels] == [(2, 0), (1, 0)]
