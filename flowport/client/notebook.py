"""`NBRunner` and `NBDeployer`: the flow of a notebook's cell, written to a file and run or deployed from there."""

from __future__ import annotations

import ast
import os
import sys
import tempfile
from typing import TYPE_CHECKING

from flowport.client.deployments.deployer import Deployer
from flowport.client.runner import ExecutingRun, Runner

if TYPE_CHECKING:
    from typing import Any

    from flowport.client.run import Run


class NBRunnerInitializationError(Exception):
    """There is no notebook, or its cell has no such flow."""


class NBDeployerInitializationError(Exception):
    """There is no notebook, or its cell has no such flow."""


class _Cell:
    """A file with the flow of the current cell, in `base_dir` or the current folder, until `cleanup`."""

    def __init__(self, flow: type, base_dir: str | None, refused: type[Exception]) -> None:
        folder = os.path.abspath(base_dir or os.curdir)
        source = cell_source(_cell(refused), flow.__name__, refused)
        with tempfile.NamedTemporaryFile("w", prefix="flow_", suffix=".py", dir=folder, delete=False, encoding="utf-8") as file:
            file.write(source)
        self.path = file.name

    def remove(self) -> None:
        """Remove the file."""
        if os.path.exists(self.path):
            os.remove(self.path)


class NBRunner:
    """Runs the flow that the same cell of a notebook defines: `run = NBRunner(TrainFlow).nbrun(alpha=3)`.

    The file of the flow has the cell up to the end of the class, so what the flow imports has to be imported in the cell.
    """

    def __init__(
        self,
        flow: type,
        show_output: bool = True,
        profile: str | None = None,
        env: dict[str, str] | None = None,
        base_dir: str | None = None,
        file_read_timeout: int = 3600,
        **kwargs: Any,
    ) -> None:
        self.flow, self._cell = flow, _Cell(flow, base_dir, NBRunnerInitializationError)
        self.runner = Runner(self._cell.path, show_output, profile, env, base_dir, file_read_timeout, **kwargs)

    def nbrun(self, **kwargs: Any) -> Run:
        """Run the flow, wait for its end, and return the run; the files are removed."""
        try:
            return self.runner.run(**kwargs).run
        finally:
            self.cleanup()

    def nbresume(self, **kwargs: Any) -> Run:
        """Resume a run, wait for the end, and return the new run; the files are removed."""
        try:
            return self.runner.resume(**kwargs).run
        finally:
            self.cleanup()

    def run(self, **kwargs: Any) -> ExecutingRun:
        """Run the flow and wait for its end. Call `cleanup` afterwards."""
        return self.runner.run(**kwargs)

    def resume(self, **kwargs: Any) -> ExecutingRun:
        """Resume a run and wait for its end. Call `cleanup` afterwards."""
        return self.runner.resume(**kwargs)

    async def async_run(self, **kwargs: Any) -> ExecutingRun:
        """Start the flow, and return when the run has begun. Call `cleanup` afterwards."""
        return await self.runner.async_run(**kwargs)

    async def async_resume(self, **kwargs: Any) -> ExecutingRun:
        """Start to resume a run, and return when the new one has begun. Call `cleanup` afterwards."""
        return await self.runner.async_resume(**kwargs)

    def cleanup(self) -> None:
        """Remove the file of the flow, and those with the output."""
        self.runner.cleanup()
        self._cell.remove()


class NBDeployer(Deployer):
    """Deploys the flow that the same cell of a notebook defines. Call `cleanup` afterwards."""

    def __init__(
        self,
        flow: type,
        show_output: bool = True,
        profile: str | None = None,
        env: dict[str, str] | None = None,
        base_dir: str | None = None,
        file_read_timeout: int = 3600,
        **kwargs: Any,
    ) -> None:
        self.flow, self._cell = flow, _Cell(flow, base_dir, NBDeployerInitializationError)
        super().__init__(self._cell.path, show_output, profile, env, base_dir, file_read_timeout, **kwargs)

    def cleanup(self) -> None:
        """Remove the file of the flow."""
        self._cell.remove()


def cell_source(cell: str, name: str, refused: type[Exception] = ValueError) -> str:
    """The cell up to the end of the class of a flow, as a file that runs it; raises `refused` for a cell without that class."""
    try:
        body = ast.parse(cell).body
    except SyntaxError as error:
        raise refused(f"the cell is not Python alone, line {error.lineno}: put commands of the notebook into another cell") from None
    found = next((node for node in body if isinstance(node, ast.ClassDef) and node.name == name), None)
    if found is None:
        raise refused(f"the cell does not define the flow `{name}`: put the class and this call into one cell")
    lines = cell.splitlines()[: found.end_lineno]
    return "\n".join([*lines, "", "", 'if __name__ == "__main__":', f"    {name}()", ""])


def _cell(refused: type[Exception]) -> str:
    """The source of the cell that runs now; raises `refused` outside a notebook."""
    notebook = sys.modules.get("IPython")
    shell = notebook.get_ipython() if notebook is not None else None
    if shell is None:
        raise refused("this is no notebook: use `Runner(FILE)` or `Deployer(FILE)`")
    return str(shell.history_manager.input_hist_raw[-1])
