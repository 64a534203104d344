"""The verbs that say why a track was suggested, and where it lies in the library."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

from mrcmv.media import read_sound, to_mono
from mrcmv.parts import Parts
from mrcmv.ranking import ranking_facts, track_words

if TYPE_CHECKING:
    from mrcmv.explain import Layout, Map, Why
    from mrcmv.library import Index
    from mrcmv.model import Attribution
    from mrcmv.suggestions import Suggestions


class Explaining(Parts):
    """Explains suggestions."""

    def why(self, suggestions: Suggestions, track_id: str) -> Why:
        """Why a track was suggested: shares over time, moments, facts.

        The first call for a clip looks at it again with parts blanked (about eight times); what is
        found serves all its tracks.

        Raises
        ------
        mrcmv.library.UnknownTrack
        """
        from mrcmv.explain import why

        track, index, found = self.library.get(track_id), self.index(), self._attribution(suggestions)
        match = suggestions.match(track_id)
        music = index.window_vector(track_id, match.start_s if match else 0.0)
        assert music is not None, "a track of the library is in its index"
        facts = ranking_facts(index, suggestions, track, found)
        return why(track_id, music, found, suggestions.clip.window_s[0], facts)

    def map(self, suggestions: Suggestions) -> Map:
        """All tracks as points of a plane, and the clip among them."""
        from mrcmv.explain import lay_out, place_clip

        index = self.index()
        with self._lock:
            kept = cast("tuple[Index, Layout] | None", self._loaded.get("layout"))
            if kept is None or kept[0] is not index:
                words = [track_words(track) for track in index.tracks]
                layout = lay_out([track.id for track in index.tracks], index.track_vectors(), words)
                self._loaded["layout"] = kept = (index, layout)
        return place_clip(kept[1], index.best_windows(suggestions.query)[0])

    def _attribution(self, suggestions: Suggestions) -> Attribution:
        clip, voice = suggestions.clip, suggestions.voice
        begin, end = clip.window_s

        def look() -> Attribution:
            heard = None if voice is None else to_mono(read_sound(voice))
            return self._computed(lambda: self.model.attribute_query(clip.read_frames(), heard, end - begin))

        return self._remembered(f"looked {hashlib.sha256(suggestions.query.tobytes()).hexdigest()}", look)
