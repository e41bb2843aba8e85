"""One node of a gang whose nodes have a container each. Node 0 runs the gangs of the slice as ever, with the other nodes as its workers,
and commits; the others run what node 0 asks for, and leave when it has committed.

Nothing of a round outlives it: the next attempt of the engine is another round, in which all nodes run again.
"""

from __future__ import annotations

import os
import sys
import time
from _pickle import dumps, loads

from flowport.runtime.process.lifecycle import check
from flowport.runtime.process.nodes import WORKERS, Place, free_port, own_address
from flowport.runtime.protocol import DONE, FAILED, NonRetryable, Retryable
from flowport.runtime.records import rounds
from flowport.runtime.task.commit import finish, is_done
from flowport.runtime.task.execute import KILLED
from flowport.runtime.task.gang import gangs, run_gangs
from flowport.runtime.task.items import Broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from flowport.runtime.records.attempts import Attempts
    from flowport.runtime.records.outcome import Failure, Outcome
    from flowport.runtime.task.context import TaskContext
    from flowport.runtime.task.gang import GangRunner

    class Container(GangRunner, Protocol):
        """Runs the node of this container."""

        def ready(self, seconds: float) -> bool:
            """Wait until there is an outcome; False if there is none after so many seconds."""


LISTED = ("tensorflow", "tensorflow_parallel")
"""The decorators whose program needs the addresses of all nodes, and not that of node 0 alone."""


def run_node(context: TaskContext, own: Container) -> int:
    """Take part in a round; returns the exit code of this container. `own` runs the node of this container."""
    place = Place.of(context.invocation.nodes, os.environ)
    launcher = context.plan["gang"].get("launcher", "")
    first = {"worker": f"{own_address(os.environ)}:{free_port()}"} if launcher in LISTED else {}
    meeting = rounds.Meeting(context.store, context.keys.round(context.step, context.slice, place.round), place.repeats, first)
    voice = meeting.open() if place.index == 0 else _joined(context, own, place, meeting)
    if voice is None:
        return DONE
    keys = [meeting.key(index) for index in range(place.number)]
    if place.index:
        body = _Follower(context, own, place, voice, keys[0]).follow
    else:
        body = _Leader(context, own, place, voice, keys, first.get("worker")).lead
    try:
        return body()
    except BaseException as error:
        voice.fail(str(error), isinstance(error, NonRetryable))
        raise


def _joined(context: TaskContext, own: Container, place: Place, meeting: rounds.Meeting) -> rounds.Voice | None:
    """The voice of another node than node 0, as soon as the round is open; None if there is nothing left to do.

    That is so where the engine tries this container again, although node 0 has committed.
    """
    began = time.monotonic()
    voice = meeting.join(place.index)
    if voice is None and meeting.number >= 0 and is_done(context):
        return None
    while voice is None:
        check()
        if time.monotonic() - began > rounds.ARRIVAL:
            raise Retryable(f"node 0 of {place.number} of step `{context.step}` has not come")
        own.ready(rounds.POLL)
        voice = meeting.join(place.index)
    return voice


