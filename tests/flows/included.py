"""A file is read when the run starts and reaches every step."""

from flowport import FlowSpec, IncludeFile, step


class Included(FlowSpec):
    letter = IncludeFile("letter", default="greeting.txt", help="the text to send", is_text=True, encoding="utf-8")
    raw = IncludeFile("raw", default="greeting.txt", is_text=False)

    @step
    def start(self):
        self.names = ["Ann", "Bo"]
        self.next(self.write, foreach="names")

    @step
    def write(self):
        self.first_line = self.letter.splitlines()[0].replace("{name}", self.input)
        self.next(self.post)

    @step
    def post(self, inputs):
        self.lines = [each.first_line for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.text = self.letter
        self.same = self.raw.decode("utf-8") == self.letter
        self.kinds = (type(self.letter).__name__, type(self.raw).__name__)
