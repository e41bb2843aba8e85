"""Text that would do harm in a shell, an expression or a file name: "quotes", {braces}, $(touch PWNED), {{=2+2}} and 😀.

It goes through parameters, foreach items, artifacts, the cases of a switch, the environment and file contents, and comes back unchanged.
"""

import os

from flowport import FlowSpec, Parameter, environment, step

NASTY = (
    "plain",
    "",
    " ",
    'it\'s "quoted" \\ back\\\\slashed \\n',
    "{braces} {{=2+2}} {{inputs.parameters.x}} }}",
    "$(touch PWNED) `touch PWNED` ; touch PWNED & | > PWNED",
    "$.x $$.Execution.Id States.Format('{}', 1)",
    "Ref::run Ref::slice",
    "line one\nline two\r\n\ttabbed",
    "😀 ü \u2028 \u0000 \u007f",
    "../../etc/passwd",
    "a/b?c=d&e#f%2e%2E",
    "%(name)s %s {0}",
    "-x --help --",
    "null",
    "x" * 3000,
)


class Nasties(FlowSpec):
    """A docstring with ''' "quotes", {braces}, $(touch PWNED) and {{=2+2}} 😀."""

    given = Parameter("given", default='it\'s {{=2+2}} $(touch PWNED) "q" \n Ref::run $.x 😀')
    given_json = Parameter("given-json", type=dict, default={"{{=2+2}}": ["$(touch PWNED)", '"', "\\", "😀\n"]}, help="{{=2+2}} 'x' \"y\"")

    @environment(vars={"TEST_NASTY": "a 'b' \"c\" $HOME $(touch PWNED) {{=2+2}} $.x Ref::run %PATH% ü"})
    @step
    def start(self):
        """Read the environment: "quoted" {{=2+2}} 😀."""
        self.variable = os.environ["TEST_NASTY"]
        self.items = list(NASTY)
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.text = self.input
        self.case = "it's {{=2+2}}" if len(self.text) % 2 else '$.x "q" $(touch PWNED)'
        self.next({"it's {{=2+2}}": self.odd, '$.x "q" $(touch PWNED)': self.even}, condition="case")

    @step
    def odd(self):
        self.copy = self.text[:1] + self.text[1:]
        self.next(self.back)

    @step
    def even(self):
        self.copy = str(self.text)
        self.next(self.back)

    @step
    def back(self):
        print(self.copy)
        self.same = self.copy == NASTY[self.index]
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.copies = [each.copy for each in inputs]
        self.merge_artifacts(inputs, include=["variable"])
        self.next(self.end)

    @step
    def end(self):
        self.unchanged = self.copies == list(NASTY)
        self.back = [self.given, self.given_json, self.variable]
