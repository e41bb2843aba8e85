"""A new week of features, and the outcomes that have become known in it: FeaturesFlow -> MonitorFlow -> RetrainFlow.

flowport run examples/retrain/features.py --scheduled-time 2026-01-05T06:00:00Z
"""

from datetime import datetime, timezone

from loans import applications, outcomes, week_of
from runs import latest_run

from flowport import FlowSpec, current, schedule, step

KEPT = 8
"""How many weeks with outcomes there are for a training."""


@schedule(cron="0 6 * * 1")
class FeaturesFlow(FlowSpec):
    """Collect the applications of a week, and the outcomes of earlier weeks, which come late."""

    @step
    def start(self):
        """Find the week: that of the schedule, or of now if somebody has started the run."""
        self.week = week_of(current.scheduled_time or datetime.now(timezone.utc))
        self.next(self.collect)

    @step
    def collect(self):
        """Collect what there is of the week, and the outcomes that earlier runs have collected."""
        self.applications = applications(self.week)
        self.outcomes = outcomes(self.week)
        self.known = [*known_before(self.week), *([self.outcomes] if self.outcomes else [])][-KEPT:]
        self.next(self.end)

    @step
    def end(self):
        """Tag the run with its week, by which other flows find it."""
        current.run.add_tag(f"week:{self.week}")
        print(f"week {self.week}: {len(self.applications)} applications, {len(self.outcomes)} outcomes")


def known_before(week):
    """The outcomes of earlier weeks, from the run of the last week that has one."""
    runs = (latest_run("FeaturesFlow", f"week:{one}") for one in range(week - 1, 0, -1))
    return next((run.data.known for run in runs if run is not None), [])


if __name__ == "__main__":
    FeaturesFlow()
