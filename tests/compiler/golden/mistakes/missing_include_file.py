from flowport import FlowSpec, IncludeFile, step


class TrainFlow(FlowSpec):
    query = IncludeFile("query", default="sql/query.sql")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
