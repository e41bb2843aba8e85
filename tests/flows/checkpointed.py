"""Steps that save their state and go on from it when they are tried again: items, a step in a process of its own, and turns of a loop."""

import os
import tempfile

from flowport import Checkpoint, FlowSpec, checkpoint, current, load_model, model, retry, step, timeout


def count(folder):
    """How far the last attempt came."""
    path = os.path.join(folder, "count.txt")
    if not os.path.exists(path):
        return 0
    with open(path) as file:
        return int(file.read())


def keep(number, **more):
    """Save how far this attempt is."""
    with open(os.path.join(current.checkpoint.directory, "count.txt"), "w") as file:
        file.write(str(number))
    return current.checkpoint.save(metadata={"number": number}, **more)


class Checkpointed(FlowSpec):
    @step
    def start(self):
        self.goals = [3, 5, 4]
        self.next(self.train, foreach="goals", batch=2)

    @retry(times=1, minutes_between_retries=0)
    @checkpoint
    @step
    def train(self):
        self.began_at = count(current.checkpoint.directory)
        self.loaded = current.checkpoint.is_loaded and (current.checkpoint.info.metadata["number"], current.checkpoint.info.attempt)
        for number in range(self.began_at + 1, self.input + 1):
            self.best = keep(number)
            if number == 2 and current.retry_count == 0:
                raise RuntimeError("the first attempt ends here")
        self.kept = [one["metadata"]["number"] for one in current.checkpoint.list()]
        self.next(self.collect)

    @model
    @step
    def collect(self, inputs):
        self.trained = [(one.began_at, one.loaded, one.kept) for one in inputs]
        self.best = inputs[1].best
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "weights.txt")
            with open(path, "w") as file:
                file.write("weights")
            self.weights = current.model.save(path, label="weights", metadata={"items": len(inputs)})
        self.turns, self.begun = 0, []
        self.next(self.turn)

    @retry(times=3, minutes_between_retries=0)
    @checkpoint(load_policy="fresh")
    @step
    def turn(self):
        at = count(current.checkpoint.directory)
        if at == 0:
            keep(10 + self.turns)
            raise RuntimeError("each turn is tried twice")
        self.turns += 1
        self.begun = [*self.begun, at]
        self.way = "again" if self.turns < 3 else "on"
        self.next({"again": self.turn, "on": self.apart}, condition="way")

    @retry(times=1, minutes_between_retries=0)
    @timeout(minutes=5)
    @checkpoint(load_policy="none")
    @step
    def apart(self):
        earlier = [one["name"] for one in Checkpoint().list()]
        if current.retry_count == 0:
            keep(1, name="first")
            raise RuntimeError("the first attempt ends here")
        self.with_policy_none = (current.checkpoint.is_loaded, earlier)
        self.next(self.end)

    @model(load=["best", "weights"])
    @step
    def end(self):
        self.best_count = count(current.model.loaded["best"])
        with open(os.path.join(current.model.loaded["weights"], "weights.txt")) as file:
            self.loaded_weights = file.read()
        self.label = current.model.loaded.info["weights"]["label"], current.model.loaded.info["weights"]["metadata"]
        with tempfile.TemporaryDirectory() as folder:
            load_model(self.weights, folder)
            self.again = os.listdir(folder)
        self.best = self.weights = None  # which differ from store to store


if __name__ == "__main__":
    Checkpointed()
