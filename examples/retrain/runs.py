"""Earlier runs of the flows, whoever started them."""

from flowport import Flow, namespace
from flowport.exceptions import MetaflowNotFound


def runs_of(flow, *tags):
    """The runs of a flow with all of these tags, the latest first; none where the flow has never run."""
    namespace(None)
    try:
        return Flow(flow).runs(*tags)
    except MetaflowNotFound:
        return iter(())


def latest_run(flow, *tags):
    """The latest of them that is done, or None."""
    return next((run for run in runs_of(flow, *tags) if run.successful), None)
