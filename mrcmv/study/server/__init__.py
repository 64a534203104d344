"""The study's own server: a page for participants, a desk for the experimenter, nothing else."""

from mrcmv.study.server.app import make_app
from mrcmv.study.server.running import serve

__all__ = ["make_app", "serve"]
