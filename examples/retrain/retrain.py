"""A new model where the live one is stale, and kept only if it is better: FeaturesFlow -> MonitorFlow -> RetrainFlow.

flowport run examples/retrain/retrain.py --trigger-from MonitorFlow
"""

from loans import FEATURES
from model import error, fit
from registry import contest, open_registry

from flowport import FlowSpec, Parameter, current, step, trigger_on_finish
from flowport.staleness import Distribution


@trigger_on_finish(flow="MonitorFlow")
class RetrainFlow(FlowSpec):
    """Train a model if the live one is stale, register it, and make it the champion if it is better."""

    cooldown = Parameter("cooldown", default=3, help="after a retraining, no other one begins for so many weeks")
    margin = Parameter("margin", default=0.01, help="how much smaller the error of the new model must be: 0.01 is 1 %")
    batches = Parameter("batches", default=4, help="train with the outcomes of so many weeks")
    at_least = Parameter("at-least", default=3, help="do not train with the outcomes of fewer weeks")

    @step
    def start(self):
        """Decide whether to train: every run of MonitorFlow starts this flow, and most of them end it here."""
        monitor = current.trigger.run.data
        self.week, self.known = monitor.week, monitor.known[-self.batches :]
        self.retraining = current.run_id  # a run that is resumed after this step keeps it
        self.decision, self.reason = self.decide(monitor)
        self.next({"train": self.train, "keep": self.end}, condition="decision")

    @step
    def train(self):
        """Train with most of the outcomes, and set a quarter aside: the same loans in every retraining, so that no model has seen them."""
        known = [one for outcomes in self.known for one in outcomes]
        training = [(row, lost) for row, lost in known if row["id"] % 4]
        self.holdout = [(row, lost) for row, lost in known if row["id"] % 4 == 0]
        weights = fit(training)
        self.candidate = {
            "weights": weights,
            "error": error(weights, self.holdout),
            "week": self.week,
            "until": max(row["week"] for row, _ in known),
            "profile": {name: Distribution.of(row[name] for row, _ in training).to_dict() for name in FEATURES},
        }
        self.next(self.register)

    @step
    def register(self):
        """Register the model, and make it the champion if it is better than the live one on the holdout."""
        registry = open_registry()
        version = registry.register(self.retraining, self.candidate)
        self.version = version.name
        self.promoted, other = contest(registry, version, self.is_better)
        if other is None or other.name == version.name:
            self.reason = f"version {version.name} is the champion"
        else:
            is_what = "is better than" if self.promoted else f"is not better by {self.margin:.0%} than"
            errors = f"{self.candidate['error']:.3f} and {error(other.model['weights'], self.holdout):.3f}"
            self.reason = f"version {version.name} {is_what} {other.name}, the errors are {errors}"
        self.next(self.end)

    @step
    def end(self):
        """Print what has become of it."""
        print(f"week {self.week}: {self.reason}")

    def decide(self, monitor):
        """Whether to train, and why not."""
        if not monitor.is_stale:
            return "keep", "the live model is fresh"
        if len(self.known) < self.at_least:
            return "keep", f"the outcomes of {self.at_least} weeks are needed, and there are those of {len(self.known)}"
        latest = open_registry().latest()
        if latest is not None and self.week - latest.model["week"] < self.cooldown:
            return "keep", f"version {latest.name} was trained in week {latest.model['week']}, less than {self.cooldown} weeks ago"
        return "train", "the live model is stale"

    def is_better(self, other):
        """Whether the new model is better than another one by the margin."""
        return self.candidate["error"] < (1 - self.margin) * error(other.model["weights"], self.holdout)


if __name__ == "__main__":
    RetrainFlow()
