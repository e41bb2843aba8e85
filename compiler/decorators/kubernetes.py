"""`@kubernetes`: what the pod of a step is and has, with Metaflow's arguments.

Those of Metaflow's that say where its own service is, or that a profile says for all steps, are a warning.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowport.compiler.decorators.arguments import Values
from flowport.compiler.decorators.resolve import ELSEWHERE
from flowport.compiler.ir import Kubernetes


def pod(values: Values) -> Kubernetes:
    """What `@kubernetes` asks for beside resources."""
    for name, (node, value) in values.named.items():
        if name in ELSEWHERE and value is not None:
            message = f"`{name}` of `@kubernetes` has no effect: {ELSEWHERE[name]}"
            values.reading.warn("FP141", message, values.mark.source, node, f"leave `{name}` out")
    return Kubernetes(
        image=values.text("image", "registry.example.com/flows:1"),
        service_account=values.text("service_account", "flows"),
        node_selector=values.table("node_selector", '{"pool": "batch"}'),
        tolerations=tuple(_tolerations(values)),
        labels=values.table("labels", '{"team": "vision"}'),
        secrets=values.texts("secrets", "database"),
        volumes=values.table("persistent_volume_claims", '{"models": "/models"}'),
    )


def _tolerations(values: Values) -> Iterator[tuple[tuple[str, str | int], ...]]:
    node, found = values.named.get("tolerations", (values.mark.node, None))
    for each in found if isinstance(found, list | tuple) else () if found is None else (found,):
        if isinstance(each, dict) and all(isinstance(key, str) and isinstance(value, str | int) for key, value in each.items()):
            yield tuple(sorted(each.items()))
        else:
            example = 'write `tolerations=[{"key": "batch", "operator": "Exists"}]`'
            values.say(node, f"a toleration of `@kubernetes` is a dict in Kubernetes' own words, not `{each!r}`", example)
