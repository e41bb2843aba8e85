"""Tracebacks of errors in a flow's modules, without the frames of flowport."""

from __future__ import annotations

import os
import traceback


def show(error: BaseException, folder: str) -> None:
    """Print an error that came while the flow in `folder` was imported, from the first line of its own files on."""
    from flowport.runtime.local.watch import is_own

    frames, own = error.__traceback__, os.path.join(folder, "")
    while frames is not None and not is_own(frames.tb_frame.f_code.co_filename, own):
        frames = frames.tb_next
    traceback.print_exception(type(error), error, frames or error.__traceback__)
