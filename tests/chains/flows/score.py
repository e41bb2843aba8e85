from flowport import FlowSpec, Parameter, step, trigger


@trigger(event={"name": "model", "parameters": {"model_run": "run"}})
class ScoreFlow(FlowSpec):
    """Score all customers with the newest model."""

    model_run = Parameter("model_run", required=True)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
