"""`current.mpi` of `@mpi`: node 0 runs the step, and starts programs on all nodes with `mpirun` or `mpiexec`. The other nodes only wait.

All nodes are in one container, so MPI starts their processes there, and nothing needs `ssh`.
"""

from __future__ import annotations

import os
import tempfile

from flowport.runtime.launchers.command import MPIException, program, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MISSING = "install MPI in the image, such as the package `openmpi-bin` of Debian"


class MPI:
    """`current.mpi`. `slots` is how many processes all nodes together run."""

    def __init__(self, slots: int) -> None:
        self._slots = slots

    def cc(self, args: Sequence[str] | None = None) -> None:
        """Compile with `mpicc`."""
        compiler = program(
            "mpi", "mpicc", "install a compiler for MPI in the image, such as the package `libopenmpi-dev` of Debian", MPIException
        )
        run([*compiler, *(args or ())], MPIException)

    def run(self, args: Sequence[str] | None = None, program: str | None = None, program_args: Sequence[str] | None = None) -> None:
        """Run `program` with `mpirun`; raises MPIException if it fails."""
        self._start("mpirun", args, program, program_args)

    def exec(self, args: Sequence[str] | None = None, program: str | None = None, program_args: Sequence[str] | None = None) -> None:
        """Run `program` with `mpiexec`; raises MPIException if it fails."""
        self._start("mpiexec", args, program, program_args)

    def broadcast_file(self, filename: str) -> None:
        """Have a file on all nodes. They share the folders of one container, so it is enough that there is such a file."""
        if not os.path.exists(filename):
            raise MPIException(f"`current.mpi.broadcast_file` found no file `{filename}`")

    def _start(self, starter: str, args: Sequence[str] | None, what: str | None, arguments: Sequence[str] | None) -> None:
        command = program("mpi", starter, MISSING, MPIException)
        with tempfile.NamedTemporaryFile("w", prefix="hosts_") as hosts:
            hosts.write("localhost\n" * self._slots)  # a line for each process: the form that Open MPI and MPICH share
            hosts.flush()
            given = [str(word) for word in args or ()]
            known = [] if "--hostfile" in given else ["--hostfile", hosts.name]
            run([*command, *given, *known, *(what or "").split(), *(str(word) for word in arguments or ())], MPIException)
