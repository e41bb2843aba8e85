"""Parameters and variables full of what Argo, Kubernetes and YAML could take for their own."""

import os

from flowport import FlowSpec, Parameter, environment, step

NASTY = "{{=2+2}} {{= (}} {{workflow.name}} $(HOME) $$(HOME) $HOME 'single' \"double\" `back` \\ \n two ë 🙂 {{"


class Values(FlowSpec):
    text = Parameter("text", required=True)
    table = Parameter("table", default={"{{workflow.name}}": ["$(PATH)", None, 1e30]})

    @environment(vars={"NASTY": NASTY, "YAML": "no", "EMPTY": ""})
    @step
    def start(self):
        self.seen = {name: os.environ[name] for name in ("NASTY", "YAML", "EMPTY")}
        self.next(self.end)

    @step
    def end(self):
        assert self.seen == {"NASTY": NASTY, "YAML": "no", "EMPTY": ""}, self.seen
        self.values = [self.text, self.table]
