"""An arm of a switch is a switch again; one of the inner arms has no steps."""

from flowport import FlowSpec, Parameter, step


class SwitchInSwitch(FlowSpec):
    age = Parameter("age", type=int, default=30)
    member = Parameter("member", type=bool, default=False)

    @step
    def start(self):
        self.trail = ["start"]
        self.group = "child" if self.age < 18 else "adult"
        self.next({"child": self.free, "adult": self.pay}, condition="group")

    @step
    def free(self):
        self.trail = [*self.trail, "free"]
        self.price = 0
        self.next(self.ticket)

    @step
    def pay(self):
        self.trail = [*self.trail, "pay"]
        self.price = 20
        self.status = "member" if self.member else "guest"
        self.next({"member": self.discount, "guest": self.paid}, condition="status")

    @step
    def discount(self):
        self.trail = [*self.trail, "discount"]
        self.price -= 5
        self.next(self.paid)

    @step
    def paid(self):
        self.trail = [*self.trail, "paid"]
        self.next(self.ticket)

    @step
    def ticket(self):
        self.trail = [*self.trail, "ticket"]
        self.next(self.end)

    @step
    def end(self):
        self.receipt = f"{self.group} pays {self.price}"
