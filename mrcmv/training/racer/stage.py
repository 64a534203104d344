"""One race: a display of its own, the game in it, keys in, pictures out.

The game has no way to name a course on its command line, so every race gets a data folder of its own, made
of links, that knows one course and one light; then the same keys lead through the menus every time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .programs import Programs

SIZE = (320, 240)
OPTIONS = {
    "fullscreen": "1", "res_type": "0", "detail_level": "3", "sound_volume": "0", "music_volume": "0",
    "framerate": "35", "forward_clip_distance": "75",
}  # fmt: skip
EVENTS = (
    "*[struct] 0 [race] race [group] default [course] {name} [light] sunny [snow] 0 [wind] 0 "
    "[herring] 1 2 3 [time] 300 200 100\n\n*[struct] 1 [cup] cup [name] Cup [num] 1 [1] race\n\n"
    "*[struct] 2 [event] event [name] Event [num] 1 [1] cup\n"
)
"""A list of events that names no other course: the game ends when one of them is not there."""
NAME_ROW, COURSE_ROW = 73, 132
"""Rows of pixels where the first menu and the menu of courses have a yellow frame."""
START_S = 240.0
"""Longest time that the game may take to come to the start of a race, in seconds."""

Frame = NDArray[np.uint8]


class StageError(RuntimeError):
    """The game did not come to the start of a race."""


class Stage:
    """A running race. Use as a context manager; ``folder`` is for links and settings, made and removed."""

    def __init__(self, programs: Programs, folder: Path, course: str, light: str) -> None:
        """course: "<group>/<folder>" of the game's data; light: sunny, cloudy, evening or night."""
        self._programs = programs
        self._folder = folder.resolve()
        self._course, self._light = course, light
        self._processes: list[subprocess.Popen[bytes]] = []
        self._display: Any = None
        self._screen: NDArray[np.uint8] | None = None
        self._held: set[str] = set()

    def __enter__(self) -> Stage:
        self._folder.mkdir(parents=True)
        try:
            link_data(self._programs.data, self._folder / "etr", self._course, self._light)
            self._open_display()
            self._start_game()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def look(self) -> Frame:
        """What the screen shows: uint8 [height, width, 3], RGB."""
        assert self._screen is not None
        return np.ascontiguousarray(self._screen[:, :, 2::-1])

    def hold(self, keys: set[str]) -> None:
        """Hold down exactly these keys (names of X11 keysyms)."""
        for name in self._held - keys:
            self._key(name, down=False)
        for name in keys - self._held:
            self._key(name, down=True)
        self._held = set(keys)
        self._display.flush()

    def tap(self, key: str, seconds: float = 0.12) -> None:
        """Press and let go."""
        self._key(key, down=True)
        self._display.flush()
        time.sleep(seconds)
        self._key(key, down=False)
        self._display.flush()

    @property
    def alive(self) -> bool:
        return all(process.poll() is None for process in self._processes)

    def close(self) -> None:
        """End game and display, and remove the folder."""
        with contextlib.suppress(Exception):
            if self._display is not None:
                self._display.close()
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        self._screen = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _key(self, name: str, *, down: bool) -> None:
        from Xlib import XK, X
        from Xlib.ext import xtest

        code = self._display.keysym_to_keycode(XK.string_to_keysym(name))
        xtest.fake_input(self._display, X.KeyPress if down else X.KeyRelease, code)

    def _open_display(self) -> None:
        """Start the X server; it picks a free number by itself and keeps its picture in a file."""
        from Xlib.display import Display

        if not (self._programs.root / "xbin").exists():
            with contextlib.suppress(FileExistsError):
                (self._programs.root / "xbin").symlink_to("usr/bin")
        read, write = os.pipe()
        width, height = SIZE
        command = [
            *("./Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24"),
            *("-fbdir", str(self._folder), "-nolisten", "tcp", "-ac"),
        ]
        with (self._folder / "display.log").open("wb") as log:
            server = subprocess.Popen(
                command, cwd=self._programs.root, env=self._programs.environment(), pass_fds=(write,),
                stdout=log, stderr=log,
            )  # fmt: skip
        self._processes.append(server)
        os.close(write)
        with os.fdopen(read, "rb") as told:
            number = told.readline().decode().strip()
        if not number:
            raise StageError("the display did not start")
        self._number = f":{number}"
        self._display = Display(self._number)
        self._screen = framebuffer(self._folder / "Xvfb_screen0")

    def _start_game(self) -> None:
        from pwd import getpwuid

        person = getpwuid(os.getuid()).pw_name
        (self._folder / ".etr").mkdir()
        settings = "".join(f"  [{name}] {value}\n" for name, value in OPTIONS.items())
        (self._folder / ".etr" / "options").write_text(settings, encoding="utf-8")
        passwd, group = self._folder / "passwd", self._folder / "group"
        passwd.write_text(
            f"{person}:x:{os.getuid()}:{os.getgid()}::{self._folder}:/bin/sh\n", encoding="utf-8"
        )
        group.write_text(f"{person}:x:{os.getgid()}:\n", encoding="utf-8")
        wrapper = self._programs.libraries / "libnss_wrapper.so"
        environment = {
            **self._programs.environment(),
            "DISPLAY": self._number,
            "LD_PRELOAD": str(wrapper),
            "NSS_WRAPPER_PASSWD": str(passwd),
            "NSS_WRAPPER_GROUP": str(group),
        }
        with (self._folder / "game.log").open("wb") as log:
            game = subprocess.Popen(
                [str(self._programs.root / "etr")], cwd=self._folder, env=environment, stdout=log, stderr=log
            )
        self._processes.append(game)
        self._walk_menus(time.monotonic() + START_S)

    def _walk_menus(self, until: float) -> None:
        """The player's name, kind of game (the second: practice), course, race; then past the fly-over."""
        self._wait(lambda frame: framed(frame, NAME_ROW), until)
        menu = corners(self.look())
        self.tap("Return")
        self._wait(lambda frame: not framed(frame, NAME_ROW), until)
        time.sleep(0.5)
        self.tap("Down")
        time.sleep(0.5)
        self.tap("Return")
        self._wait(lambda frame: framed(frame, COURSE_ROW), until)
        self.tap("Return")
        self._wait(lambda frame: np.abs(corners(frame) - menu).mean() > 20, until)
        while not clock_runs(self.look()):
            if time.monotonic() > until or not self.alive:
                raise StageError(f"the race on {self._course} did not begin")
            self.tap("Return")  # past the fly-over
            time.sleep(0.4)
        while clock_runs(self.look()) and time.monotonic() < until and self.alive:
            self.tap("h")  # the figures on the picture are switched off
            time.sleep(0.5)

    def _wait(self, shown: Callable[[Frame], bool], until: float) -> None:
        """Wait for a screen that is seen twice in a row."""
        times = 0
        while time.monotonic() < until and self.alive:
            times = times + 1 if shown(self.look()) else 0
            if times == 2:
                return
            time.sleep(0.1)
        raise StageError(f"the game did not come to {self._course}")


