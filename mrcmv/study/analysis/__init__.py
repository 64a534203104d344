"""The analysis of a blind study: preferences with intervals, tests, exclusions, power, simulation.

Nothing of this is imported by the app: the libraries behind it take a second or two to load.
"""

from mrcmv.study.analysis.people import Person, World
from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.power import simulated_power, votes_needed
from mrcmv.study.analysis.results import Findings, Results, analyse
from mrcmv.study.analysis.simulate import Layout, layout, simulate, world

__all__ = [
    "Findings", "Layout", "Person", "Plan", "Results", "World", "analyse", "layout", "simulate",
    "simulated_power", "votes_needed", "world",
]  # fmt: skip
