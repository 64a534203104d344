"""Tables beside the answers that a reader of a study asks for: who took part, and what was heard."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mrcmv.study.manifest import Manifest
    from mrcmv.study.store import Store

PARTICIPANTS, STIMULI = "participants.csv", "stimuli.csv"
PARTICIPANT_COLUMNS = {
    "participant": "As in answers.csv; empty for those who withdrew, of whom nothing else is kept.",
    "state": "active (began, not finished), done, or withdrawn.",
    "consent_version": "Version of the consent that was agreed to.",
    "joined_at": "When the consent was given.",
    "finished_at": "When the last trial was answered; empty before that.",
    "trials": "Trials that were assigned, checks and repeats included, practice not.",
    "answered": "How many of them have an answer.",
    "order_seed": "As in answers.csv.",
    "device_class": "As in answers.csv.",
    "headphones": "As in answers.csv.",
}
STIMULUS_COLUMNS = {
    "clip_id": "The clip.",
    "method": "The method that chose the music.",
    "track_id": "The track; empty for no music.",
    "title": "Its title.",
    "artist": "Its artist.",
    "track_start_s": "Where in the track the music begins, in seconds.",
    "rank": "Which of the method's tracks it is, 1 the best; more than 1 only after equal first tracks.",
    "duration_s": "Length of the video, in seconds: watched times are to be judged against it.",
    "lufs": "Integrated loudness of the finished file (ITU-R BS.1770).",
    "true_peak_db": "Its true peak, in dBTP.",
    "gain_db": "By how much it was turned to match the others of its clip.",
    "sha256": "Hash of the file that was served.",
    "equal_to": "Method that gave this clip the same track, where one did.",
    "treatment": "What the design wanted then: skip, tie or next-best.",
}


def participant_rows(store: Store) -> Iterator[dict[str, Any]]:
    """Everybody who gave consent, in that order; who withdrew is a row without an id."""
    for person, trials, answered in store.participants():
        if person.state == "withdrawn":
            yield {"participant": "", "state": "withdrawn"}
            continue
        yield {
            "participant": person.id,
            "state": person.state,
            "consent_version": person.consent_version,
            "joined_at": person.joined_at,
            "finished_at": person.finished_at,
            "trials": trials,
            "answered": answered,
            "order_seed": person.order_seed,
            "device_class": person.device_class,
            "headphones": person.headphones,
        }


def stimulus_rows(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """What was rendered, clip by clip; the opaque id of a file is left out, its hash names it."""
    equal = {}
    for each in manifest.equal:
        equal[each.clip_id, each.first] = each.second, each.treatment
        equal[each.clip_id, each.second] = each.first, each.treatment
    for made in manifest.stimuli:
        plain = dataclasses.asdict(made)
        other, treatment = equal.get((made.clip_id, made.method), ("", ""))
        yield {key: plain[key] for key in STIMULUS_COLUMNS if key in plain} | {
            "equal_to": other,
            "treatment": treatment,
        }
