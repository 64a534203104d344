"""Blind preference studies: design, stimuli, sessions, store, analysis. docs/study.md tells how."""

from mrcmv.study.design import Design, DesignError, pair_id
from mrcmv.study.reading import load_design
from mrcmv.study.row import CODEBOOK, COLUMNS, Row

__all__ = ["CODEBOOK", "COLUMNS", "Design", "DesignError", "Row", "load_design", "pair_id"]