class _Leader:
    """Node 0: the `GangRunner` of its container's gang, which begins the other nodes by a word in the round."""

    apart = True

    def __init__(
        self, context: TaskContext, own: Container, place: Place, voice: rounds.Voice, keys: list[str], worker: str | None
    ) -> None:
        self.context, self.own, self.place, self.voice, self.worker = context, own, place, voice, worker
        self.ears = {index: rounds.Ear(context.store, keys[index]) for index in range(1, place.number)}
        self.address = own_address(os.environ)
        self.gang: dict[str, Any] = {"number": 0}
        self.rows: list[int] = []
        self.running: set[int] = set()
        self.ending = False

    def lead(self) -> int:
        """Run the task as any other one, and say how it ended."""
        logs = self.context.keys.log(self.context.step, self.context.slice, self.context.invocation.epoch, 0)[:-1]
        self.voice.say(log=self.context.store.count(logs, ""))
        code = finish(self.context, self._run)
        self.voice.say(state=rounds.DONE if code == DONE else rounds.FAILED)
        return code

    def _run(self, context: TaskContext, attempts: Attempts) -> list[Outcome]:
        if wrong := [len(rows) for rows in gangs(context) if len(rows) > self.place.number]:
            number = self.place.number
            raise NonRetryable(
                f"step `{context.step}` has {wrong[0]} nodes in this run, and the engine started {number}: compile the flow again"
            )
        return run_gangs(context, self, attempts)

    def begin_nodes(self, tried: int, variables: dict[int, dict[str, str]]) -> None:
        """Begin the nodes, as soon as all containers are here."""
        self._gather()
        self.rows = list(variables)
        shared = {WORKERS: ",".join(self._workers())} if self.worker else {}
        self.gang = {
            "number": self.gang["number"] + 1,
            "tried": tried,
            "rows": self.rows,
            "variables": list(variables.values()),
            "shared": shared,
        }
        self.running = set(range(len(self.rows)))
        self.voice.say(gang=self.gang)
        self.own.begin_nodes(tried, {self.rows[0]: {**variables[self.rows[0]], **shared}})

    def _workers(self) -> list[str]:
        """The address and the free port of each node of the gang."""
        return [self.worker or "", *(self.ears[index].doc["worker"] for index in range(1, len(self.rows)))]

    def _gather(self) -> None:
        """Wait until all nodes are here."""
        for index, ear in self.ears.items():
            while not ear.hear():
                check()
                if ear.is_late:
                    raise Retryable(f"node {index} of {self.place.number} of step `{self.context.step}` has not come")
                self.voice.beat()
                self.own.ready(rounds.POLL)

    def wait(self) -> Outcome:
        """The next outcome of a node, here or elsewhere."""
        while True:
            if self.own.ready(rounds.POLL):
                self.running.discard(0)
                return self.own.wait()
            for index in sorted(self.running - {0}):
                check()
                self.voice.beat()
                outcome = self._heard(index)
                if outcome is not None:
                    self.running.discard(index)
                    return outcome
            check()
            self.voice.beat()

    def _heard(self, index: int) -> Outcome | None:
        """What became of a node elsewhere; None as long as it runs."""
        ear, row = self.ears[index], self.rows[index]
        doc = ear.hear()
        if doc.get("number") == self.gang["number"]:
            if "broken" in doc:
                raise Broken(doc["broken"])
            outcome: Outcome = loads(self.context.store.blob(*doc["pack"]))
            return outcome
        if doc.get("state") == rounds.FAILED:
            if self.ending:
                return {"row": row, "ended": doc.get("reason", "")}
            message = f"node {index} of {self.place.number} of step `{self.context.step}` has ended: {doc.get('reason')}"
            raise NonRetryable(message) if doc.get("final") else Retryable(message)
        if ear.is_lost:
            return self._lost(index)
        return None

    def _lost(self, index: int) -> Outcome:
        message = f"nothing was heard of node {index} for {rounds.LOST:.0f} seconds"
        item = self.context.lineage.address(self.rows[index])
        error: Failure = {"type": KILLED, "full": KILLED, "message": message, "traceback": f"{KILLED}: {message}\n", "item": item}
        sys.stderr.write(error["traceback"])
        return {"row": self.rows[index], "error": error, "own": {}}

    def end(self) -> None:
        self.ending = True
        self.voice.say(gang={**self.gang, "ending": True})
        self.own.end()

    def over(self) -> None:
        self.ending = False
        self.voice.say(gang={**self.gang, "over": True})
        self.own.over()


class _Follower:
    """Another node than node 0."""

    def __init__(self, context: TaskContext, own: Container, place: Place, voice: rounds.Voice, key: str) -> None:
        self.context, self.own, self.place, self.voice = context, own, place, voice
        self.head = rounds.Ear(context.store, key)
        self.begun = 0
        self.running = self.told_to_end = False
        self.is_over = True

    def follow(self) -> int:
        """Do what node 0 says until it says how the round ended."""
        self.voice.say()
        while True:
            check()
            doc = self.head.hear()
            if doc.get("state", rounds.HERE) != rounds.HERE:
                return self._leave(doc)
            if self.head.is_lost or self.head.is_late:
                raise Retryable(f"nothing is heard of node 0 of step `{self.context.step}`")
            if "gang" in doc:
                self._obey(doc["gang"])
            if self.own.ready(rounds.POLL):
                self._report()
            self.voice.beat()

    def _leave(self, doc: dict[str, Any]) -> int:
        if doc["state"] == rounds.DONE:
            self.voice.say(state=rounds.DONE)
            return DONE
        message = f"step `{self.context.step}` failed: the output of node 0 says why"
        if doc.get("final"):
            raise NonRetryable(message)
        self.voice.fail("node 0 has ended")
        sys.stderr.write(f"flowport: {message}\n")
        return FAILED

    def _obey(self, gang: dict[str, Any]) -> None:
        if gang["number"] > self.begun and self.place.index < len(gang["rows"]):
            self.begun = gang["number"]
            self.running, self.told_to_end, self.is_over = True, False, False
            row, variables = gang["rows"][self.place.index], gang["variables"][self.place.index]
            self.own.begin_nodes(gang["tried"], {row: {**variables, **gang["shared"]}})
        if gang.get("ending") and self.running and not self.told_to_end:
            self.told_to_end = True
            self.own.end()
        if gang.get("over") and not self.is_over:
            self.is_over = True
            self.own.over()

    def _report(self) -> None:
        """Say what became of the node."""
        self.running = False
        try:
            outcome = self.own.wait()
        except Broken as error:
            self.voice.say(number=self.begun, broken=error.error)
            raise
        self.voice.say(number=self.begun, pack=list(self.context.store.put_blob([dumps(outcome, 5)])))
