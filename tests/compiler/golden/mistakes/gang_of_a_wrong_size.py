from metaflow import FlowSpec, parallel, step

NODES = 2.5


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.a, num_parallel=0)

    @parallel
    @step
    def a(self):
        self.next(self.join_a)

    @step
    def join_a(self, inputs):
        self.next(self.b, num_parallel=NODES)

    @parallel
    @step
    def b(self):
        self.next(self.join_b)

    @step
    def join_b(self, inputs):
        self.next(self.c, num_parallel=2000)

    @parallel
    @step
    def c(self):
        self.next(self.join_c)

    @step
    def join_c(self, inputs):
        self.next(self.d, foreach="items", num_parallel=2)

    @step
    def d(self):
        self.next(self.e, num_parallel=2, workers=2)

    @step
    def e(self):
        self.next(self.f, self.end, num_parallel=2)

    @step
    def f(self):
        self.next({"a": self.a, "b": self.b}, condition="x", num_parallel=2)

    @step
    def end(self):
        pass
