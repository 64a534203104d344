"""The parts of a design, one class each. A key that is not named here is a mistake, never ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
"""Letters, digits, dots, dashes and underscores: safe in files, tables and addresses."""
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """Frozen, strict about keys; lists arrive as tuples."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class ClipItem(Part):
    """One clip. ``file`` is relative to the design's folder and no part of the design's hash."""

    id: Name
    file: Path
    sha256: str = ""
    tags: tuple[Line, ...] = ()


# ---- methods ---------------------------------------------------------------------------------


class Checkpoint(Part):
    """The network of a checkpoint: a shipped one by name, or a folder.

    ``sees`` says what the network is given of the clip; without a voice it goes by the picture alone.
    """

    kind: Literal["checkpoint"]
    name: Name
    checkpoint: str = "compact"
    sees: Literal["both", "picture"] = "both"


class Baseline(Part):
    """A baseline of `mrcmv.training.baselines`, learned from the train clips of the data set that the
    design's library names."""

    kind: Literal["baseline"]
    name: Name
    baseline: Name
    seed: int = 0


class RandomTrack(Part):
    """Any track of the library."""

    kind: Literal["random"]
    name: Name


class RandomUnderTags(Part):
    """Any track of the library that has one of the clip's tags as its mood, genre or tag."""

    kind: Literal["random-tags"]
    name: Name


class FixedTracks(Part):
    """Chosen by hand: one track id per clip, by the clip's id."""

    kind: Literal["tracks"]
    name: Name
    tracks: dict[str, Line]


class NoMusic(Part):
    """The clip with its voice alone."""

    kind: Literal["none"]
    name: Name


Method = Annotated[
    Checkpoint | Baseline | RandomTrack | RandomUnderTags | FixedTracks | NoMusic, Field(discriminator="kind")
]

# ---- what is compared ------------------------------------------------------------------------


class Pairs(Part):
    """Two at a time. ``pairs``: "all", or a list of two names each, or by ``against`` every method
    against that one."""

    kind: Literal["pairs"]
    pairs: Literal["all"] | tuple[tuple[Name, Name], ...] = "all"
    against: Name | None = None
    equal_top1: Literal["skip", "tie", "next-best"] = "skip"


class BestOf(Part):
    """All methods at once; the participant chooses the best."""

    kind: Literal["best-of"]
    equal_top1: Literal["skip", "next-best"] = "skip"


Comparison = Annotated[Pairs | BestOf, Field(discriminator="kind")]

# ---- what is asked ---------------------------------------------------------------------------


class Preference(Part):
    """Which one? The question that decides; every design has exactly one."""

    kind: Literal["preference"]
    id: Name = "preference"
    text: Line
    tie: bool = False
    tie_label: Line = "No difference"


class Rating(Part):
    """One number from 1 to ``points`` for each clip shown."""

    kind: Literal["rating"]
    id: Name
    text: Line
    points: Annotated[int, Field(ge=2, le=11)] = 5
    low: Line
    high: Line
    required: bool = True


class Confidence(Part):
    """How sure? One number from 1 to ``points`` about the preference."""

    kind: Literal["confidence"]
    id: Name = "confidence"
    text: Line = "How sure are you?"
    points: Annotated[int, Field(ge=2, le=11)] = 4
    low: Line = "Guessing"
    high: Line = "Very sure"
    required: bool = True


class FreeText(Part):
    """A few words. The first such question fills the column ``reasons``."""

    kind: Literal["text"]
    id: Name = "reasons"
    text: Line
    required: bool = False


Question = Annotated[Preference | Rating | Confidence | FreeText, Field(discriminator="kind")]

# ---- checks ----------------------------------------------------------------------------------


class Instructed(Part):
    """An attention item that says which answer to give, on the design's first clip where none is named."""

    kind: Literal["instructed"]
    clip: Name | None = None
    answer: Literal["left", "right"] = "left"
    text: Line = "This one is a check that somebody is watching: please choose the {answer} video."


class Obvious(Part):
    """An attention item whose answer nobody can miss: ``better`` against ``worse`` on one clip."""

    kind: Literal["obvious"]
    clip: Name
    better: Name
    worse: Name


Attention = Annotated[Instructed | Obvious, Field(discriminator="kind")]


