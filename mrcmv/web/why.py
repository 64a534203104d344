"""Why this track: the panel under the player, and the map's data. Pure drawing, and `Explain`.

The drawing lies on the clip's own time line, so that it lines up with the player's strip.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from mrcmv.web.drawing import WIDTH
from mrcmv.web.errors import PageError, notice, sentence
from mrcmv.web.lifts import spans
from mrcmv.web.run import Job, Report
from mrcmv.web.studio import Studio
from mrcmv.web.text import CHINESE, ENGLISH, clock, t
from mrcmv.web.views import View

if TYPE_CHECKING:
    from mrcmv.explain import Fact, Moment, Stretch, Why
    from mrcmv.library import Track
    from mrcmv.recommender import Suggestions
    from mrcmv.web.session import Session

LANE, GAP = 56.0, 6.0
"""Height of the shares, and what lies between them and what each stretch gave."""
TALL = 28.0
LISTED = 40
"""Tracks in the map's list."""


def timeline(stretches: tuple[Stretch, ...], duration_s: float) -> str:
    """Shares of picture and voice as stacked columns, below them how much each stretch gave."""
    scale = WIDTH / max(duration_s, 1e-3)
    most = max((max(s.picture_lost, 0) + max(s.voice_lost, 0) for s in stretches), default=0.0) or 1.0
    parts = []
    top = LANE + GAP
    for s in stretches:
        x, width = s.start_s * scale, max((s.end_s - s.start_s) * scale - 2, 1.0)
        seen = LANE * s.picture_share
        parts.append(f'<rect class="p" x="{x:.1f}" y="0" width="{width:.1f}" height="{seen:.1f}"/>')
        parts.append(
            f'<rect class="v" x="{x:.1f}" y="{seen:.1f}" width="{width:.1f}" height="{LANE - seen:.1f}"/>'
        )
        y = top + TALL
        for kind, lost in (("p", s.picture_lost), ("v", s.voice_lost)):
            height = TALL * max(lost, 0) / most
            y -= height
            size = f'width="{width:.1f}" height="{height:.1f}"'
            parts.append(f'<rect class="{kind} gave" x="{x:.1f}" y="{y:.1f}" {size}/>')
    parts.append(f'<path class="axis" d="M0 {top + TALL:.1f}H{WIDTH}"/>')
    return (
        f'<svg class="wave whytime" viewBox="0 0 {WIDTH} {top + TALL + 1:.0f}" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )


def moment(found: Moment) -> str:
    """A moment as a button that brings the player there."""
    words = t(f"why_moment_{found.source}", start=clock(found.start_s), end=clock(found.end_s))
    return (
        f'<button type="button" class="btn moment {found.source}" data-seek="{found.start_s:.2f}">'
        f'{words}<span class="part" aria-hidden="true"><i style="width:{100 * found.part:.0f}%"></i></span>'
        "</button>"
    )


def fact(found: Fact) -> str:
    """One plain sentence."""
    from mrcmv.words import to_chinese

    values = dict(found.values)
    key = f"fact_{found.key}"
    if found.key == "wished":
        because = str(values["because"])
        if because == "example":
            return t("fact_wished_example", **values)
        english, chinese = because, to_chinese(because) or because
        moved = values["moved"]
        return spans(
            ENGLISH[key].format(moved=moved, because=english),
            CHINESE[key].format(moved=moved, because=chinese),
        )
    if "word" in values:
        english, chinese = both("mood", str(values["word"]))
        rest = {name: value for name, value in values.items() if name != "word"}
        return spans(
            ENGLISH[key].format(word=english.capitalize(), **rest), CHINESE[key].format(word=chinese, **rest)
        )
    return t(key, **values)


def both(prefix: str, name: str) -> tuple[str, str]:
    """A word of a track in both languages, not escaped; unknown ones as they are."""
    key = f"{prefix}_{name.lower()}"
    return (ENGLISH[key], CHINESE[key]) if key in ENGLISH else (name, name)


def table(stretches: tuple[Stretch, ...]) -> str:
    """The drawing for those who cannot see it; what was gained counts in thousandths of the cosine."""
    rows = "".join(
        f"<tr><th scope=row>{clock(s.start_s)}–{clock(s.end_s)}</th><td>{100 * s.picture_share:.0f} %</td>"
        f"<td>{100 * s.voice_share:.0f} %</td><td>{_signed(s.picture_lost)}</td>"
        f"<td>{_signed(s.voice_lost)}</td></tr>"
        for s in stretches
    )
    heads = "".join(
        f"<th scope=col>{t(key)}</th>"
        for key in ("why_when", "picture", "voice", "why_lost_picture", "why_lost_voice")
    )
    return (
        f'<details class="whytable"><summary>{t("why_table")}</summary>'
        '<div class="scroll"><table class="num">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def _signed(value: float) -> str:
    return f"{1000 * value:+.0f}".replace("-", "−")


def panel(found: Why, track: Track, duration_s: float) -> str:
    """The whole answer."""
    spoken = found.voice_share > 0
    picture = round(100 * found.picture_share)
    moments = "".join(moment(each) for each in found.moments) or f'<p class="hint">{t("why_no_moment")}</p>'
    facts = "".join(f"<li>{fact(each)}</li>" for each in found.facts)
    shares = f"<li>{t('why_shares', picture=picture, voice=100 - picture)}</li>" if spoken else ""
    legend = f'<span class="p">{t("picture")}</span>' + (
        f'<span class="v">{t("voice")}</span>' if spoken else ""
    )
    return (
        f'<section class="why" data-track="{escape(track.id)}" tabindex="-1" aria-label="Why">'
        f"<header><h2>{t('why_title', title=track.title)}</h2>{_close()}</header>"
        f'<ul class="facts">{facts}{shares}</ul>'
        f'<div class="whybox"><p class="label">{t("why_time" if spoken else "why_time_alone")}</p>'
        f'<div class="whylegend">{legend}</div>{timeline(found.stretches, duration_s)}'
        f'<p class="hint">{t("why_gave")}</p></div>'
        f'<div class="moments"><span class="label">{t("why_moments")}</span>'
        f'<div class="row">{moments}</div></div>'
        f'{table(found.stretches)}<p class="hint">{t("why_how")}</p></section>'
    )


def looking(track: Track, report: Report | None) -> str:
    """The answer is on its way."""
    done = report.done if report else 0.0
    words = t("waiting_turn", count=report.ahead) if report and report.ahead else t("why_looking")
    return (
        f'<section class="why" data-track="{escape(track.id)}" tabindex="-1" aria-busy="true">'
        f"<header><h2>{t('why_title', title=track.title)}</h2>{_close()}</header>"
        f'<div class="mixing" role="status"><span>{words}</span>'
        f'<span class="bar"><i style="width:{100 * done:.0f}%"></i></span></div></section>'
    )


def _close() -> str:
    return f'<button type="button" class="btn quiet" data-why="close">{t("why_close")}</button>'


def map_data(found: Suggestions, plain: dict[str, Any], tracks: dict[str, Track]) -> dict[str, Any]:
    """What the browser draws: places with the words of each track. Nothing of it is HTML.

    ``near``: ids of the suggested tracks, and then of those nearest to the clip on the map.
    """
    ranks = {match.track.id: rank for rank, match in enumerate(found.matches, start=1)}
    rows = []
    for track_id, x, y in plain["tracks"]:
        track = tracks[track_id]
        rows.append([
            track_id, track.title, track.artist, both("mood", track.mood), round(track.tempo_bpm or 0), x, y,
            ranks.get(track_id, 0),
        ])  # fmt: skip
    clusters = [
        {**cluster, "words": [both("mood", name) for name in cluster["words"]]}
        for cluster in plain["clusters"]
    ]
    x0, y0 = plain["clip"]
    rows_near = sorted(rows, key=lambda row: (row[7] or len(rows), (row[5] - x0) ** 2 + (row[6] - y0) ** 2))
    return {**plain, "tracks": rows, "clusters": clusters, "near": [row[0] for row in rows_near[:LISTED]]}


def map_dialog(address: str, explained: float) -> str:
    """The empty dialog; mapview.js fetches the data, draws, and speaks for it."""
    words = {
        name: [ENGLISH[key], CHINESE[key]]
        for name, key in (
            ("clip", "map_clip"),
            ("like", "more_like"),
            ("use", "use"),
            ("suggested", "map_suggested"),
        )
    }
    return (
        f'<dialog class="map" aria-labelledby="map-title" data-map="{escape(address)}" '
        f'data-words="{escape(json.dumps(words, ensure_ascii=False))}">'
        f'<header><h2 id="map-title">{t("map_title")}</h2>'
        f'<button type="button" class="btn quiet" data-map-close>{t("why_close")}</button></header>'
        f'<p class="hint">{t("map_hint")}</p><div class="mapbox"><canvas tabindex="0" role="img" '
        'aria-describedby="map-about map-keys"></canvas><div class="maptip" hidden></div></div>'
        f'<p class="hint" id="map-about">{t("map_kept", percent=round(100 * explained))}</p>'
        f'<p class="hint" id="map-keys">{t("map_keys")}</p>'
        '<div class="mapchosen" role="status"></div>'
        f'<details class="maplist"><summary>{t("map_list")}</summary><ol></ol></details></dialog>'
    )


class Explain:
    """Answers “why?” and opens the map."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def why(self, ticket: str | None, wish: Any, owner: str) -> Iterator[View]:
        """Why was pressed on a card: ``wish`` has its "track"; without one the panel closes."""
        job: Job[Why] = Job("why")
        try:
            session = self.studio.sessions.find(ticket, owner)
            found, track_id = session.suggestions, wish.get("track") if isinstance(wish, dict) else None
            if track_id is None:
                yield View(why="")
                return
            if found is None or not isinstance(track_id, str) or found.match(track_id) is None:
                raise PageError("bad_request")
            track = self.studio.recommender.library.get(track_id)
        except Exception as error:
            yield View(why=notice(sentence(error)))
            return
        try:
            job.start(
                self.studio.line,
                lambda job: self.studio.recommender.why(found, track_id),
                alone=session.ticket,
            )
            shown = ""
            for report in job.watch():
                html = looking(track, report)
                if html != shown and not job.over:
                    shown = html
                    yield View(why=html)
            answer = job.result()
        except Exception as error:
            yield View(why=notice(sentence(error)))
            return
        if session.suggestions is found and not session.gone:
            session.touch()
            yield View(why=panel(answer, track, found.clip.duration_s))

    def map(self, ticket: str | None, owner: str) -> View:
        """The map was asked for."""
        try:
            session = self.studio.sessions.find(ticket, owner)
            if session.suggestions is None:
                raise PageError("bad_request")
            return View(map=self._map(session, session.suggestions))
        except Exception as error:
            return View(map=notice(sentence(error)))

    def _map(self, session: Session, found: Suggestions) -> str:
        placed = self.studio.recommender.map(found)
        tracks = {track.id: track for track in self.studio.recommender.library.tracks()}
        data = map_data(found, placed.to_json(), tracks)
        path = session.folder / f"map-{secrets.token_hex(4)}.json"
        path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        session.touch()
        return map_dialog(session.put(path.name, path, "application/json"), placed.layout.explained)
