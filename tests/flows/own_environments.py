"""Steps with two versions of one package, one of them on another Python, inside of a foreach and after it."""

import platform

from metaflow import FlowSpec, pypi, step


def found():
    """The version of the package, and of Python."""
    from importlib.metadata import version

    import iniconfig

    assert iniconfig.IniConfig
    return version("iniconfig"), ".".join(platform.python_version_tuple()[:2])


class OwnEnvironmentsFlow(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 2, 3]
        self.next(self.old, foreach="numbers")

    @pypi(packages={"iniconfig": "1.1.1"}, python="3.11")
    @step
    def old(self):
        self.one = (self.input, *found())
        self.next(self.new)

    @pypi(packages={"iniconfig": "2.0.0"}, python="3.12")
    @step
    def new(self):
        self.two = (*self.one, *found())
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.seen = [each.two for each in inputs]
        self.next(self.last)

    @pypi(packages={"IniConfig": "==2.0.0"}, python="3.12")
    @step
    def last(self):
        self.last_seen = found()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    OwnEnvironmentsFlow()
