"""A flow in the file of its own tests, which use parts of Metaflow that no step reaches."""

from metaflow import FlowSpec, current, step
from metaflow.lint import LintWarn, linter
from metaflow.plugins.argo.argo_workflows import ArgoWorkflows
from metaflow.util import compress_list, to_unicode


class Tested(FlowSpec):
    @step
    def start(self):
        self.name = shown(current.step_name)
        self.next(self.end)

    @step
    def end(self):
        self.names = [self.name, shown(current.step_name)]


class TestTested:
    def checked(self, graph):
        try:
            linter.run_checks(graph)
        except LintWarn as problem:
            return str(problem)

    def test_the_graph(self):
        assert self.checked(Tested._graph) is None


def shown(name):
    return to_unicode(name.upper())


def compiled():
    return ArgoWorkflows(name=compress_list(["tested"]), graph=Tested._graph)


def test_what_argo_gets():
    assert compiled()


if __name__ == "__main__":
    Tested()
