"""The source of a flow with a gang of three nodes, in which a test says what each node does."""

GANG = """
import os, signal, sys, time
from flowport import parallel, resources

class Gang(FlowSpec):
    size = Parameter("size", type=int, default=3)

    @step
    def start(self):
        self.kept = "from the start"
        self.next(self.train, num_parallel=self.size)

    {decorators}
    @parallel
    @step
    def train(self):
        node, tried = current.parallel.node_index, current.retry_count
        with open({notes!r}, "a") as file:
            file.write(f"{{node}}/{{tried}} ")
{body}
        self.node = node
        self.next(self.join)

    @step
    def join(self, inputs):
        self.nodes = [getattr(one, "node", None) for one in inputs]
        self.whys = [getattr(one, "why", None) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

MEET = """
import socket

def meet():
    \"\"\"Wait until all nodes are here.\"\"\"
    address = (current.parallel.main_ip, int(os.environ["MASTER_PORT"]))
    if current.parallel.node_index == 0:
        with socket.create_server(address) as server:
            others = [server.accept()[0] for _ in range(current.parallel.num_nodes - 1)]
            for other in others:
                other.sendall(b"x")
                other.close()
        return
    while True:
        try:
            connection = socket.create_connection(address)
        except ConnectionRefusedError:
            time.sleep(0.01)
            continue
        with connection:
            assert connection.recv(1) == b"x"
        return
"""
