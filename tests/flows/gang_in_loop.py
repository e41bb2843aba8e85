"""A loop with a gang in it, whose size grows, and in which one node fails once."""

from metaflow import FlowSpec, catch, current, parallel, retry, step


class GangInLoop(FlowSpec):
    @step
    def start(self):
        self.seen = []
        self.size = 0
        self.next(self.grow)

    @step
    def grow(self):
        self.size += 1
        self.next(self.train, num_parallel=self.size)

    @catch(var="why")
    @retry(times=1, minutes_between_retries=0)
    @parallel
    @step
    def train(self):
        self.node = (current.parallel.node_index, current.parallel.num_nodes)
        if current.parallel.node_index == 2:
            raise ValueError("the last node fails")
        if self.size == 2 and current.retry_count == 0:
            raise ValueError("all nodes fail once")
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.merge_artifacts(inputs, include=["size", "seen"])
        self.seen = [*self.seen, [(one.node, bool(one.why)) for one in inputs]]
        self.next(self.judge)

    @step
    def judge(self):
        self.more = "again" if self.size < 3 else "enough"
        self.next({"again": self.grow, "enough": self.end}, condition="more")

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GangInLoop()
