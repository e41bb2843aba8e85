from metaflow import Flow, FlowSpec, Run, step, steps


class TrainFlow(FlowSpec):
    @step
    def start(self):
        print(Flow('TrainFlow'), Run('TrainFlow/1'), steps)
        self.next(self.end)

    @step
    def end(self):
        pass
