"""Five deep: a branch in a foreach in a switch in a loop in a foreach."""

from flowport import FlowSpec, step


class Deep(FlowSpec):
    @step
    def start(self):
        self.teams = ["red", "blue"]
        self.next(self.team, foreach="teams")

    @step
    def team(self):
        self.points = len(self.input)
        self.rounds = []
        self.next(self.play)

    @step
    def play(self):
        self.mode = "rest" if len(self.rounds) % 2 else "match"
        self.next({"match": self.field, "rest": self.sleep}, condition="mode")

    @step
    def sleep(self):
        self.points -= 1
        self.next(self.score)

    @step
    def field(self):
        self.players = list(range(len(self.rounds) + 2))
        self.next(self.player, foreach="players")

    @step
    def player(self):
        self.next(self.run_fast, self.aim)

    @step
    def run_fast(self):
        self.speed = self.input + 1
        self.next(self.goal)

    @step
    def aim(self):
        self.accuracy = self.input * 2
        self.next(self.goal)

    @step
    def goal(self, inputs):
        self.goals = inputs.run_fast.speed + inputs.aim.accuracy
        self.merge_artifacts(inputs, include=["points", "rounds", "mode"])
        self.next(self.whistle)

    @step
    def whistle(self, inputs):
        self.merge_artifacts(inputs, include=["points", "rounds", "mode"])
        self.points += sum(each.goals for each in inputs)
        self.next(self.score)

    @step
    def score(self):
        self.rounds = [*self.rounds, (self.mode, self.points)]
        self.state = "over" if self.points > 20 or len(self.rounds) == 4 else "on"
        self.next({"on": self.play, "over": self.leave}, condition="state")

    @step
    def leave(self):
        self.card = (self.input, self.rounds)
        self.next(self.table)

    @step
    def table(self, inputs):
        self.cards = [each.card for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
