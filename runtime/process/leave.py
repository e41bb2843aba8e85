"""Ends a forked process as Python ends: exit hooks, threads, open files. It skips the slow cleanup of imported modules."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End this process: wait for its threads, run its exit hooks, close its files."""
    import atexit

    try:
        threading = sys.modules.get("threading")
        if threading is not None:
            threading._shutdown()  # what `Py_FinalizeEx` calls first
        atexit._run_exitfuncs()
        _flush()
    except BaseException:  # as the interpreter does: it is printed, and the process ends
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _flush() -> None:
    """Close what the step left open, outermost first: text, then compressed and other files of libraries, then plain ones."""
    import gc
    from io import BufferedRandom, BufferedWriter, IOBase, TextIOWrapper

    plain = (TextIOWrapper, BufferedWriter, BufferedRandom)
    files = [each for each in gc.get_objects() if isinstance(each, IOBase)]
    for kind in plain[:1], (IOBase,), plain[1:]:
        for file in files:
            try:
                if file.closed:
                    continue
                if isinstance(file, plain):
                    if isinstance(file, kind):
                        file.flush()
                elif kind == (IOBase,):
                    file.close()
            except Exception as error:  # a file of the user's: its own failure, as it would be when the interpreter ends
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
