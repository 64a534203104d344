"""A visitor's way through the page's own studio, in a process that is made to be killed.

``python -m tests.faults.visitor UPLOAD`` prints the key of its session, then each step as it begins.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from mrcmv.recommender import Recommender
from mrcmv.web import _leave
from mrcmv.web.studio import Studio


def main(upload: Path) -> None:
    signal.signal(signal.SIGTERM, _leave)
    studio = Studio(Recommender(device="cpu"), examples=[])
    view = studio.take_upload(str(upload), "", "tab")
    session = studio.sessions.find(view.ticket, "tab")
    print(f"key {session.key}", flush=True)
    told = set()

    def say(step: str) -> None:
        if step not in told:
            told.add(step)
            print(step, flush=True)

    for _view in studio.find(session.ticket, {}, "tab"):
        if session.suggestions is not None:
            say("found")
            if session.job and not session.job.over:
                say("mixing")
        elif session.job:
            for stage in session.job.report().stages:
                say(str(stage))
    say("mixed")
    deliver = next(stored.make for stored in session.files.values() if stored.make)
    say("delivering")
    deliver()
    say("delivered")
    signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
