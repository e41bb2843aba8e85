from flowport import FlowSpec, catch, step


class TrainFlow(FlowSpec):
    @catch(var="failure")
    @step
    def start(self):
        self.state = 'good'
        self.next({"good": self.end, "bad": self.again}, condition="state")

    @step
    def again(self):
        self.next(self.end)

    @step
    def end(self):
        pass
