"""`Runner`: runs a flow from Python, as `flowport run` does, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
import weakref
from typing import TYPE_CHECKING

from flowport.client.options import of_a_run, top_level
from flowport.client.place import open_place
from flowport.client.process import PERIOD, FlowProcess, require_command_line
from flowport.client.run import Run
from flowport.client.source import Source
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.runtime.names.exceptions import MetaflowNotFound
from flowport.workspace.flow_configs.choice import ConfigChoice
from flowport.workspace.flow_file import Changes, FlowFile, open_flow
from flowport.workspace.run import run_id
from flowport.workspace.stores import FOLDER, store_to_write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType
    from typing import Any


class ExecutingRun:
    """A run that was started, in a process of its own."""

    def __init__(self, runner: Runner, process: FlowProcess, run: Run) -> None:
        self.runner, self.command_obj, self.run = runner, process, run

    def __enter__(self) -> ExecutingRun:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.runner.cleanup()

    @property
    def returncode(self) -> int | None:
        """The exit status of the process, 0 when the run is done; None while it runs."""
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

    async def wait(self, timeout: float | None = None, stream: str | None = None) -> ExecutingRun:
        """Wait for the end of the run, and print `stdout` or `stderr` while it runs. After `timeout` seconds the run is ended."""
        await self.command_obj.finished(timeout, stream)
        return self

    async def stream_log(self, stream: str, position: int | None = None) -> AsyncIterator[tuple[int, str]]:
        """The lines of `stdout` or `stderr` as they come, each with the position behind it, from which another call can go on."""
        async for place, line in self.command_obj.lines(stream, position):
            yield place, line

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.run.pathspec}: {self.status}>"


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
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="flowport-runner-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        process = FlowProcess([sys.executable, "-m", "flowport", *words], self._folder, self.cwd, self.env_vars)
        self._processes.append(process)
        return process, Source(open_place(store), flow.name, new)

    def _flow(self) -> FlowFile:
        try:
            changes = Changes(configs=ConfigChoice(missing="ignore"), run_mutators=bool(self.top_level_kwargs.get("run_mutators")))
            return open_flow(self.flow_file, self.profile, changes)
        except CompileError as error:
            raise RuntimeError(f"`{self.flow_file}` has mistakes, which `flowport check {self.flow_file}` shows:\n{error}") from None

    def _store(self, flow: FlowFile) -> str:
        """The store that the run writes to, as the command finds it in `cwd` with `env`."""
        named = self.top_level_kwargs.get("datastore_root") or self.top_level_kwargs.get("store") or self.env_vars.get("FLOWPORT_STORE")
        if named:
            return named if ":" in named else os.path.join(self.cwd, named)
        return store_to_write(os.path.join(self.cwd, FOLDER) if flow.config.store is None else None, flow.config)

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
