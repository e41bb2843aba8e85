from flowport import FlowSpec, step

FAST = True


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.train)

    if FAST:

        @step
        def train(self):
            self.next(self.check)
    else:

        @step
        def train(self):
            self.rounds = 3
            self.next(self.check)

    try:

        @step
        def check(self):
            self.next(self.end)
    finally:
        pass

    @step
    def end(self):
        pass
