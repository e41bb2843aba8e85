"""Names of Metaflow's smaller modules: functions in parallel, `profile`, constants, a card and a trigger, in a flow with a foreach."""

from metaflow import S3, FlowSpec, card, current, parallel_imap_unordered, parallel_map, profile, step, trigger
from metaflow._vendor import click
from metaflow._vendor.yaml import safe_load
from metaflow.cards import Markdown
from metaflow.exception import MetaflowException
from metaflow.flowspec import INTERNAL_ARTIFACTS_SET
from metaflow.metaflow_config import DATATOOLS_S3ROOT, MAX_ATTEMPTS
from metaflow.multicore_utils import MulticoreException
from metaflow.plugins.cards.card_modules.components import UserComponent, with_default_component_id

POWERS = (1, 2, 3)
INTERNAL_ARTIFACTS_SET.add("_times")


class Chart(UserComponent):
    @with_default_component_id
    def render(self):
        return {"type": "chart"}


def unlucky(number):
    raise ValueError(f"no {number}")


@trigger(event="harvest")
class SmallerNames(FlowSpec):
    @card
    @step
    def start(self):
        current.card.append(Markdown("# shown by Metaflow only"))
        current.card.append(Chart())
        self.read = safe_load("[1, {a: b}]"), click.style("", fg="red", reset=False)
        self.trigger = current.get("trigger")
        self.bases = [2, 3, 5]
        self.next(self.powers, foreach="bases")

    @step
    def powers(self):
        times = {}
        with profile("powers", stats_dict=times):
            self.found = parallel_map(lambda power: self.input**power, POWERS, max_parallel=2)
            self.sorted = sorted(parallel_imap_unordered(lambda power: self.input**power, POWERS))
        self.timed, self._times = [*times], times
        try:
            parallel_map(unlucky, POWERS)
        except MulticoreException as error:
            self.failed = isinstance(error, MetaflowException), type(error).__name__
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, exclude=["found", "sorted"])
        self.found = [one.found for one in inputs]
        self.same = all(one.sorted == one.found for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        with S3(s3root=f"{DATATOOLS_S3ROOT}/{current.flow_name}/{current.run_id}") as s3:
            s3.put("powers.txt", " ".join(map(str, self.found[0])))
            self.text = s3.get("powers.txt").text
        self.attempts = MAX_ATTEMPTS
        self.about = current.is_running_flow, current.step_name, current.get("no_such_name", "none")


if __name__ == "__main__":
    SmallerNames()
