"""A gang of which a node raises in the first attempt, and another one is killed in the second; the others wait for it."""

import os
import signal
import socket
import time

from flowport import FlowSpec, Parameter, current, parallel, retry, step


def sum_of_all(value):
    """What the nodes have together: node 0 adds it up, and tells the others."""
    address = (current.parallel.main_ip, int(os.environ["MASTER_PORT"]))
    if current.parallel.node_index == 0:
        with socket.create_server(address) as server:
            others = [server.accept()[0] for _ in range(current.parallel.num_nodes - 1)]
            total = value + sum(int(other.makefile().readline()) for other in others)
            for other in others:
                other.sendall(f"{total}\n".encode())
                other.close()
        return total
    while True:
        try:
            connection = socket.create_connection(address)
        except ConnectionRefusedError:
            time.sleep(0.05)
            continue
        with connection:
            connection.sendall(f"{value}\n".encode())
            return int(connection.makefile().readline())


class GangTwice(FlowSpec):
    nodes = Parameter("nodes", default=3)
    tries = Parameter("tries", default=2)

    @step
    def start(self):
        self.next(self.work, num_parallel=self.nodes)

    @retry(times=2, minutes_between_retries=0)
    @parallel
    @step
    def work(self):
        node, tried = current.parallel.node_index, current.retry_count
        if node == 1 and tried == 0:
            raise ValueError("node 1 fails")
        if node == 0 and tried < self.tries:
            os.kill(os.getpid(), signal.SIGKILL)
        self.total = sum_of_all(node + 1)
        self.tried = tried
        self.next(self.both)

    @step
    def both(self, inputs):
        self.sum = inputs[0].total
        self.attempts = [one.tried for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GangTwice()
