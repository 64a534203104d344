"""Stimuli: what every method chooses, mixed by one chain, as loud as one another, under opaque names."""

from mrcmv.study.stimuli.making import make_stimuli

__all__ = ["make_stimuli"]
