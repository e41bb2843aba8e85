import json

from metaflow import Config, FlowSpec, step


def checked(text):
    found = json.loads(text)
    for name in {"cpu"} - set(found):
        raise ValueError(f"{name} is missing")
    return found


def path(context):
    for number in range(3):
        print(number)


class TrainFlow(FlowSpec):
    own = Config("own", default_value='{"cpu": 1}', parser=checked)
    elsewhere = Config("elsewhere", default_value="cpu = 1", parser="theirs.parse")
    computed = Config("computed", default=path)
    called = Config("called", default_value={}, parser=lambda text: checked(text))

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.own, self.elsewhere, self.computed, self.called)
