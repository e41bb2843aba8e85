"""The order of a plan's tasks: which are ready, given the routes of those that are done.

Reads plan JSON and routes as the compiler's `package/documents` describes them. It starts nothing itself: the local coordinator runs what
is ready in parallel, the fused loop one after the other. It uses no recursion, because a plan may have 10,000 tasks in a row.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Node: TypeAlias = dict[str, Any]
    Block: TypeAlias = list[Node]
    Route: TypeAlias = "list[int] | dict[str, Any] | None"


class PlanScheduler:
    """One walk through `body` on the slice `reference`.

    `turn` is where the first loop of `body` begins, for a block that goes on where an engine stopped.
    """

    def __init__(self, body: Block, reference: str = "s", turn: int = 0) -> None:
        self.finished = False
        self._first_turn = turn
        self._ready: list[tuple[str, str]] = []
        self._running: dict[tuple[str, str], _Frame] = {}
        self._going: list[_Frame] = []
        self._made = _Pass(reference, "")
        self._advance(_Frame(body, self._made, None))

    @property
    def left(self) -> set[str]:
        """The steps that items went to when they left a loop of `body`."""
        return {target for _, target in self._made.taken}

    def ready(self) -> list[tuple[str, str]]:
        """The tasks (step, slice) that became ready since this was asked last."""
        ready, self._ready = self._ready, []
        return ready

    def done(self, step: str, slice: str, route: Route = None) -> None:
        """A task is done; `route` is its route document, for a step that has one."""
        frame = self._running.pop((step, slice))
        frame.made.routes[step] = route
        self._advance(frame)

    def _advance(self, frame: _Frame) -> None:
        """Go on in a frame whose current node is over, and in those around and inside it, until tasks have to be waited for."""
        self._going.append(frame)
        while self._going:
            going: _Frame | None = self._going.pop()
            while going is not None:
                if going.arms is not None:
                    going = self._next_arm(going, going.arms)
                elif going.at < len(going.block):
                    node = going.block[going.at]
                    going.at += 1
                    going = self._enter(node, going)
                else:
                    going = self._leave(going)

    def _enter(self, node: Node, frame: _Frame) -> _Frame | None:
        """Begin a node; the frame to go on with, None when there are tasks to wait for."""
        made = frame.made
        if "task" in node:
            key = (node["task"], made.reference)
            self._running[key] = frame
            self._ready.append(key)
            return None
        if "parallel" in node:
            return self._fan([_Frame(branch, made, frame) for branch in node["branches"]], frame)
        if "map" in node:
            slices = made.routes[node["map"]]
            assert isinstance(slices, list)
            return self._fan([_Frame(node["body"], _Pass(f"{made.reference}.{number}", ""), frame) for number in slices], frame)
        if "choice" in node:
            return _Frame([], made, frame, arms=node["arms"])
        turn, self._first_turn = self._first_turn, 0
        return _Frame(node["body"], _Pass(f"{made.reference}.t{turn}", node["loop"]), frame, loop=node, turn=turn)

    def _fan(self, inner: list[_Frame], frame: _Frame) -> _Frame | None:
        if not inner:
            return frame
        frame.open = len(inner)
        self._going += reversed(inner)
        return None

    def _next_arm(self, frame: _Frame, arms: list[Node]) -> _Frame | None:
        """The next arm that some item reached, on the slice of its choice; the frame around when there is none."""
        while frame.at < len(arms):
            arm = arms[frame.at]
            frame.at += 1
            if any(frame.made.took(source, target) for source, target in arm["edges"]):
                return _Frame(arm["body"], frame.made, frame)
        return frame.around

    def _leave(self, frame: _Frame) -> _Frame | None:
        """A block is over: another turn of its loop, or the frame around it once nothing else in there is open."""
        if frame.loop is not None:
            return self._turn(frame, frame.loop)
        around = frame.around
        if around is None:
            self.finished = True
            return None
        if around.open:
            around.open -= 1
            if around.open:
                return None
        return around

    def _turn(self, frame: _Frame, loop: Node) -> _Frame | None:
        around = frame.around
        assert around is not None
        header = loop["loop"]
        if any(frame.made.took(source, header) for source in loop["again"]):
            turn = frame.turn + 1
            return _Frame(loop["body"], _Pass(f"{around.made.reference}.t{turn}", header), around, loop=loop, turn=turn)
        document = frame.made.routes.get(header)
        left = document.get("left", {}) if isinstance(document, dict) else {}
        for source, target in loop["exits"]:
            if left.get(target) or frame.made.took(source, target):
                around.made.taken.add((source, target))
        return around


class _Frame:
    """A block on its way: `at` is its next node, or the next arm of a choice; `open` counts the blocks that its current node waits for."""

    __slots__ = ("block", "made", "around", "at", "open", "arms", "loop", "turn")

    def __init__(
        self, block: Block, made: _Pass, around: _Frame | None, arms: list[Node] | None = None, loop: Node | None = None, turn: int = 0
    ) -> None:
        self.block, self.made, self.around, self.arms, self.loop, self.turn = block, made, around, arms, loop, turn
        self.at = self.open = 0


class _Pass:
    """What happened on one slice: the routes of its tasks, and the edges that were taken out of the loops on it."""

    __slots__ = ("reference", "header", "routes", "taken")

    def __init__(self, reference: str, header: str) -> None:
        self.reference, self.header = reference, header
        self.routes: dict[str, Route] = {}
        self.taken: set[tuple[str, str]] = set()

    def took(self, source: str, target: str) -> bool:
        """Whether items went from `source` to `target`: all of them, from a step without a route."""
        if source not in self.routes:
            return (source, target) in self.taken
        route = self.routes[source]
        if isinstance(route, dict):
            return bool(route["to"].get(target) or (target == self.header and route.get("again")))
        return True
