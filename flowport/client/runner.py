"""`Runner`: runs a flow from Python, as `flowport run` does, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
import weakref
from typing import TYPE_CHECKING, NamedTuple

from flowport.client.options import of_a_run, of_a_spin, top_level
from flowport.client.place import open_place
from flowport.client.process import PERIOD, FlowProcess, require_command_line
from flowport.client.run import Run
from flowport.client.source import Source
from flowport.client.task import Task
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.runtime.names.exceptions import MetaflowNotFound
from flowport.workspace.flow_configs.choice import ConfigChoice
from flowport.workspace.flow_file import Changes, FlowFile, open_flow
from flowport.workspace.run import run_id
from flowport.workspace.stores import FOLDER, is_folder, store_to_write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self


class ExecutingProcess:
    """What was started in a process of its own."""

    def __init__(self, runner: Runner, process: FlowProcess) -> None:
        self.runner, self.command_obj = runner, process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.runner.cleanup()

    @property
    def returncode(self) -> int | None:
        """The exit status of the process, 0 when what it runs is done; None while it runs."""
        return self.command_obj.returncode

    @property
    def status(self) -> str:
        """`running`, `successful`, `failed`, or `timeout` if `wait` has ended it."""
        if self.command_obj.timed_out:
            return "timeout"
        if self.returncode is None:
            return "running"
        return "failed" if self.returncode else "successful"

    @property
    def stdout(self) -> str:
        """What was printed to standard output so far."""
        return self.command_obj.text("stdout")

    @property
    def stderr(self) -> str:
        """What was printed to standard error so far."""
        return self.command_obj.text("stderr")

    async def wait(self, timeout: float | None = None, stream: str | None = None) -> Self:
        """Wait for the end of the process, and print `stdout` or `stderr` while it runs. After `timeout` seconds it is ended."""
        await self.command_obj.finished(timeout, stream)
        return self

    async def stream_log(self, stream: str, position: int | None = None) -> AsyncIterator[tuple[int, str]]:
        """The lines of `stdout` or `stderr` as they come, each with the position behind it, from which another call can go on."""
        async for place, line in self.command_obj.lines(stream, position):
            yield place, line

    def _shown(self, pathspec: str) -> str:
        return f"<{type(self).__name__} {pathspec}: {self.status}>"


class ExecutingRun(ExecutingProcess):
    """A run that was started, in a process of its own."""

    def __init__(self, runner: Runner, process: FlowProcess, run: Run) -> None:
        super().__init__(runner, process)
        self.run = run

    def __repr__(self) -> str:
        return self._shown(self.run.pathspec)


class ExecutingTask(ExecutingProcess):
    """A step that ran again by itself, in a process of its own; `task` has the results."""

    def __init__(self, runner: Runner, process: FlowProcess, task: Task) -> None:
        super().__init__(runner, process)
        self.task = task

    def __repr__(self) -> str:
        return self._shown(self.task.pathspec)


class Runner:
    """Runs the flow in a file: `with Runner("flow.py").run(alpha=3) as running: print(running.run.data.model)`.

    `show_output` prints what `run` and `resume` print; `profile` is one of flowport.toml. `env` is set for the run, which begins in `cwd`.
    Further arguments are those that Metaflow takes before its command, such as `decospecs=["retry"]`.
    """

    def __init__(
        self,
        flow_file: str,
        show_output: bool = True,
        profile: str | None = None,
        env: dict[str, str] | None = None,
        cwd: str | None = None,
        file_read_timeout: int = 3600,
        **kwargs: Any,
    ) -> None:
        self.flow_file, self.show_output, self.profile = os.path.abspath(flow_file), show_output, profile
        self.cwd, self.file_read_timeout = os.path.abspath(cwd or os.curdir), file_read_timeout
        self.env_vars = {**os.environ, **(env or {})}
        self.top_level_kwargs = kwargs
        self._words = top_level(kwargs)
        self._folder: str | None = None
        self._processes: list[FlowProcess] = []

    def __enter__(self) -> Runner:
        return self

    async def __aenter__(self) -> Runner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.cleanup()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.cleanup()

    def run(self, **kwargs: Any) -> ExecutingRun:
        """Run the flow and wait for its end. The arguments are parameters of the flow, `tags`, `max_workers` and `run_id_file`.

        Raises RuntimeError for a run that did not begin, with what was printed; a run that failed has the status `failed`.
        """
        return self._waited(*self._started("run", kwargs))

    def resume(self, step_to_rerun: str | None = None, origin_run_id: str | None = None, **kwargs: Any) -> ExecutingRun:
        """Resume a run, by default the latest that is not done, and wait for its end; raises as `run` does."""
        return self._waited(*self._started("resume", kwargs, origin_run_id, step_to_rerun))

    async def async_run(self, **kwargs: Any) -> ExecutingRun:
        """Start the flow, and return when the run has begun; raises as `run` does."""
        return await self._begun(*self._started("run", kwargs))

    async def async_resume(self, step_to_rerun: str | None = None, origin_run_id: str | None = None, **kwargs: Any) -> ExecutingRun:
        """Start to resume a run, and return when the new one has begun; raises as `run` does."""
        return await self._begun(*self._started("resume", kwargs, origin_run_id, step_to_rerun))

    def spin(self, pathspec: str, **kwargs: Any) -> ExecutingTask:
        """Run one step of an earlier run again and wait for its end: STEP, RUN/STEP, FLOW/RUN/STEP, or with an item behind it.

        The arguments are parameters of the flow, `skip_decorators`, `artifacts_module` and `run_id_file`. Raises RuntimeError for a step
        that did not begin, with what was printed; a step that failed has the status `failed`.
        """
        process, spin = self._spin(pathspec, kwargs)
        process.wait(self.show_output)
        return self._executing_task(process, spin)

    async def async_spin(self, pathspec: str, **kwargs: Any) -> ExecutingTask:
        """The same while other coroutines go on. As in Metaflow it returns when the step has ended, because only then there is a task."""
        process, spin = self._spin(pathspec, kwargs)
        await process.finished(None, "stdout" if self.show_output else None)
        return self._executing_task(process, spin)

    def cleanup(self) -> None:
        """Remove the files with the output. What was printed so far can still be read."""
        for process in self._processes:
            process.keep()
        self._processes = []
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _started(
        self, command: str, arguments: dict[str, Any], origin: str | None = None, first: str | None = None
    ) -> tuple[FlowProcess, Source]:
        """Start a command, and say where its run will be; raises RuntimeError for a flow with mistakes, TypeError for wrong arguments."""
        require_command_line(type(self).__name__)
        flow = self._flow()
        new, store = run_id(None), self._store(flow)
        profile = ["--profile", self.profile] if self.profile else []
        begin = [*([origin] if origin else []), *(["--from", first] if first else [])] if command == "resume" else []
        stored = [] if "--store" in self._words else ["--store", store]
        words = [command, self.flow_file, *begin, "--run-id", new, *profile, *self._words, *stored]
        words += of_a_run(arguments, [str(parameter["name"]) for parameter in flow.parameters])
        return self._process(words), Source(open_place(store), flow.name, new)

    def _spin(self, pathspec: str, arguments: dict[str, Any]) -> tuple[FlowProcess, _Spin]:
        """Start a spin, and say where its results will be; raises as `_started` does."""
        require_command_line(type(self).__name__)
        flow = self._flow()
        store, options = self._store(flow), {**arguments}
        named = options.pop("run_id_file", None)
        file = os.path.join(self.cwd, named) if named else os.path.join(self._own_folder(), f"{os.urandom(8).hex()}.id")
        profile = ["--profile", self.profile] if self.profile else []
        top = top_level({name: value for name, value in self.top_level_kwargs.items() if name != "quiet"})
        words = ["spin", self.flow_file, pathspec, "--run-id-file", file, *profile, *top, *([] if "--store" in top else ["--store", store])]
        words += of_a_spin(options, [str(parameter["name"]) for parameter in flow.parameters])
        return self._process(words), _Spin(flow.name, file, store if is_folder(store) else self._folder_store(flow))

    def _process(self, words: list[str]) -> FlowProcess:
        process = FlowProcess([sys.executable, "-m", "flowport", *words], self._own_folder(), self.cwd, self.env_vars)
        self._processes.append(process)
        return process

    def _own_folder(self) -> str:
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="flowport-runner-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def _flow(self) -> FlowFile:
        try:
            changes = Changes(configs=ConfigChoice(missing="ignore"), run_mutators=bool(self.top_level_kwargs.get("run_mutators")))
            return open_flow(self.flow_file, self.profile, changes)
        except CompileError as error:
            raise RuntimeError(f"`{self.flow_file}` has mistakes, which `flowport check {self.flow_file}` shows:\n{error}") from None

    def _store(self, flow: FlowFile) -> str:
        """The store that the run writes to, as the command finds it in `cwd` with `env`."""
        named = self.top_level_kwargs.get("datastore_root") or self.top_level_kwargs.get("store") or self.env_vars.get("FLOWPORT_STORE")
        return self._written(named, flow)

    def _written(self, named: str | None, flow: FlowFile) -> str:
        if named:
            return named if ":" in named else os.path.join(self.cwd, named)
        return store_to_write(os.path.join(self.cwd, FOLDER) if flow.config.store is None else None, flow.config)

    def _folder_store(self, flow: FlowFile) -> str:
        """The folder that a spin of a run in a bucket writes to."""
        url = self._written(self.env_vars.get("FLOWPORT_STORE"), flow)
        return url if is_folder(url) else os.path.join(self.cwd, FOLDER)

    def _waited(self, process: FlowProcess, source: Source) -> ExecutingRun:
        process.wait(self.show_output)
        return self._executing(process, source)

    async def _begun(self, process: FlowProcess, source: Source) -> ExecutingRun:
        limit = time.monotonic() + self.file_read_timeout
        while process.returncode is None and not source.exists and time.monotonic() < limit:
            await asyncio.sleep(PERIOD)
        return self._executing(process, source)

    def _executing(self, process: FlowProcess, source: Source) -> ExecutingRun:
        try:
            if not source.exists:
                raise MetaflowNotFound
            return ExecutingRun(self, process, Run(f"{source.flow}/{source.run}", _namespace_check=False, _found=source))
        except MetaflowNotFound:
            said = process.text("stderr").strip() or process.text("stdout").strip()
            raise RuntimeError(f"the run of `{self.flow_file}` did not begin: exit status {process.returncode}\n{said}".rstrip()) from None

    def _executing_task(self, process: FlowProcess, spin: _Spin) -> ExecutingTask:
        try:
            with open(spin.id_file, encoding="utf-8") as file:
                source = Source(open_place(spin.store), spin.flow, file.read())
            if not source.exists:
                raise MetaflowNotFound
            item = source.record["spin"]
            found = Task(f"{spin.flow}/{source.run}/{item['step']}/{item['item']}", _namespace_check=False, _found=source)
            return ExecutingTask(self, process, found)
        except (FileNotFoundError, MetaflowNotFound):
            said = process.text("stderr").strip() or process.text("stdout").strip()
            raise RuntimeError(f"the spin of `{self.flow_file}` did not begin: exit status {process.returncode}\n{said}".rstrip()) from None


class _Spin(NamedTuple):
    """Where the results of a spin will be: the flow, the file with its id once it is known, and the store."""

    flow: str
    id_file: str
    store: str
