"""Words beside the clip: a free text in English or Chinese, and how well each track meets it.

`understand` reads what is asked for; `Words.score` measures tracks against it, by what the library
knows of them (tempo, key, loudness, voices, tags) and by the all-MiniLM-L6-v2 sentence encoder.
"""

from mrcmv.words.asks import Ask, Axis, Kind, Understood, understand
from mrcmv.words.describe import said_words
from mrcmv.words.encoder import NoEncoder, SentenceEncoder
from mrcmv.words.glossary import to_chinese
from mrcmv.words.steer import Judged, Steered, Words

__all__ = [
    "Ask",
    "Axis",
    "Judged",
    "Kind",
    "NoEncoder",
    "SentenceEncoder",
    "Steered",
    "Understood",
    "Words",
    "said_words",
    "to_chinese",
    "understand",
]
