"""The panel behind "More formats": a package for editors, made on demand, and the link to the session."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.media import Cancelled
from mrcmv.web.errors import PageError, notice, sentence
from mrcmv.web.files import download_name
from mrcmv.web.icons import icon
from mrcmv.web.run import Job, Report
from mrcmv.web.sessions import LEAST_FREE_BYTES
from mrcmv.web.text import plain, t

if TYPE_CHECKING:
    from mrcmv.recommender import Recommender
    from mrcmv.web.line import Line
    from mrcmv.web.session import Choice, Session

KINDS = {
    "video.mp4": ("export_video", "video/mp4"),
    "stems/voice.wav": ("export_voice", "audio/wav"),
    "stems/music.wav": ("export_music", "audio/wav"),
    "stems/music_ducked.wav": ("export_ducked", "audio/wav"),
    "stems/mix.wav": ("export_mix", "audio/wav"),
    "timeline.otio": ("export_timeline", "application/json"),
    "settings.json": ("export_settings", "application/json"),
    "credits.txt": ("export_credits", "text/plain"),
}
"""What may be in a package: name inside -> (sentence, media type)."""
MEGABYTE = 1_000_000
MOST_ALONE = 60 * MEGABYTE
"""Larger parts are in the ZIP only: a long clip's sounds would lie on the disk twice."""
MOST_PACKAGES = 3
"""Of one session; the oldest goes first."""


@dataclass(frozen=True)
class Made:
    """A finished package: address, size in bytes and name of each download, the whole one first."""

    title: str
    folder: Path
    downloads: tuple[tuple[str, str, int, str], ...]


