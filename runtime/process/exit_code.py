"""The exit code of a task."""

from __future__ import annotations

import sys

from flowport.runtime.process.lifecycle import Ended
from flowport.runtime.protocol import ENDED, FAILED, STOP, NonRetryable, Retryable, VersionError
from flowport.runtime.store.codec import Unstorable
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def guarded(body: Callable[[], int]) -> int:
    """The exit code of `body`, with what the runtime itself has to say printed in a line."""
    try:
        return body()
    except (NonRetryable, VersionError) as error:
        return _report(error, STOP)
    except (StoreError, Missing, Corrupt, Unstorable, Retryable) as error:
        return _report(error, FAILED)
    except Ended as error:
        return _report(error, ENDED)


def _report(error: BaseException, code: int) -> int:
    sys.stderr.write(f"flowport: {shown(str(error), lines=True)}\n")
    return code
