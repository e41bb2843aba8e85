"""A gang whose nodes exchange numbers over sockets, so that they have to run at once; and a gang for each item of a foreach."""

import os
import socket
import time

from metaflow import FlowSpec, current, parallel, pytorch_parallel, resources, step


def connected(address):
    """A connection to node 0, as soon as that listens."""
    for _ in range(600):
        try:
            return socket.create_connection(address, timeout=60)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens at {address}")


def sum_of_all(value):
    """What the nodes of this gang have together: node 0 adds it up, and tells the others."""
    address = (current.parallel.main_ip, int(os.environ["MASTER_PORT"]))
    if current.parallel.node_index:
        with connected(address) as connection:
            connection.sendall(f"{value}\n".encode())
            return int(connection.makefile().readline())
    with socket.create_server(address) as server:
        others = [server.accept()[0] for _ in range(current.parallel.num_nodes - 1)]
        total = value + sum(int(other.makefile().readline()) for other in others)
        for other in others:
            other.sendall(f"{total}\n".encode())
            other.close()
    return total


class GangFlow(FlowSpec):
    @step
    def start(self):
        self.base = 100
        self.next(self.reduce, num_parallel=3)

    @resources(cpu=0.5, memory=256)
    @parallel
    @step
    def reduce(self):
        node = current.parallel
        self.total = sum_of_all(self.base + node.node_index)
        self.place = (node.main_ip, node.num_nodes, node.node_index, node.control_task_id == "r.0", current.is_parallel)
        self.counted = (self.input, self.index, self.foreach_stack())
        names = ("RANK", "WORLD_SIZE", "NODE_RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR")
        self.variables = [os.environ[name] for name in names]
        self.next(self.reduced)

    @step
    def reduced(self, inputs):
        self.totals = [node.total for node in inputs]
        self.places = [node.place for node in inputs]
        self.counts = [node.counted for node in inputs]
        self.variables = [node.variables for node in inputs]
        self.merge_artifacts(inputs, include=["base"])
        self.next(self.spread)

    @step
    def spread(self):
        self.sizes = [1, 2, 4]
        self.next(self.gather, foreach="sizes")

    @step
    def gather(self):
        self.size = self.input
        self.next(self.work, num_parallel=self.size)

    @pytorch_parallel
    @step
    def work(self):
        assert os.environ["NUM_NODES"] == str(self.size)
        self.result = (self.size, sum_of_all(current.parallel.node_index + 1))
        self.next(self.done)

    @step
    def done(self, inputs):
        self.results = [node.result for node in inputs]
        self.merge_artifacts(inputs, exclude=["result"])
        self.next(self.end_of_all)

    @step
    def end_of_all(self, inputs):
        self.by_size = [one.results for one in inputs]
        self.merge_artifacts(inputs, include=["base", "totals", "places", "counts", "variables"])
        self.outside = tuple(current.parallel)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GangFlow()
