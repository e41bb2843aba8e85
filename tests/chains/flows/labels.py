from flowport import FlowSpec, Parameter, step, trigger


@trigger(event={"name": "labels", "parameters": {"day": "date"}})
class LabelsFlow(FlowSpec):
    """Check labels that have arrived."""

    day = Parameter("day", required=True, help="the day of the labels")

    @step
    def start(self):
        self.labels = [0, 1, 1]
        self.next(self.end)

    @step
    def end(self):
        pass
