"""The verbs that put a track under a clip: sound, video, stems and packages for editors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mrcmv.media import Clip, Progress, part_of, work_folder
from mrcmv.suggestions import Suggestions
from mrcmv.voices import Voices

if TYPE_CHECKING:
    from mrcmv.mix import Mix, MixSettings, Source


class Mixing(Voices):
    """Mixes the library's tracks under clips."""

    def mix(
        self,
        clip: Suggestions | Clip,
        track_id: str | None,
        destination: Path,
        settings: MixSettings | None = None,
        *,
        progress: Progress | None = None,
    ) -> Mix:
        """Mix one track under the whole clip as sound alone (AAC, M4A); `deliver` makes the video.

        Parameters
        ----------
        clip
            With suggestions, the track sets in at its best moment for the clip where the settings name none.
        track_id
            None for no music: what is kept of the clip, at the same loudness.
        """
        from mrcmv.mix import mix_sound

        source, settings = self._source(clip, track_id, settings, part_of(progress, 0.0, 0.5))
        return mix_sound(source, destination, settings, progress=part_of(progress, 0.5, 1.0))

    def deliver(
        self,
        clip: Suggestions | Clip,
        mix: Mix,
        destination: Path,
        *,
        track_id: str | None = None,
        progress: Progress | None = None,
    ) -> Mix:
        """The clip's picture and a finished mix in an MP4, both copied, with the track's credit line."""
        from mrcmv.mix import deliver

        credit = self.library.get(track_id).credit_line() if track_id is not None else None
        return deliver(_clip_of(clip), mix, destination, credit=credit, progress=progress)

    def stems(
        self,
        clip: Suggestions | Clip,
        track_id: str | None,
        folder: Path,
        settings: MixSettings | None = None,
        *,
        progress: Progress | None = None,
    ) -> dict[str, Path]:
        """The parts of a mix as WAV (24 bit, 44.1 kHz): voice, music, music_ducked and mix."""
        from mrcmv.mix import write_stems

        source, settings = self._source(clip, track_id, settings, part_of(progress, 0.0, 0.5))
        return write_stems(source, folder, settings, progress=part_of(progress, 0.5, 1.0))

    def render(
        self,
        clip: Suggestions | Clip,
        track_id: str | None,
        destination: Path,
        settings: MixSettings | None = None,
        *,
        progress: Progress | None = None,
    ) -> Mix:
        """`mix` and `deliver` in one: the finished MP4."""
        with work_folder(".mix-", destination.parent) as work:
            made = self.mix(
                clip, track_id, Path(work) / "mix.m4a", settings, progress=part_of(progress, 0.0, 0.95)
            )
            return self.deliver(
                clip, made, destination, track_id=track_id, progress=part_of(progress, 0.95, 1.0)
            )

    def export(
        self,
        clip: Suggestions | Clip,
        track_id: str | None,
        destination: Path,
        settings: MixSettings | None = None,
        *,
        name: str = "clip",
        progress: Progress | None = None,
    ) -> list[str]:
        """Everything for a video editor, as `render`: a ZIP or a folder with the MP4, the sounds one by
        one, a timeline, the settings and the credits; returns the names inside. ``name`` is the clip's."""
        from mrcmv.packing import pack

        track = None if track_id is None else self.library.get(track_id)
        whole = _clip_of(clip)
        with work_folder("pack-", whole.folder) as work:
            video, sounds = Path(work) / "video.mp4", Path(work) / "stems"
            sounds.mkdir()
            made = self.render(clip, track_id, video, settings, progress=part_of(progress, 0.0, 0.6))
            stems = self.stems(clip, track_id, sounds, settings, progress=part_of(progress, 0.6, 0.8))
            return pack(
                destination,
                name=name,
                clip=whole,
                track=track,
                made=made,
                stems=stems,
                progress=part_of(progress, 0.8, 1.0),
            )

    def _source(
        self,
        clip: Suggestions | Clip,
        track_id: str | None,
        settings: MixSettings | None,
        progress: Progress | None,
    ) -> tuple[Source, MixSettings]:
        """What a mix is made of: the clip's stems, the track's sound and its beats."""
        from mrcmv.mix import MixSettings, Source

        settings = settings or MixSettings()
        whole = _clip_of(clip)
        track = None if track_id is None else self.library.get(track_id)  # an unknown one is told at once
        voice, speech = self.separate_clip(whole, progress)
        rest = None if voice is None else voice.with_name("accompaniment.wav")
        if track is None:
            return Source(whole, speech, voice, rest), settings
        match = clip.match(track.id) if isinstance(clip, Suggestions) else None
        sound = self.library.intact_path(track.id)
        if not settings.vocals:  # the song's timing and so its beats are the same without its singing
            sound = self.library.accompaniment_path(track.id) or sound
        return Source(
            whole,
            speech,
            voice,
            rest,
            music=sound,
            beats=self.beats(track) if settings.fit == "beats" else None,
            best_s=min(match.start_s if match else 0.0, max(0.0, track.duration_s - 1.0)),
        ), settings


def _clip_of(clip: Suggestions | Clip) -> Clip:
    return clip.clip if isinstance(clip, Suggestions) else clip
