"""One random flow, compiled, run and compared with its reference; what differs is told with the flow's source."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from flowport.compiler.compile import load
from flowport.compiler.ir.plan import Plan
from flowport.compiler.ir.verify import verify
from flowport.compiler.package.archive import package
from flowport.runtime.package import modules
from properties.reference import Reference
from properties.sample import Sample, sample
from properties.serial import Serial, Sizes


class Trial:
    """A seed's flow in `folder`."""

    def __init__(self, seed: int, folder: Path, largest: int = 24) -> None:
        self.sample: Sample = sample(seed, largest)
        self.folder = folder
        self.path = folder / f"random_{seed}.py"
        self.path.write_text(self.sample.source)

    def say(self, what: Any) -> str:
        """A failure as it is reported: what reproduces it, and the flow."""
        return f"{what}\n\npytest tests/properties --flow {self.sample.seed}\n\n{self.sample.source}"

    def plan(self) -> Plan:
        """The flow's plan, checked."""
        loaded = load(str(self.path))
        assert loaded.plan is not None, self.say([each.message for each in loaded.diagnostics if each.severity == "error"])
        assert verify(loaded.plan) == (), self.say(verify(loaded.plan))
        again = load(str(self.path)).plan
        assert again == loaded.plan, self.say("the second plan is another")
        assert package(again) == package(loaded.plan), self.say("the second package has other bytes")
        return loaded.plan

    def reference(self) -> Reference:
        """What the flow comes to."""
        return Reference(getattr(modules.load(str(self.path)), self.sample.class_name), self.sample)

    def run(self, name: str, sizes: Sizes) -> None:
        """Run the flow and compare every item and the last artifacts."""
        expected = self.reference()
        folder = self.folder / name
        folder.mkdir()
        serial = Serial(self.plan(), folder, sizes)
        try:
            found = serial.run()
        except AssertionError as error:
            raise AssertionError(self.say(f"{error} with {sizes}")) from error
        items = Counter((step, item) for step in found.steps() for item in found.items(step))
        more, fewer = items - Counter(expected.items), Counter(expected.items) - items
        assert not more, self.say(f"with {sizes} these items ran that must not: {sorted(more)}")
        assert not fewer, self.say(f"with {sizes} these items did not run: {sorted(fewer)}")
        end = found.artifacts("end")
        assert end == expected.end, self.say(f"with {sizes} the last step has {end} and must have {expected.end}")
        if sizes.cap is not None:
            self.rests(serial, expected)

    def rests(self, serial: Serial, expected: Reference) -> None:
        """What the fused block of a loop that stands in no foreach says of where the loop was left."""
        for header, steps in self.sample.loops.items():
            told = serial.document(serial.keys.rest(header, "s", serial.sizes.cap or 0, 0))
            if told is not None:
                taken = {target for step, target, _ in expected.edges if step in steps}
                left = {target: target in taken for target in told["left"]}
                assert told["left"] == left, self.say(f"the rest of `{header}` says {told}, and left are {left}")


def sizes_of(seed: int) -> Sizes:
    """Small bounds, so that slices hold several items."""
    random = Random(seed)
    return Sizes(random.randint(1, 4), random.randint(1, 8))
