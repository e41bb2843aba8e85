"""A loop: PageRank, one pass over the graph per turn, until the ranks stand still.

flowport run examples/converge.py --tolerance 0.0001
"""

from flowport import FlowSpec, Parameter, step

LINKS = {"home": ["docs", "blog"], "docs": ["home", "api"], "api": ["docs"], "blog": ["home"]}


class ConvergeFlow(FlowSpec):
    """Ranks four pages by the links between them."""

    damping = Parameter("damping", type=float, default=0.85, help="how often a reader follows a link")
    tolerance = Parameter("tolerance", type=float, default=0.001, help="stop when no rank moves by more than this")
    turns = Parameter("turns", type=int, default=50, help="stop after so many turns at the latest")

    @step
    def start(self):
        """Every page begins with the same rank."""
        self.ranks = dict.fromkeys(LINKS, 1 / len(LINKS))
        self.moves = []
        self.next(self.spread)

    @step
    def spread(self):
        """Each page hands its rank on along its links."""
        ranks = dict.fromkeys(LINKS, (1 - self.damping) / len(LINKS))
        for page, links in LINKS.items():
            for link in links:
                ranks[link] += self.damping * self.ranks[page] / len(links)
        self.moves.append(max(abs(ranks[page] - self.ranks[page]) for page in LINKS))
        self.ranks = ranks
        self.next(self.judge)

    @step
    def judge(self):
        """Another turn, or enough."""
        still = self.moves[-1] <= self.tolerance
        self.state = "still" if still else "tired" if len(self.moves) >= self.turns else "moving"
        self.next({"moving": self.spread, "still": self.end, "tired": self.warn}, condition="state")

    @step
    def warn(self):
        """The ranks still move, and there are no turns left."""
        print(f"after {self.turns} turns a rank still moves by {self.moves[-1]:.4f}")
        self.next(self.end)

    @step
    def end(self):
        """Print the pages, best first."""
        for page, rank in sorted(self.ranks.items(), key=lambda pair: -pair[1]):
            print(f"{page:5} {rank:.3f}")
        print(f"{len(self.moves)} turns")


if __name__ == "__main__":
    ConvergeFlow()
