"""`metaflow` for flows that import it: flowport's own names. A folder on `sys.path`, so that processes which a step starts find it too."""

import sys

from flowport.runtime.names import cards, flow

sys.modules[__name__] = flow
sys.modules[f"{__name__}.cards"] = cards
for name in flow.unused():
    module, _, member = name.rpartition(".")
    if module:
        setattr(sys.modules.setdefault(f"{__name__}.{module}", type(sys)(module)), member, flow.NotOffered(member))