class Exports:
    """Packages of all sessions; one recommender, one line."""

    def __init__(self, recommender: Recommender, line: Line, keep_minutes: float) -> None:
        self.recommender, self.line, self.keep_minutes = recommender, line, keep_minutes

    def make(self, session: Session) -> Iterator[str]:
        """Make the package of what is chosen; yields the panel as it changes."""
        choice, found = session.choice, session.suggestions
        if choice is None or found is None:
            yield self.panel(session, message=notice(sentence(PageError("bad_request"))))
            return
        if choice in session.packages:
            yield self.panel(session, opened=True)
            return
        job: Job[Made] = Job("export")
        try:
            with session.lock:
                if session.export is not None:
                    session.export.stop()
                session.export = job
            folder = session.folder / f"export-{len(session.packages)}-{id(job):x}"
            folder.mkdir(mode=0o700)

            def task(job: Job[Made]) -> Made:
                return self._package(session, choice, folder, job)

            def after() -> None:
                if session.gone:
                    session.discard_files()

            job.work.clip.update(session.about)
            job.start(self.line, task, after, whose=session.names, alone=session.ticket)
            shown = ""
            for report in job.watch():
                html = self.panel(session, report=report, opened=True)
                if html != shown and self._current(session, job):
                    shown = html
                    yield html
            session.packages[choice] = job.result()
            while len(session.packages) > MOST_PACKAGES:
                self._drop(session, session.packages.pop(next(iter(session.packages))))
        except Exception as error:
            if self._current(session, job):
                said = (
                    notice(t("export_stopped"), "calm")
                    if isinstance(error, Cancelled)
                    else notice(sentence(error))
                )
                yield self.panel(session, message=said, opened=True)
            return
        if self._current(session, job):
            session.touch()
            yield self.panel(session, opened=True)

    @staticmethod
    def _drop(session: Session, made: Made) -> None:
        shutil.rmtree(made.folder, ignore_errors=True)
        for name in [n for n, stored in session.files.items() if stored.path.parent == made.folder]:
            del session.files[name]

    def stop(self, session: Session) -> None:
        with session.lock:
            if session.export is not None:
                session.export.stop()

    def _package(self, session: Session, choice: Choice, folder: Path, job: Job[Made]) -> Made:
        found = session.suggestions
        assert found is not None
        track = None if choice.track_id is None else self.recommender.library.get(choice.track_id)
        title = track.title if track else plain("no_music")
        if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
            raise PageError("busy")
        box = folder / "package.zip"
        self.recommender.export(
            found, choice.track_id, box, choice.settings, name=session.clip_name, progress=job.progress
        )
        with zipfile.ZipFile(box) as packed:
            inside = {entry.filename: entry for entry in packed.infolist()}
            rows = []
            for name, (key, kind) in KINDS.items():
                if name not in inside or inside[name].file_size > MOST_ALONE:
                    continue
                job.check()
                path = folder / name.replace("/", "-")
                with packed.open(name) as source, path.open("wb") as target:
                    while block := source.read(1 << 20):
                        target.write(block)
                rows.append((key, path, kind))
        rows.insert(0, ("export_all", box, "application/zip"))
        base = Path(download_name(session.clip_name, title)).stem
        downloads = []
        for key, path, kind in rows:
            file = f"{base}.zip" if path == box else f"{base} - {path.name.removeprefix('stems-')}"
            address = session.put(f"{folder.name}-{path.name}", path, kind, file)
            downloads.append((key, address, path.stat().st_size, file))
        return Made(title, folder, tuple(downloads))

    def panel(
        self, session: Session, *, report: Report | None = None, message: str = "", opened: bool = False
    ) -> str:
        """HTML of the panel for what is chosen; nothing when nothing is."""
        choice = session.choice
        if choice is None:
            return ""
        made = session.packages.get(choice)
        if report is not None:
            body = _progress(report)
        elif made is not None:
            body = _downloads(made)
        else:
            body = (
                f'<p class="hint">{t("export_what")}</p><button type="button" class="btn" id="export" '
                f'data-do="submit">{t("export_make")}</button>'
            )
        shown = " open" if opened else ""
        return (
            f'<details class="exports"{shown}><summary id="more-formats">{t("export_more")}</summary>'
            f'<div class="inside">{message}<section aria-label="Package">{body}</section>'
            f"{self._link(session)}</div></details>"
        )

    def _link(self, session: Session) -> str:
        minutes = f"{self.keep_minutes:.0f}"
        return (
            f'<section class="sessionlink"><span class="label" id="link-label">{t("link_label")}</span>'
            f'<div class="row"><input type="text" readonly id="session-link" aria-labelledby="link-label" '
            f'data-key="{escape(session.key)}" value=""><button type="button" class="btn" '
            f'data-copy="session-link"><span class="off">{t("link_copy")}</span>'
            f'<span class="on" role="status">{t("copied")}</span></button></div>'
            f'<p class="hint">{t("link_hint", minutes=minutes)}</p></section>'
        )

    @staticmethod
    def _current(session: Session, job: Job[Any]) -> bool:
        return session.export is job and not session.gone


def _progress(report: Report) -> str:
    words = t("waiting_turn", count=report.ahead) if report.ahead else t("export_making")
    label = t("cancelling") if report.stopping else t("cancel")
    disabled = " disabled" if report.stopping else ""
    return (
        f'<div class="mixing" role="status"><div class="row"><span>{words}</span>'
        f'<button type="button" class="btn quiet" data-do="stop"{disabled}>{label}</button></div>'
        f'<span class="bar"><i style="width:{100 * report.done:.0f}%"></i></span></div>'
    )


def _downloads(made: Made) -> str:
    rows = "".join(
        f'<li><a class="btn{" primary" if key == "export_all" else ""}" href="{escape(address)}" '
        f'download="{escape(file)}">{icon("download")}<span>{t(key)}</span>'
        f'<span class="num size">{_size(size)}</span></a></li>'
        for key, address, size, file in made.downloads
    )
    return f'<p class="hint">{t("export_done", title=made.title)}</p><ul class="downloads">{rows}</ul>'


def _size(count: int) -> str:
    if count >= MEGABYTE:
        return f"{count / MEGABYTE:.1f} MB"
    return f"{max(1, round(count / 1000))} kB"
