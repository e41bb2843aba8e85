from flowport import FlowSpec, Parameter, step, trigger, trigger_on_finish


@trigger(events=[{"name": "labels", "parameters": {"dya": "date"}}, 3])
@trigger_on_finish(flows=["TrainFlow", "demo.FeaturesFlow"])
class TrainFlow(FlowSpec):
    day = Parameter("day", default="")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
