"""One hostile file goes through the program in a process of its own, and all that it costs is measured.

    python -m tests.hostile.trial KIND FILE FOLDER

prints one JSON object: what the user is told, seconds, memory, and what is left over. Without a file it loads
what reads that kind, once, and tries each file that it is told of in a copy of itself (`Warm`).
"""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import signal
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import PIPE, Popen, run

from tests.hostile.readers import READERS, make_ready

MOST_S, MOST_BYTES = 20.0, 1_500_000_000
MOST_WAIT_S = 120
QUOTE = re.compile(r"“([^“”]*)”")
_LEAKS = ("ffmpeg", "Errno", "Traceback", "Invalid data", "moov", "site-packages", "/", "\\", "\n")


@dataclass(frozen=True)
class Outcome:
    """``verdict`` is "taken", "refused" or "crashed"; ``said`` is the sentence for the user."""

    verdict: str
    said: str
    seconds: float
    bytes: int
    left: tuple[str, ...]

    def wrongs(self, must: str, secrets: tuple[str, ...] = (), content: bytes = b"") -> list[str]:
        """What does not hold, in words; empty when all is well. What stands in ``content`` may be quoted."""
        wrong = []
        if self.verdict == "crashed" or (must != "either" and self.verdict != must):
            wrong.append(f"{self.verdict}: {self.said}")
        if self.seconds > MOST_S:
            wrong.append(f"took {self.seconds:.1f} s")
        if self.bytes > MOST_BYTES:
            wrong.append(f"took {self.bytes / 1e6:.0f} MB")
        if self.left:
            wrong.append(f"left {', '.join(self.left)}")
        if self.verdict == "refused" and not _is_plain(self.said, secrets, content.decode(errors="replace")):
            wrong.append(f"no plain sentence: {self.said!r}")
        return wrong


def _is_plain(said: str, secrets: tuple[str, ...], content: str) -> bool:
    own = QUOTE.sub(lambda quote: "" if quote[1].rstrip("…") in content else quote[0], said)
    for name in (
        "docs/model.md",
        "docs/study.md",
        "docs/training.md",
        "library/catalog.sqlite",
        "assets/library/starter.json",
    ):
        own = own.replace(name, "")
    leaks = [leak for leak in (*_LEAKS, *secrets) if leak and leak in own]
    return not leaks and said.endswith((".", "?")) and 10 < len(said) < 300


def attempt(kind: str, source: Path, folder: Path, timeout_s: float = MOST_WAIT_S) -> Outcome:
    """Try a file in a child process. ``folder`` is an empty folder that the attempt may fill."""
    command = [sys.executable, "-m", "tests.hostile.trial", kind, str(source), str(folder)]
    done = run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    if done.returncode:
        return crash(done.stderr[-400:])
    plain = json.loads(done.stdout.splitlines()[-1])
    return Outcome(**{**plain, "left": tuple(plain["left"])})


class Warm:
    """A process with the readers of one kind loaded, which forks for each file: loading them for each anew
    would take most of the time, and tell nothing of the file."""

    def __init__(self, kind: str) -> None:
        command = [sys.executable, "-m", "tests.hostile.trial", kind]
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, text=True)

    def attempt(self, source: Path, folder: Path) -> Outcome:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(source), str(folder)]) + "\n")
        self._process.stdin.flush()
        plain = json.loads(self._process.stdout.readline())
        return Outcome(**{**plain, "left": tuple(plain["left"])})

    def close(self) -> None:
        self._process.communicate()


def serve(kind: str) -> None:
    """Answer for each line of standard input, [file, folder], with one line."""
    make_ready(kind)
    for line in sys.stdin:
        source, folder = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.alarm(MOST_WAIT_S)
            try:
                main(kind, source, folder)
            except BaseException:
                print(json.dumps(asdict(crash(traceback.format_exc()[-400:]))))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print(json.dumps(asdict(crash(f"ended with {status}"))), flush=True)


def crash(said: str) -> Outcome:
    return Outcome("crashed", said, 0.0, 0, ())


def try_here(kind: str, source: Path, private: Path) -> Outcome:
    """Try a file in this process. ``private`` is an empty folder that the program may fill."""
    from mrcmv.media import UserError, open_clip, open_sound
    from tests.processes import children

    make_ready(kind)
    running = children()
    beside = set(source.parent.iterdir())
    if kind in READERS:
        beside |= {source.parent / "fake"}
    began = time.perf_counter()
    try:
        if kind == "clip":
            clip = open_clip(source, private)
            told = f"{clip.duration_s:.1f} s, {clip.width} x {clip.height}"
            kept = {clip.picture, clip.sound, *clip.folder.iterdir()}
        elif kind in READERS:
            told, kept = READERS[kind](source), set()
        else:
            facts = open_sound(source, private / "song.flac")
            told, kept = f"{facts.duration_s:.1f} s", {facts.path}
        verdict = "taken"
    except UserError as error:
        verdict, told, kept = "refused", str(error), set()
    seconds = time.perf_counter() - began
    left = [path.name for path in private.rglob("*") if path not in kept]
    left += [path.name for path in source.parent.iterdir() if path not in beside and path != private]
    left += [child.name() for child in children() - running]
    memory = 1024 * max(
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return Outcome(verdict, told, seconds, memory, tuple(left))


def main(kind: str, source: str, folder: str) -> None:
    logging.disable()
    print(json.dumps(asdict(try_here(kind, Path(source), Path(folder)))))


if __name__ == "__main__":
    main(*sys.argv[1:4]) if len(sys.argv) > 2 else serve(sys.argv[1])
