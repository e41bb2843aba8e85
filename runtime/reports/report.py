"""A report, and what sends one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Report = dict[str, Any]
"""A line that a task has written (`reporter.py`)."""

Send = Callable[[Report, Report], None]
"""Sends what a report says; the first argument is the first report of the task, which says what it is."""

PATIENCE = 30.0
"""Seconds that the end of a task may wait until its reports are sent."""
