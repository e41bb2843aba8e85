"""A run that fails late and is resumed: flowport runs only the steps that are left.

flowport run examples/resume.py --discount ten      # `bill` fails
flowport resume --discount 10                       # runs `bill`, `end`, and what `@catch` has replaced
"""

import time

from flowport import FlowSpec, Parameter, catch, current, retry, step


class ResumeFlow(FlowSpec):
    """Price some orders slowly, and then add them up."""

    discount = Parameter("discount", default="0", help="discount in percent")

    @step
    def start(self):
        """List the orders of today."""
        self.orders = [{"item": "lamp", "count": 3}, {"item": "chair", "count": 4}, {"item": "ghost", "count": 1}]
        self.next(self.price, foreach="orders")

    @catch(var="problem", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def price(self):
        """Get the price of one order; the shop answers on the second attempt, and does not sell ghosts."""
        time.sleep(0.2)
        if current.retry_count == 0:
            raise ConnectionError("the shop does not answer")
        self.amount = {"lamp": 20, "chair": 55}[self.input["item"]] * self.input["count"]
        self.next(self.collect)

    @step
    def collect(self, orders):
        """Separate the orders that have no price."""
        self.prices = [order.amount for order in orders if not order.problem]
        self.unknown = [order.input["item"] for order in orders if order.problem]
        self.next(self.bill)

    @step
    def bill(self):
        """Add up the prices; a discount that is not a number fails here, after all the slow work."""
        self.total = sum(self.prices) * (100 - int(self.discount)) / 100
        self.next(self.end)

    @step
    def end(self):
        """Print the bill."""
        print(f"{self.total:.2f} to pay, without {', '.join(self.unknown)}")


if __name__ == "__main__":
    ResumeFlow()
