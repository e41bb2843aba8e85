"""A run that no schedule started has no scheduled time."""

from flowport import FlowSpec, current, schedule, step


@schedule(cron="30 6 * * MON-FRI", timezone="Europe/Berlin")
class ScheduledFlow(FlowSpec):
    @step
    def start(self):
        self.first = current.scheduled_time
        self.days = [0, 1]
        self.next(self.day, foreach="days")

    @step
    def day(self):
        self.when = current.scheduled_time
        self.next(self.join)

    @step
    def join(self, inputs):
        self.times = [each.when and each.when.isoformat() for each in inputs]
        self.first = inputs[0].first and inputs[0].first.isoformat()
        self.next(self.end)

    @step
    def end(self):
        self.last = current.scheduled_time and current.scheduled_time.isoformat()
        self.is_scheduled = "scheduled_time" in current


if __name__ == "__main__":
    ScheduledFlow()
