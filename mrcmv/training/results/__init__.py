"""From rows of a table to the table: training, judging, intervals, Markdown and plots."""

from mrcmv.training.results.outcome import Outcome, load_outcomes
from mrcmv.training.results.rows import Row, read_rows
from mrcmv.training.results.run import run_row

__all__ = ["Outcome", "Row", "load_outcomes", "read_rows", "run_row"]
