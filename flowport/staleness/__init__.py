"""How stale a model is: how far its features have drifted, and a verdict over several signals. Pure functions that need no package.

reference = Distribution.of(training["income"])          # when the model is trained
drift(reference, this_week["income"]).psi                # each week: 0.31
assess([Signal("drift", 0.31, fresh=0.1, stale=0.25), Signal("age", 5, fresh=4, stale=26)]).is_stale
"""

from __future__ import annotations

from flowport.staleness.distributions import Distribution as Distribution
from flowport.staleness.stability import Drift as Drift
from flowport.staleness.stability import drift as drift
from flowport.staleness.stability import psi as psi
from flowport.staleness.verdicts import Signal as Signal
from flowport.staleness.verdicts import Staleness as Staleness
from flowport.staleness.verdicts import assess as assess

__all__ = ("Distribution", "Drift", "Signal", "Staleness", "assess", "drift", "psi")
