"""Where the work is done: in this process, in processes of this machine, or on a Ray cluster.

Each place gives back tasks as they are done, in any order; a task whose worker died comes back with None.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import Any, Protocol

from mrcmv.catalogue.work import Done, Task, embed_tracks
from mrcmv.media import UserError

Result = tuple[Task, Done | None]
AHEAD = 2
"""Tasks for each core that are handed out before the first is done."""
RETRIES = 4
"""How often Ray gives a task to another worker when its own died, with a whole node or alone."""


class Place(Protocol):
    def run(self, tasks: Iterable[Task]) -> Iterator[Result]: ...

    def close(self) -> None: ...


class Here:
    """This process, one after the other."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Result]:
        for task in tasks:
            yield task, embed_tracks(task)

    def close(self) -> None:
        pass


class Processes:
    """Processes of this machine. When one dies, all tasks in work come back with None."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, tasks: Iterable[Task]) -> Iterator[Result]:
        waiting = iter(tasks)
        running: dict[Future[Done], Task] = {}
        pool = self._pool()
        try:
            while True:
                for task in islice(waiting, AHEAD * self.workers - len(running)):
                    try:
                        running[pool.submit(embed_tracks, task)] = task
                    except BrokenProcessPool:
                        yield task, None
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task = running.pop(future)
                    try:
                        yield task, future.result()
                    except BrokenProcessPool:
                        yield task, None
                        for left in running.values():
                            yield left, None
                        running.clear()
                        pool.shutdown(wait=False)
                        pool = self._pool()
                        break
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"))

    def close(self) -> None:
        pass


class Cluster:
    """A Ray cluster by its address, or with ``local`` one that is started here and ends with the work.

    Its machines read the tracks by the same paths, and have this program installed.
    """

    def __init__(self, address: str) -> None:
        try:
            import ray
        except ImportError as error:
            raise UserError("A cluster needs Ray: run pip install -r requirements-scale.txt.") from error
        self._ray: Any = ray
        self._mine = not ray.is_initialized()
        if self._mine:
            where: Any = {} if address == "local" else {"address": address}
            try:
                ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
            except Exception as error:  # the client raises a dozen kinds of its own
                raise UserError("Ray does not answer there: check the address and that it runs.") from error

    def run(self, tasks: Iterable[Task]) -> Iterator[Result]:
        ray = self._ray
        remote = ray.remote(num_cpus=1, max_retries=RETRIES)(embed_tracks)
        waiting = iter(tasks)
        running: dict[Any, Task] = {}
        while True:
            cores = int(ray.cluster_resources().get("CPU", 1))
            for task in islice(waiting, max(0, AHEAD * cores - len(running))):
                running[remote.remote(task)] = task
            if not running:
                return
            ready, _ = ray.wait(list(running), num_returns=1, timeout=10)
            for reference in ready:
                task = running.pop(reference)
                try:
                    done: Done | None = ray.get(reference)
                except (ray.exceptions.RayTaskError, ray.exceptions.RuntimeEnvSetupError) as error:
                    raise UserError(
                        "A machine of the cluster cannot embed: install this version and checkpoint there."
                    ) from error
                except ray.exceptions.RayError:
                    done = None
                yield task, done

    def close(self) -> None:
        if self._mine:
            self._ray.shutdown()
