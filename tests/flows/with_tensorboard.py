"""Logs for TensorBoard, in items and in a join. A small class stands in for the writer of torch."""

import sys
import types

from flowport import S3, FlowSpec, current, step, tensorboard


class SummaryWriter:
    def __init__(self, log_dir):
        self.log_dir, self.lines = log_dir, []

    def add_scalar(self, name, value, at):
        self.lines.append(f"{name} {at} {value}")

    def close(self):
        with S3(s3root=self.log_dir) as s3:
            s3.put("events", "\n".join(self.lines))


sys.modules["torch.utils.tensorboard"] = types.ModuleType("torch.utils.tensorboard")
sys.modules["torch.utils.tensorboard"].SummaryWriter = SummaryWriter


class WithTensorboard(FlowSpec):
    @step
    def start(self):
        self.rates = [1, 2]
        self.next(self.train, foreach="rates")

    @tensorboard
    @step
    def train(self):
        for epoch in range(2):
            self.obtb.add_scalar("loss", self.input * epoch, epoch)
        self.folder = self.obtb.log_dir
        self.is_own = self.folder.endswith(f"/data/tb/{current.pathspec}")
        self.next(self.join)

    @tensorboard()
    @step
    def join(self, inputs):
        self.obtb.add_scalar("best", 1, 0)
        self.folders = [one.folder for one in inputs] + [self.obtb.log_dir]
        self.are_own = [one.is_own for one in inputs]
        self.left = [hasattr(one, "obtb") for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.left.append(hasattr(self, "obtb"))
        self.logs = []
        for folder in self.folders:
            with S3(s3root=folder) as s3:
                self.logs.append(s3.get("events").text)
        self.folders = len(self.folders)  # they are different in every run


if __name__ == "__main__":
    WithTensorboard()
