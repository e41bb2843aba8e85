from metaflow import FlowSpec, parallel, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.train, num_parallel=4)

    @parallel
    @step
    def train(self):
        self.next(self.score)

    @step
    def score(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.again, num_parallel=4)

    @parallel
    @step
    def again(self):
        self.good = True
        self.next({True: self.yes, False: self.no}, condition="good")

    @step
    def yes(self):
        self.next(self.second)

    @step
    def no(self):
        self.next(self.second)

    @step
    def second(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
