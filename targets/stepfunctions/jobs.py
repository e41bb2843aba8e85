"""The jobs of a plan: what is to run for each step, and for the rest of each loop. On what they run is the business of `compute`."""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.ir import BatchJob, Resources
from flowport.compiler.ir import Settings as StepSettings
from flowport.compiler.ir.plan import Loop, Plan, steps, walk
from flowport.compiler.ir.secrets import EngineSecret
from flowport.compiler.lower.fuse import merge_settings
from flowport.compiler.lower.names import HASH, Namer
from flowport.compiler.lower.time_limits import time_limits
from flowport.compiler.record import record
from flowport.runtime.hooks.ending import Ending
from flowport.runtime.protocol import GATE, Invocation
from flowport.runtime.records.rounds import ARRIVAL
from flowport.targets.containers.needs import tempdir
from flowport.targets.gangs import can_be_apart
from flowport.targets.stepfunctions.settings import Settings

JOB_NAME = 128 - 1 - HASH
"""Characters of a job's name, which is also that of its definition, with a digest behind it."""

GIVEN = "Ref::"
"""What stands before the name of a value that a state gives to a job, in the words of AWS Batch (Batch User Guide, "Parameters")."""

FUNCTION_NAME = 64 - 1 - HASH
"""The same for a function of Lambda."""

SHORTEST_TIMEOUT = 60
"""The least `attemptDurationSeconds` (AWS Batch API, JobTimeout)."""


@record
class Job:
    """One job: the command that it runs, of a task or of the exit hooks, and what each of its containers asks for.

    There is one container for each node.
    """

    name: str
    invocation: Invocation | Ending
    resources: Resources
    environment: tuple[tuple[str, str], ...]
    batch: BatchJob
    timeout: int | None
    secrets: tuple[EngineSecret, ...] = ()
    nodes: int = 1

    @property
    def tmpfs_mib(self) -> int:
        """The MiB of its folder in memory; 0 if it has none."""
        return self.batch.tmpfs.mib(self.resources.memory) if self.batch.tmpfs else 0


class Jobs:
    """The jobs of a plan: one for each step, and one for the rest of each loop that has a cap."""

    def __init__(self, plan: Plan, settings: Settings) -> None:
        self._plan, self._settings = plan, settings
        name = Namer("A-Za-z0-9_-", FUNCTION_NAME if settings.compute == "lambda" else JOB_NAME)
        # Named after the machine: a state names its definition without a revision, so two machines of one account must not share any.
        begin = settings.begin(settings.compute)
        self._asked = {step.name: step.settings for step in plan.flow.steps}
        self._limits = time_limits(plan, settings.width, settings.total)
        self.steps = {step: self._task(name(f"{begin}{step}"), step) for step in steps(plan.body)}
        loops = [node for node in walk(plan.body) if isinstance(node, Loop) and node.cap is not None]
        self.rests = {loop.header: self._rest(name(f"{begin}{loop.header}-rest"), loop) for loop in loops}

    def __iter__(self) -> Iterator[Job]:
        yield from self.steps.values()
        yield from self.rests.values()

    def _task(self, name: str, step: str) -> Job:
        settings = self._asked[step]
        timeout = max(SHORTEST_TIMEOUT, self._limits[step]) if step in self._limits else None
        engine = "Ref::engine" if step == self._plan.flow.start else ""
        nodes = nodes_apart(settings, self._settings)
        if timeout and nodes > 1:  # the clock of the job begins with node 0, which waits for the others
            timeout += round(ARRIVAL)
        invocation = self._invocation(
            step,
            self._settings.width,
            self._settings.total,
            engine=engine,
            nodes="batch" if nodes > 1 else "",
            cooldown=(self._settings.cooldown or 0) if step == GATE else 0,
        )
        return _job(name, invocation, settings, timeout, nodes)

    def _rest(self, name: str, loop: Loop) -> Job:
        asked = merge_settings(self._asked[step] for step in steps(loop.body))
        invocation = self._invocation(loop.header, 1, 1, block=True, turn=loop.cap or 0)
        return _job(name, invocation, asked, None)

    def _invocation(
        self, step: str, width: int, total: int, engine: str = "", block: bool = False, turn: int = 0, nodes: str = "", cooldown: int = 0
    ) -> Invocation:
        return Invocation(
            self._plan.flow.name,
            "Ref::run",
            step,
            "Ref::slice",
            self._settings.store,
            "Ref::code",
            width=width,
            total=total,
            engine=engine,
            block=block,
            turn=turn,
            nodes=nodes,
            cooldown=cooldown,
        )


def nodes_apart(asked: StepSettings, settings: Settings) -> int:
    """How many containers the job of a step has: one for each node of a gang, if their number is known and its programs can do so.

    Batch takes another number with a job (`NodeOverrides`), and the `.sync` integration of Step Functions has no such parameter
    (Step Functions, "Run AWS Batch workloads"). That of the SDK has it, but does not end the job when an execution is stopped.
    """
    gang = asked.gang
    if gang is None or not gang.nodes or not can_be_apart(asked) or settings.gangs == "container":
        return 1
    return gang.nodes if settings.compute == "batch" and settings.platform == "EC2" else 1


def fixed_words(job: Job) -> list[str]:
    """The arguments that every task of a job has: all but those whose value a state gives, as `Ref::run`."""
    words = job.invocation.argv()
    pairs = [pair for pair in zip(words[1::2], words[2::2]) if not pair[1].startswith(GIVEN)]
    return [words[0], *(word for pair in pairs for word in pair)]


def _job(name: str, invocation: Invocation, asked: StepSettings, timeout: int | None, nodes: int = 1) -> Job:
    batch = asked.execution.for_batch()
    variables = {**dict(tempdir(batch.tmpfs)), **dict(asked.variables)}
    sizes = asked.sizes if nodes == 1 else asked.resources or Resources()
    return Job(name, invocation, sizes, tuple(sorted(variables.items())), batch, timeout, asked.delivery.engine, nodes)
