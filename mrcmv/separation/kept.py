"""Where somebody speaks, kept beside the stems it was heard in."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from mrcmv.media import Speech

NAME = "speech.json"


def kept_speech(folder: Path, hear: Callable[[], Speech]) -> Speech:
    """What ``hear`` found, kept in a clip's folder of stems.

    Every mix asks for it, and hearing it again would cost a third of a mix. A damaged file is heard
    anew; several processes may share the folder.
    """
    path = folder / NAME
    try:
        return Speech(tuple((float(begin), float(end)) for begin, end in json.loads(path.read_text())))
    except (OSError, ValueError, TypeError):
        speech = hear()
    partial = path.with_name(f"{NAME}.{secrets.token_hex(4)}.partial")
    partial.write_text(json.dumps(speech.segments))
    os.replace(partial, path)
    return speech
