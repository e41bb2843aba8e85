from metaflow import FlowMutator, FlowSpec, Parameter, StepMutator, step


class Robust(FlowMutator):
    def pre_mutate(self, mutable_flow):
        mutable_flow.add_parameter("rate", Parameter("rate", default=1))


class Louder(StepMutator):
    def mutate(self, mutable_step):
        mutable_step.add_decorator("environment", deco_kwargs={"vars": {"LEVEL": "debug"}})


@Robust
class TrainFlow(FlowSpec):
    @Louder("more")
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