def framed(frame: Frame, row: int) -> bool:
    """Whether a menu's yellow frame, which marks what has the focus, runs along a row near this one."""
    part = frame[row - 3 : row + 4, 8:200].astype(np.int16)
    yellow = (part[..., 0] > 200) & (part[..., 1] > 150) & (part[..., 2] < 110)
    return bool((yellow.mean(1) > 0.9).any())


def clock_runs(frame: Frame) -> bool:
    """Whether the race's clock stands in its corner, bright yellow: it is dark before the start."""
    part = frame[10:45, 8:40].astype(np.int16)
    return bool(((part[..., 0] > 200) & (part[..., 1] > 150) & (part[..., 2] < 110)).mean() > 0.05)


def corners(frame: Frame) -> NDArray[np.floating]:
    """Mean colours in the four corners, where all menus show ice, [4, 4, 3]."""
    small = thumbnail(frame)
    return np.concatenate([small[:1, :4], small[:1, -4:], small[-1:, :4], small[-1:, -4:]])


def thumbnail(frame: Frame) -> NDArray[np.floating]:
    """Mean colours of a frame's 12 x 16 fields, [12, 16, 3]."""
    height, width = frame.shape[0] // 12, frame.shape[1] // 16
    fields = frame[: height * 12, : width * 16].reshape(12, height, 16, width, 3)
    return np.asarray(fields.mean((1, 3)), dtype=np.float32)


def framebuffer(path: Path) -> NDArray[np.uint8]:
    """The picture that Xvfb keeps in a file (XWD format, version 7, 32 bits), [height, width, 4], BGRX."""
    content = np.memmap(path, np.uint8, "r")
    head = struct.unpack(">25I", content[:100].tobytes())
    width, height, stride, colours = head[4], head[5], head[12], head[19]
    start = head[0] + 12 * colours
    rows = content[start : start + stride * height].reshape(height, stride)
    return rows[:, : width * 4].reshape(height, width, 4)


def link_data(source: Path, target: Path, course: str, light: str) -> None:
    """A copy of the game's data made of links, in which there is one course, and sunny is ``light``.

    Whatever its group is, the course stands in the group "default": the game ends when there is no such.
    """
    name = course.split("/")[1]
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.name not in ("courses", "env"):
            (target / path.name).symlink_to(path.resolve())
    courses = target / "courses"
    (courses / "default").mkdir(parents=True)
    (courses / "default" / name).symlink_to((source / "courses" / course).resolve())
    (courses / "groups.lst").write_text("*[dir] default\n", encoding="utf-8")
    (courses / "default" / "courses.lst").write_text(f"*[name] {name} [dir] {name}\n", encoding="utf-8")
    (courses / "events.lst").write_text(EVENTS.format(name=name), encoding="utf-8")
    for path in (source / "env").iterdir():
        if not path.is_dir():
            (target / "env").mkdir(exist_ok=True)
            (target / "env" / path.name).symlink_to(path.resolve())
            continue
        (target / "env" / path.name).mkdir(parents=True)
        for condition in path.iterdir():
            shown = path / light if condition.name == "sunny" else condition
            (target / "env" / path.name / condition.name).symlink_to(shown.resolve())
