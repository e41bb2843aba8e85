from flowport import FlowSpec, retry, step


def robust(times):
    def wrap(function):
        return retry(times=times)(function)

    return wrap


class TrainFlow(FlowSpec):
    @robust(3)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
