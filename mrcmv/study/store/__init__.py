"""Where answers are kept: SQLite in one file, or PostgreSQL by its address."""

from mrcmv.study.store.errors import Busy, Refused, StudyFull, StudyShut
from mrcmv.study.store.store import Store
from mrcmv.study.store.views import Answer, Counts, Shown, Told

__all__ = ["Answer", "Busy", "Counts", "Refused", "Shown", "Store", "StudyFull", "StudyShut", "Told"]
