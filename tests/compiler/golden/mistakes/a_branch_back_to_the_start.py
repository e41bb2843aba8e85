from flowport import FlowSpec, step


class RestlessFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.again, self.on)

    @step
    def again(self):
        self.next(self.start)

    @step
    def on(self):
        self.next(self.end)

    @step
    def end(self):
        pass
