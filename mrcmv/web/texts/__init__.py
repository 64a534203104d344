"""Every sentence of the page in English and Simplified Chinese, a module for each part of it."""

from mrcmv.web.texts import exports, shelf, steer, suggest, why
from mrcmv.web.texts.rooms import ROOM_SENTENCES

__all__ = ["CHINESE", "ENGLISH", "ROOM_SENTENCES"]

_PARTS = (suggest.TEXTS, exports.TEXTS, shelf.TEXTS, steer.TEXTS, why.TEXTS)

ENGLISH: dict[str, str] = {key: both[0] for part in _PARTS for key, both in part.items()}
CHINESE: dict[str, str] = {key: both[1] for part in _PARTS for key, both in part.items()}
