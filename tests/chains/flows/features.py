from flowport import FlowSpec, schedule, step


@schedule(cron="30 6 * * MON-FRI", timezone="Europe/Berlin")
class FeaturesFlow(FlowSpec):
    """Compute the features of yesterday."""

    @step
    def start(self):
        self.features = [1, 2, 3]
        self.next(self.end)

    @step
    def end(self):
        pass
