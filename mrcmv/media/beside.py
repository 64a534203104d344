"""Work that goes on in a thread beside its caller, and certainly ends with it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mrcmv.media.child import POLL_S
from mrcmv.media.types import Cancelled, Progress


class Beside:
    """Runs ``work(progress)`` in a thread of its own; ``progress`` raises `Cancelled` after `stop`."""

    def __init__(self, work: Callable[[Progress], None]) -> None:
        self.done = 0.0
        self._work = work
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="mrcmv-beside")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work(self._progress)
        except BaseException as error:  # handed to whoever waits
            self._error = error

    def _progress(self, done: float) -> None:
        if self._stop.is_set():
            raise Cancelled
        self.done = done

    def wait(self, progress: Progress) -> None:
        """Wait for the end; ``progress`` is told several times a second and may raise. Raises what the
        work raised."""
        while self._thread.is_alive():
            progress(self.done)
            self._thread.join(POLL_S)
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End the work at its next report, a tenth of a second for a child process, and wait for that."""
        self._stop.set()
        self._thread.join()
