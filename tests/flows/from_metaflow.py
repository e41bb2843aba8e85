"""A flow that somebody wrote for Metaflow, unchanged."""

try:
    from metaflow import FlowSpec, JSONType, Parameter, current, resources, retry, step
except ImportError:
    raise SystemExit("install metaflow first") from None


class FromMetaflow(FlowSpec):
    """Counts words."""

    sentences = Parameter("sentences", help="what to count", type=JSONType, default='["a b c", "d e"]')

    @step
    def start(self):
        self.flow_name = current.flow_name
        self.next(self.count, foreach="sentences")

    @resources(memory=512, cpu=1)
    @retry(times=3, minutes_between_retries=0)
    @step
    def count(self):
        self.words = len(self.input.split())
        self.next(self.total)

    @step
    def total(self, inputs):
        self.merge_artifacts(inputs, exclude=["words"])
        self.counts = [each.words for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(f"{self.flow_name}: {sum(self.counts)} words")


if __name__ == "__main__":
    FromMetaflow()
