import settings
from settings import TIMES, VARIABLES

from flowport import FlowSpec, environment, resources, retry, secrets, step


class TrainFlow(FlowSpec):
    @retry(times=TIMES)
    @environment(vars=VARIABLES)
    @step
    def start(self):
        self.next(self.train)

    @environment(vars={"REGION": settings.REGION})
    @secrets(sources=[settings.SECRET])
    @step
    def train(self):
        self.next(self.end)

    @resources(cpu=len)
    @step
    def end(self):
        pass
