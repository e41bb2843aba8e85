from flowport import FlowSpec, card, conda_base, project, secrets, step


@project(name="vision")
@conda_base(packages={"pandas": "2.0"})
class TrainFlow(FlowSpec):
    @card
    @secrets(sources=['db'])
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
