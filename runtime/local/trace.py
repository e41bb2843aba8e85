"""Tracebacks of errors in a flow's modules, without the frames of flowport."""

from __future__ import annotations

import traceback


def show(error: BaseException, folder: str) -> None:
    """Print an error that came while the flow in `folder` was imported, from the first line of its own files on."""
    frames = error.__traceback__
    while frames is not None and not frames.tb_frame.f_code.co_filename.startswith(folder):
        frames = frames.tb_next
    traceback.print_exception(type(error), error, frames or error.__traceback__)
