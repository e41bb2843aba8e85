"""A loop: PageRank, with one pass over the graph in each turn, until the ranks stop changing.

flowport run examples/converge.py --tolerance 0.0001
"""

from flowport import FlowSpec, Parameter, step

LINKS = {"home": ["docs", "blog"], "docs": ["home", "api"], "api": ["docs"], "blog": ["home"]}


class ConvergeFlow(FlowSpec):
    """Rank four pages by the links between them."""

    damping = Parameter("damping", type=float, default=0.85, help="probability that a reader follows a link")
    tolerance = Parameter("tolerance", type=float, default=0.001, help="stop when no rank changes by more than this")
    turns = Parameter("turns", type=int, default=50, help="stop after this many turns")

    @step
    def start(self):
        """Give every page the same rank."""
        self.ranks = dict.fromkeys(LINKS, 1 / len(LINKS))
        self.moves = []
        self.next(self.spread)

    @step
    def spread(self):
        """Pass the rank of each page on along its links."""
        ranks = dict.fromkeys(LINKS, (1 - self.damping) / len(LINKS))
        for page, links in LINKS.items():
            for link in links:
                ranks[link] += self.damping * self.ranks[page] / len(links)
        self.moves.append(max(abs(ranks[page] - self.ranks[page]) for page in LINKS))
        self.ranks = ranks
        self.next(self.judge)

    @step
    def judge(self):
        """Decide whether to take another turn."""
        still = self.moves[-1] <= self.tolerance
        self.state = "still" if still else "tired" if len(self.moves) >= self.turns else "moving"
        self.next({"moving": self.spread, "still": self.end, "tired": self.warn}, condition="state")

    @step
    def warn(self):
        """Print a warning: the ranks still change, and no turns are left."""
        print(f"after {self.turns} turns a rank still changes by {self.moves[-1]:.4f}")
        self.next(self.end)

    @step
    def end(self):
        """Print the pages, best first."""
        for page, rank in sorted(self.ranks.items(), key=lambda pair: -pair[1]):
            print(f"{page:5} {rank:.3f}")
        print(f"{len(self.moves)} turns")


if __name__ == "__main__":
    ConvergeFlow()
