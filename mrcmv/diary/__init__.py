"""What the running program writes down of its work, and counts of it; nothing of the people it works for."""

from mrcmv.diary.log import configure
from mrcmv.diary.work import Work, tally

__all__ = ["Work", "configure", "tally"]
