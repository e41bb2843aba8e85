import multiprocessing

from flowport import FlowSpec, resources, step


class TrainFlow(FlowSpec):
    @resources(cpu=multiprocessing.cpu_count())
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
