from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.first)

    @step
    def b(self):
        self.next(self.second)

    @step
    def first(self, inputs):
        self.next(self.end)

    @step
    def second(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
