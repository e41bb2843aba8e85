"""Foreaches with `max_parallel`, nested and with processes that share a task: each item notes when it was at work."""

import time

from flowport import FlowSpec, step


def most_at_once(times):
    """The largest number of items that were at work at the same time."""
    changes = sorted([(began, 1) for began, _ in times] + [(ended, -1) for _, ended in times])
    counts = [0]
    for _, change in changes:
        counts.append(counts[-1] + change)
    return max(counts)


class Limited(FlowSpec):
    @step
    def start(self):
        self.orders = range(12)
        self.next(self.order, foreach="orders", max_parallel=3)

    @step
    def order(self):
        self.began = time.time()
        time.sleep(0.01)
        self.ended = time.time()
        self.parts = range(self.input % 4)
        self.next(self.part, foreach="parts", max_parallel=2)

    @step
    def part(self):
        self.began = time.time()
        time.sleep(0.01)
        self.ended = time.time()
        self.next(self.parts_done)

    @step
    def parts_done(self, inputs):
        self.times = [(each.began, each.ended) for each in inputs]
        self.next(self.orders_done)

    @step
    def orders_done(self, inputs):
        self.counts = [len(each.times) for each in inputs]
        self.parts_within = most_at_once([times for each in inputs for times in each.times]) <= 6
        self.numbers = range(40)
        self.next(self.number, foreach="numbers", workers=4, max_parallel=5)

    @step
    def number(self):
        self.began = time.time()
        time.sleep(0.01)
        self.ended = time.time()
        self.next(self.numbers_done)

    @step
    def numbers_done(self, inputs):
        self.numbers_within = most_at_once([(each.began, each.ended) for each in inputs]) <= 5
        self.merge_artifacts(inputs, include=["counts", "parts_within"])
        self.next(self.end)

    @step
    def end(self):
        pass
