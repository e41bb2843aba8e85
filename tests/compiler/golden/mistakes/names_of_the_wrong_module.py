from metaflow import FlowSpec, step
from metaflow.cli_args import CLIArgs
from metaflow.user_parameters import Parameter


class TrainFlow(FlowSpec):
    depth = Parameter("depth", default=3)

    @step
    def start(self):
        print(CLIArgs)
        self.next(self.end)


    @step
    def end(self):
        pass
