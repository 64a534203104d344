"""Serve the page with the fake, to look at it: ``python -m tests.web.demo [port] [step_s]``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from mrcmv.web import serve
from mrcmv.web.examples import find_examples
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio
from tests.web.clips import make_mp4
from tests.web.fakes import FakeRecommender


def main(port: int, step_s: float) -> None:
    folder = Path(tempfile.mkdtemp(prefix="mrcmv-fake-"))
    for name in ("excited", "calm", "no-voice"):
        make_mp4(folder / "examples" / f"{name}.mp4", seconds=3.0)
    recommender = FakeRecommender(folder, step_s=step_s)
    studio = Studio(recommender, sessions=Sessions(), examples=find_examples(folder / "examples"))  # type: ignore[arg-type]
    serve(studio, host="127.0.0.1", port=port).block_thread()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7861, float(sys.argv[2]) if len(sys.argv) > 2 else 0.03)
