"""How stale the live model is: FeaturesFlow -> MonitorFlow -> RetrainFlow.

flowport run examples/retrain/monitor.py --trigger-from FeaturesFlow
"""

from loans import FEATURES
from model import error
from registry import open_registry
from runs import latest_run

from flowport import Config, FlowSpec, card, current, step, trigger_on_finish
from flowport.cards import Markdown, Table, ValueBox, VegaChart
from flowport.staleness import Distribution, Signal, assess, drift

SHOWN = 26
"""How many weeks the chart shows."""


@trigger_on_finish(flow="FeaturesFlow")
class MonitorFlow(FlowSpec):
    """Measure drift, age and error of the live model, and say whether it is stale."""

    signals = Config("signals", default="signals.json", help="from where to where a signal goes, its weight, and the threshold")

    @step
    def start(self):
        """Look up the live model, of which there is none before the first training, and pass on what a training needs."""
        features = current.trigger.run.data
        self.week, self.known = features.week, features.known
        champion = open_registry().champion()
        self.live = champion and champion._asdict()
        self.next(self.measure)

    @card(type="blank", options={"title": "Is the model stale?"})
    @step
    def measure(self):
        """Measure the signals and weigh them."""
        self.is_stale, self.score, self.confidence, self.reasons = True, 1.0, 1.0, ("there is no live model",)
        measured = []
        if self.live is not None:
            model, features = self.live["model"], current.trigger.run.data
            measured = [
                drift_signal(model, features.applications, self.signals.drift),
                age_signal(model, self.week, self.signals.age),
                error_signal(model, features.outcomes, self.signals.error),
            ]
            verdict = assess(measured, self.signals.threshold, self.signals.min_confidence)
            self.is_stale, self.score, self.confidence, self.reasons = verdict
            current.log_metrics({"score": self.score, "confidence": self.confidence}, step=self.week)
            current.log_metrics({one.name: one.value for one in measured if one.value is not None}, step=self.week)
        self.levels = {one.name: one.level for one in measured}
        self.history = [*earlier(self.week), {"week": self.week, "score": self.score, **self.levels}][-SHOWN:]
        show(self, measured)
        self.next(self.end)

    @step
    def end(self):
        """Print the verdict."""
        print(f"week {self.week}: {'stale' if self.is_stale else 'fresh'}, score {self.score:.2f}, confidence {self.confidence:.2f}")
        for reason in self.reasons:
            print(f"  {reason}")


def drift_signal(model, applications, limits):
    """The drift of the feature that has drifted most since the model was trained."""
    if not applications:
        return Signal("drift", None, **limits, note="no applications have come this week")
    found = {name: drift(Distribution.from_dict(model["profile"][name]), [row[name] for row in applications]) for name in FEATURES}
    worst = max(found, key=lambda name: found[name].psi)
    note = f"of {worst}, the most; up to {found[worst].by_chance:.2f} may be chance"
    return Signal("drift", found[worst].psi, **limits, note=note)


def age_signal(model, week, limits):
    """The weeks since the model was trained."""
    return Signal("age", week - model["week"], **limits, note="in weeks")


def error_signal(model, outcomes, limits):
    """The error on outcomes that the model was not trained with, as a multiple of the one that it had on its holdout."""
    new = [(row, lost) for row, lost in outcomes if row["week"] > model["until"]]
    if not new:
        return Signal("error", None, **limits, note="no outcomes have come this week")
    ratio = error(model["weights"], new) / model["error"]
    return Signal("error", ratio, **limits, note=f"as a multiple of that on the holdout; {len(new)} loans")


def earlier(week):
    """The verdicts of earlier weeks, from the run before this one."""
    run = latest_run("MonitorFlow")
    return [] if run is None else [one for one in run.data.history if one["week"] < week]


def show(flow, measured):
    """The verdict as a card."""
    name = "none" if flow.live is None else flow.live["name"]
    current.card.append(ValueBox("Verdict", "stale" if flow.is_stale else "fresh", f"week {flow.week}, live model {name}"))
    current.card.append(ValueBox("Score", f"{flow.score:.2f}", f"stale from {flow.signals.threshold} on"))
    current.card.append(ValueBox("Confidence", f"{flow.confidence:.0%}", "of the weights are known"))
    current.card.append(Markdown(f"**{flow.reasons[-1]}**"))
    if measured:
        values = ["not known" if one.value is None else round(one.value, 3) for one in measured]
        rows = [[one.name, value, one.fresh, one.stale, one.weight, one.note] for one, value in zip(measured, values)]
        current.card.append(Table(rows, headers=["signal", "value", "fresh", "stale", "weight", ""]))
    current.card.append(
        Markdown("## Over the weeks\n0 is fresh and 1 is stale. A gap in a line is a week in which the signal was not known.")
    )
    current.card.append(VegaChart(lines(flow.history, flow.signals.threshold)))


def lines(history, threshold):
    """A chart of the signals and the score over the weeks."""
    points = [
        {"week": one["week"], "signal": name, "level": one.get(name)} for one in history for name in ("drift", "age", "error", "score")
    ]
    place = {"x": {"field": "week", "type": "quantitative", "axis": {"tickMinStep": 1}}, "y": {"field": "level", "type": "quantitative"}}
    return {
        "data": {"values": points},
        "width": 560,
        "height": 220,
        "layer": [
            {"mark": {"type": "line", "point": True}, "encoding": {**place, "color": {"field": "signal", "type": "nominal"}}},
            {"mark": {"type": "rule", "strokeDash": [5, 4]}, "encoding": {"y": {"datum": threshold}}},
        ],
    }


if __name__ == "__main__":
    MonitorFlow()
