import os

from flowport import FlowSpec, kubernetes, resources, step


class TrainFlow(FlowSpec):
    @kubernetes(image=os.environ["IMAGE"])
    @resources(memory=int(os.environ.get("MEMORY", 4096)))
    @step
    def start(self):
        self.next(self.end)


    @step
    def end(self):
        pass
