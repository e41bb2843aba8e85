"""A file whose name is no identifier, a step whose name is longer than an engine's, and names that engines use themselves."""

from flowport import FlowSpec, step


class Run(FlowSpec):
    @step
    def start(self):
        self.Parameters = {"States": 1}
        self.next(self.States, self.a_step_with_a_name_that_is_far_longer_than_the_eighty_characters_that_step_functions_allows)

    @step
    def States(self):
        self.result = self.Parameters["States"]
        self.next(self.r)

    @step
    def a_step_with_a_name_that_is_far_longer_than_the_eighty_characters_that_step_functions_allows(self):
        self.result = 2
        self.next(self.r)

    @step
    def r(self, incoming):
        self.result = sum(one.result for one in incoming)
        self.next(self.end)

    @step
    def end(self):
        pass
