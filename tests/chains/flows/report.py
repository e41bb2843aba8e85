from flowport import FlowSpec, schedule, step, trigger_on_finish


@schedule(weekly=True)
@trigger_on_finish(flow="ScoreFlow")
class ReportFlow(FlowSpec):
    """Write the report of the week, and after each scoring."""

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
