"""A verb over a folder of clips: one after another, resumable, with a report page."""

from mrcmv.batch.clips import render_one, suggest_one
from mrcmv.batch.run import Plan, Summary, find_clips, run

__all__ = ["Plan", "Summary", "find_clips", "render_one", "run", "suggest_one"]
