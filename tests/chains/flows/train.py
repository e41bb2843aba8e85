from metaflow.integrations import ArgoEvent

from flowport import FlowSpec, current, step, trigger_on_finish


@trigger_on_finish(flows=["FeaturesFlow", "LabelsFlow"])
class TrainFlow(FlowSpec):
    """Train a model, and say so."""

    @step
    def start(self):
        self.model = sum(current.trigger["FeaturesFlow"].data.features)
        self.next(self.end)

    @step
    def end(self):
        ArgoEvent("model").publish(payload={"run": current.run_id, "kind": "forest"})
