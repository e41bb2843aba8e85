"""What a step sees of where it is: `self.input`, `self.index`, `self.foreach_stack()` and `current`, at every depth."""

from flowport import FlowSpec, Parameter, current, resources, step


def place():
    """The parts of `current` that are the same in every run of this flow."""
    whole = f"{current.flow_name}/{current.run_id}/{current.step_name}/{current.task_id}"
    return (current.flow_name, current.step_name, current.retry_count, current.pathspec == whole)


class Surroundings(FlowSpec):
    colour = Parameter("colour", default="blue")

    @step
    def start(self):
        self.places = [place()]
        self.graph = (current.graph["steps"]["letter_on"]["next"], current.graph["graph_structure"], current.script_name)
        self.outside = (self.input, self.index, self.foreach_stack())
        self.groups = ["ab", "c"]
        self.next(self.group, foreach="groups")

    @step
    def group(self):
        self.letters = list(self.input)
        self.next(self.letter, foreach="letters")

    @step
    def letter(self):
        self.place = place()
        self.next(self.letter_on)

    @step
    def letter_on(self):
        self.seen = (self.input, self.index, list(self.foreach_stack()))
        self.next(self.group_done)

    @step
    def group_done(self, inputs):
        self.inner = [each.seen for each in inputs]
        self.seen = (self.input, self.index, list(self.foreach_stack()))
        self.letter_places = [each.place for each in inputs]
        self.merge_artifacts(inputs, include=["outside", "graph"])
        self.next(self.all_done)

    @step
    def all_done(self, inputs):
        self.inner = [seen for each in inputs for seen in each.inner]
        self.outer = [each.seen for each in inputs]
        self.letter_places = [place for each in inputs for place in each.letter_places]
        self.merge_artifacts(inputs, include=["outside", "graph"])
        self.next(self.end)

    @resources(cpu=2, memory=2048)
    @step
    def end(self):
        self.parameters = dict(current.parameters)
        self.resources = current.resources
        self.after = (self.input, self.index, self.foreach_stack())
