"""Parameters of every kind, by default and given, named like their attribute and not, and one whose default is computed."""

import os

from flowport import FlowSpec, JSONType, Parameter, step


def half_of(number):
    total = 0
    for _ in range(number):
        total += 1
    return total // 2


SIZES = {"small": 1, "large": 100}


class Parameters(FlowSpec):
    text = Parameter("text", help="some words", required=True)
    count = Parameter("count", default=3)
    ratio = Parameter("ratio", type=float, default=1)
    loud = Parameter("loud", type=bool, default=False)
    options = Parameter("options", type=JSONType, default='{"a": [1, null]}')
    flag_name = Parameter("flag-name", default="other")
    mode = Parameter("mode", type=str, default="fast", choices=["fast", "slow"])
    nothing = Parameter("nothing", type=str)
    size = Parameter("size", type=int, default=SIZES["large"] + 1)
    computed = Parameter("computed", type=int, default=half_of(9))
    where = Parameter("where", default=os.path.join("data", "in.csv"))

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.seen = {
            "text": self.text,
            "count": self.count,
            "ratio": self.ratio,
            "loud": self.loud,
            "options": self.options,
            "flag_name": self.flag_name,
            "mode": self.mode,
            "nothing": self.nothing,
            "size": self.size,
            "computed": self.computed,
            "where": self.where,
        }
        self.kinds = {name: type(value).__name__ for name, value in self.seen.items()}
        try:
            self.count = 4
        except AttributeError:
            self.frozen = True
