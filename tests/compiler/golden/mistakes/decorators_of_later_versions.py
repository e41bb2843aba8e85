from flowport import FlowSpec, card, gpu_profile, project, secrets, step


@project(name="vision")
class TrainFlow(FlowSpec):
    @card
    @gpu_profile(interval=1)
    @secrets(sources=['db'])
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