class FailedAttention(Part):
    """Leaves out participants who failed more than ``more_than`` attention items."""

    rule: Literal["failed-attention"]
    more_than: Annotated[int, Field(ge=0)] = 0


class TooFast(Part):
    """Leaves out answers given in less than ``seconds`` after the trial was shown."""

    rule: Literal["too-fast"]
    seconds: Annotated[float, Field(gt=0)]


class WatchedTooLittle(Part):
    """Leaves out answers for which a video was watched for less than ``seconds``; the session's
    ``watch_share`` already asks for a share before an answer is taken."""

    rule: Literal["watched-too-little"]
    seconds: Annotated[float, Field(gt=0)]


class Incomplete(Part):
    """Leaves out participants who answered less than this share of their trials."""

    rule: Literal["incomplete"]
    share: Share = 1.0


class OneSided(Part):
    """Leaves out participants who chose the same side in more than this share of their answers."""

    rule: Literal["one-sided"]
    share: Share = 0.95


class Inconsistent(Part):
    """Leaves out participants who gave the same answer to less than this share of their repeats."""

    rule: Literal["inconsistent"]
    share: Share = 0.5


class NoHeadphones(Part):
    """Leaves out participants without headphones; with ``test`` those who failed the test as well."""

    rule: Literal["no-headphones"]
    test: bool = False


Exclusion = Annotated[
    FailedAttention | TooFast | WatchedTooLittle | Incomplete | OneSided | Inconsistent | NoHeadphones,
    Field(discriminator="rule"),
]


class Analysis(Part):
    """How the answers are counted, fixed before the first of them; docs/study-analysis.md tells more.

    Attributes
    ----------
    ties
        ``drop``: shares are of decided votes, ties are reported; ``half``: a tie is half a vote for each.
    level
        Coverage of every interval.
    draws
        Resamples of the cluster bootstrap, per source of variation.
    """

    ties: Literal["drop", "half"] = "drop"
    level: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    draws: Annotated[int, Field(ge=50, le=100_000)] = 2000


# ---- conduct ---------------------------------------------------------------------------------


class Consent(Part):
    """What participants agree to; the version they saw stands in every row. Markdown, HTML escaped."""

    version: Name
    text: Words


class Session(Part):
    """What one participant does.

    Attributes
    ----------
    trials
        Comparisons per participant, without practice, attention items and repeats.
    watch_share
        How much of every clip must be watched before an answer is taken.
    repeats
        How many comparisons come again later with their sides swapped.
    clip_once
        No clip twice for one participant, repeats and checks aside.
    practice
        Id of the clip of the practice item, which is not counted; the first clip where None.
    sides
        ``balanced``: as even as can be; ``random``: by lot.
    headphones
        ``ask``, ``test`` (ask, and a short listening test) or ``no``.
    idle_minutes
        After how long without a sign a participant's open trials are given to others.
    completion_url, completion_code
        Shown at the end.
    """

    trials: Annotated[int, Field(ge=1, le=200)]
    watch_share: Share = 0.8
    repeats: Annotated[int, Field(ge=0, le=50)] = 0
    clip_once: bool = True
    practice: Name | None = None
    sides: Literal["balanced", "random"] = "balanced"
    headphones: Literal["ask", "test", "no"] = "ask"
    idle_minutes: Annotated[float, Field(gt=0)] = 90.0
    completion_url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=500)] | None = None
    completion_code: Name | None = None


class DataSet(Part):
    """The clean tracks of one split of a data set (see docs/training.md); its clips are named likewise."""

    data: Path
    split: Literal["train", "validation", "test"] = "test"


class Sound(Part):
    """How every stimulus is mixed.

    Attributes
    ----------
    level_lu, keep
        As in the studio: music under the voice in LU, and what is kept of the clip's own sound.
    matched_lu
        How far the loudness of the stimuli of one clip may differ.
    start
        Where tracks set in: all at their beginning, or those that a network chose at the moment that
        fits best (other methods know none and stay at the beginning).
    """

    level_lu: Annotated[float, Field(ge=0, le=40)] = 13.0
    keep: Literal["voice", "original", "none"] = "voice"
    matched_lu: Annotated[float, Field(gt=0, le=3)] = 0.5
    start: Literal["beginning", "best"] = "beginning"
