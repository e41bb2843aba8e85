"""The module `metaflow` for flows that import it. It is a folder on `sys.path`, so that child processes of a step find it too."""

import sys

from flowport.runtime.names import cards, flow

sys.modules[__name__] = flow
sys.modules[f"{__name__}.cards"] = cards
for name in flow.unused():
    # `client.core.Run` is a member of a module, `client.core.` the module itself.
    module, _, member = name.rpartition(".")
    path, owner = __name__, flow
    for part in module.split(".") if module else ():
        path = f"{path}.{part}"
        inner = sys.modules.setdefault(path, type(sys)(path))
        if not hasattr(owner, part):
            setattr(owner, part, inner)
        owner = inner
    if module and member:
        setattr(owner, member, flow.UnusedName(member))
