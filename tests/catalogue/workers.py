"""Workers that spawned processes can import: quick ones, and some that die."""

from __future__ import annotations

import os
import signal

import numpy as np

from mrcmv.catalogue.work import Done, Task
from mrcmv.library import TrackVectors


def instead(task: Task) -> Done:
    """Vectors made of the hash; a file that holds ``kill`` ends the process that reads it."""
    vectors = {}
    for key, path in zip(task.keys, task.paths, strict=True):
        if path.read_bytes().startswith(b"kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        row = np.frombuffer(bytes.fromhex(key)[:8], np.uint8).astype(np.float32)
        vectors[key] = TrackVectors(row[None], np.zeros(1, np.float32))
    return Done(vectors, {}, "weights", 0.1)
