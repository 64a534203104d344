"""The design of a study: one YAML file, checked whole before anything runs, and its hash.

The hash is SHA-256 of the canonical JSON (keys sorted, no spaces) of everything in the design, the
clips by id, tags and content instead of by file name. It stands in every row of the export.
"""

from __future__ import annotations

import hashlib
import json
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from mrcmv.media import UserError, quoted
from mrcmv.study.parts import (
    Analysis,
    Attention,
    Baseline,
    BestOf,
    ClipItem,
    Comparison,
    Confidence,
    Consent,
    DataSet,
    Exclusion,
    FixedTracks,
    FreeText,
    Instructed,
    Line,
    Method,
    Name,
    NoMusic,
    Obvious,
    Pairs,
    Part,
    Preference,
    Question,
    RandomUnderTags,
    Session,
    Sound,
    Words,
)


class DesignError(UserError):
    """A mistake in a design; the sentence says where and what to do."""


class Design(Part):
    """A checked design. Make it by `load_design` or `Design.from_json`.

    Attributes
    ----------
    study
        Short name, in every row.
    clips
        Every clip with its hash, in order.
    library
        ``starter``, ``home`` (starter and own tracks), track ids, or a data set's clean tracks.
    assignments_per_cell
        How many participants judge every cell: every clip with every pair of methods.
    """

    study: Name
    title: Line
    seed: int
    clips: Annotated[tuple[ClipItem, ...], Field(min_length=1)]
    methods: Annotated[tuple[Method, ...], Field(min_length=2, max_length=12)]
    comparison: Comparison
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=12)]
    consent: Consent
    instructions: Words
    session: Session
    assignments_per_cell: Annotated[int, Field(ge=1)]
    library: Literal["starter", "home"] | DataSet | tuple[Line, ...] = "starter"
    sound: Sound = Sound()
    attention: tuple[Attention, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    analysis: Analysis = Analysis()
    thanks: Words = "Thank you for taking part."

    # ---- what follows from it ----

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal."""
        plain = self.to_json()
        for clip in plain["clips"]:
            del clip["file"]
        if isinstance(self.library, DataSet):  # a data set may lie elsewhere on another machine
            plain["library"]["data"] = self.library.data.name
        text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs of methods whose preference is wanted, each in the order of the methods."""
        names = self.method_names
        if isinstance(self.comparison, BestOf) or (
            self.comparison.pairs == "all" and self.comparison.against is None
        ):
            return tuple(combinations(names, 2))
        if self.comparison.against is not None:
            return tuple(
                _in_order(names, (self.comparison.against, name))
                for name in names
                if name != self.comparison.against
            )
        return tuple(_in_order(names, pair) for pair in self.comparison.pairs)  # type: ignore[arg-type]

    @property
    def method_names(self) -> tuple[str, ...]:
        return tuple(method.name for method in self.methods)

    @property
    def preference(self) -> Preference:
        return next(question for question in self.questions if isinstance(question, Preference))

    @property
    def reasons(self) -> FreeText | None:
        """The question that fills the column ``reasons``."""
        return next((question for question in self.questions if isinstance(question, FreeText)), None)

    @property
    def confidence(self) -> Confidence | None:
        """The question that fills the column ``confidence``."""
        return next((question for question in self.questions if isinstance(question, Confidence)), None)

    @property
    def practice_clip(self) -> str:
        return self.session.practice or self.clips[0].id

    def clip(self, clip_id: str) -> ClipItem:
        return next(clip for clip in self.clips if clip.id == clip_id)

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, plain: dict[str, Any], lines: Lines | None = None) -> Design:
        """Check a plain dict; raises `DesignError` with one sentence for the first mistake."""
        try:
            design = cls.model_validate(plain)
        except ValidationError as error:
            raise DesignError(_sentence(error, lines)) from None
        problem = _problem(design)
        if problem:
            place, what = problem
            raise DesignError(_at(place, lines) + what)
        return design


def pair_id(left: str, right: str, names: tuple[str, ...]) -> str:
    """The name of a pair of methods, whatever their sides: ``first~second`` in the design's order."""
    return "~".join(_in_order(names, (left, right)))


def _in_order(names: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, str]:
    known = {name: place for place, name in enumerate(names)}
    first, second = sorted(pair, key=lambda name: known.get(name, len(names)))
    return first, second


# ---- what no single part can know ------------------------------------------------------------

Place = tuple[str | int, ...]
Lines = dict[Place, int]
"""Line of the file by place, such as ("methods", 0, "name"); lines count from 1."""


def _problem(design: Design) -> tuple[Place, str] | None:
    """The first mistake between the parts: (place, sentence)."""
    return (
        _repeated(design)
        or _pairs_problem(design)
        or _methods_problem(design)
        or _questions_problem(design)
        or _session_problem(design)
        or _attention_problem(design)
    )


def _repeated(design: Design) -> tuple[Place, str] | None:
    for key, names in (
        ("clips", [clip.id for clip in design.clips]),
        ("methods", [method.name for method in design.methods]),
        ("questions", [question.id for question in design.questions]),
    ):
        for place, name in enumerate(names):
            if name in names[:place]:
                return (key, place), f"the name {quoted(name)} is used twice: give each its own."
    return None


def _pairs_problem(design: Design) -> tuple[Place, str] | None:
    comparison = design.comparison
    if not isinstance(comparison, Pairs):
        return None
    if comparison.against is not None:
        if comparison.pairs != "all":
            return ("comparison", "against"), "name either pairs or against, not both."
        if comparison.against not in design.method_names:
            return ("comparison", "against"), _no_method(comparison.against)
    if comparison.pairs == "all":
        return None
    if not comparison.pairs:
        return ("comparison", "pairs"), "there is no pair: name at least one, or say all."
    seen: set[tuple[str, str]] = set()
    for place, pair in enumerate(comparison.pairs):
        at = ("comparison", "pairs", place)
        for name in pair:
            if name not in design.method_names:
                return at, _no_method(name)
        ordered = _in_order(design.method_names, pair)
        if pair[0] == pair[1]:
            return at, "a method cannot be compared with itself."
        if ordered in seen:
            return at, "this pair is there already: sides are swapped without being asked."
        seen.add(ordered)
    return None


def _methods_problem(design: Design) -> tuple[Place, str] | None:
    for place, method in enumerate(design.methods):
        at = ("methods", place)
        if isinstance(method, Baseline) and not isinstance(design.library, DataSet):
            return (
                at,
                "a baseline learns from a data set: let the library name one, as in library: {data: FOLDER}.",
            )
        if isinstance(method, NoMusic) and design.sound.keep == "none":
            return at, "without music and without the clip's own sound there is silence: keep its voice."
        if isinstance(method, RandomUnderTags):
            bare = next((clip.id for clip in design.clips if not clip.tags), None)
            if bare is not None:
                return at, f"the clip {quoted(bare)} has no tags: name the styles that fit it."
        if isinstance(method, FixedTracks):
            known = {clip.id for clip in design.clips}
            missing = next((name for name in known if name not in method.tracks), None)
            stray = next((name for name in method.tracks if name not in known), None)
            if missing is not None:
                return at, f"the clip {quoted(missing)} has no track: name one for every clip."
            if stray is not None:
                return at, f"there is no clip {quoted(stray)}."
    if isinstance(design.library, tuple) and not design.library:
        return ("library",), "the list of tracks is empty: name track ids, or say starter or home."
    return None


def _questions_problem(design: Design) -> tuple[Place, str] | None:
    preferences = [place for place, each in enumerate(design.questions) if isinstance(each, Preference)]
    if len(preferences) != 1:
        return ("questions",), "ask exactly one question of the kind preference."
    if isinstance(design.comparison, BestOf) and design.preference.tie:
        return ("questions", preferences[0]), "the best of several has no tie: leave tie out."
    confidences = [place for place, each in enumerate(design.questions) if isinstance(each, Confidence)]
    if len(confidences) > 1:
        return ("questions", confidences[1]), "ask for confidence once at most."
    return None


def _session_problem(design: Design) -> tuple[Place, str] | None:
    session, clips = design.session, len(design.clips)
    per_clip = 1 if isinstance(design.comparison, BestOf) else len(design.pairs)
    if session.clip_once and session.trials > clips:
        return ("session", "trials"), (
            f"{session.trials} trials need as many clips, and there are {clips}: "
            "lower it, or set clip_once to false."
        )
    if session.trials > clips * per_clip:
        return ("session", "trials"), f"there are only {clips * per_clip} comparisons: lower it."
    if session.repeats > session.trials:
        return ("session", "repeats"), "there cannot be more repeats than trials."
    if session.practice is not None and session.practice not in {clip.id for clip in design.clips}:
        return ("session", "practice"), f"there is no clip {quoted(session.practice)}."
    return None


def _attention_problem(design: Design) -> tuple[Place, str] | None:
    for place, item in enumerate(design.attention):
        at = ("attention", place)
        if item.clip is not None and item.clip not in {clip.id for clip in design.clips}:
            return at, f"there is no clip {quoted(item.clip)}."
        if isinstance(item, Obvious):
            for name in (item.better, item.worse):
                if name not in design.method_names:
                    return at, _no_method(name)
            if item.better == item.worse:
                return at, "a method cannot be better than itself."
        if isinstance(item, Instructed) and isinstance(design.comparison, BestOf):
            return at, "say obvious instead: with the best of several there is no left and right."
    return None


def _no_method(name: str) -> str:
    return f"there is no method {quoted(name)} in this design."


# ---- sentences -------------------------------------------------------------------------------

_SAYS = {
    "extra_forbidden": "this key is not known: check its spelling, or take it out.",
    "missing": "this is missing: add it.",
    "union_tag_not_found": "say of which kind it is, by the key {discriminator}.",
    "union_tag_invalid": "{tag} is not known; take one of {expected_tags}.",
    "string_pattern_mismatch": "use letters, digits, dots and dashes only, 60 at most.",
    "literal_error": "take one of {expected}.",
    "greater_than_equal": "take {ge:g} or more.",
    "less_than_equal": "take {le:g} or less.",
    "greater_than": "take more than {gt:g}.",
    "string_too_short": "this is empty: write something.",
    "string_too_long": "this is too long: {max_length} characters at most.",
    "too_short": "name at least {min_length}.",
    "too_long": "name at most {max_length}.",
    "int_type": "write a whole number.",
    "int_parsing": "write a whole number.",
    "int_from_float": "write a whole number.",
    "float_type": "write a number.",
    "float_parsing": "write a number.",
    "bool_type": "write true or false.",
    "bool_parsing": "write true or false.",
    "string_type": "write a text, in quotes where it looks like a number.",
    "tuple_type": "write a list.",
    "dict_type": "write keys with values.",
    "model_type": "write keys with values.",
    "model_attributes_type": "write keys with values.",
}


def _sentence(error: ValidationError, lines: Lines | None) -> str:
    """The first mistake in plain words, with its place in the file."""
    first = max(error.errors(), key=lambda each: each["type"] == "extra_forbidden")
    says = _SAYS.get(first["type"], "this cannot be used: see docs/study.md.")
    place = _written(first["loc"], first["type"])
    if first["type"] == "string_pattern_mismatch" and place[-1:] == ("completion_url",):
        says = "write a whole address that begins with https://."
    if place[:1] == ("library",) and first["type"] not in ("extra_forbidden", "missing"):
        says = "say starter, home, a list of track ids, or {{data: FOLDER}}."
    given = first.get("ctx", {})
    return _at(place, lines) + says.format(**{**given, "tag": quoted(given.get("tag", ""))})


def _written(loc: Place, error_type: str) -> Place:
    """Pydantic puts the chosen kind of a union into its places; the file has no such key."""
    if loc[:1] == ("library",):
        return loc[:1] + tuple(part for part in loc[1:] if part in ("data", "split"))
    if error_type.startswith("union_tag"):
        return loc
    at = 1 if loc[:1] == ("comparison",) else 2
    tagged = loc[0] in ("comparison", "methods", "questions", "attention", "exclusions")
    return loc[:at] + loc[at + 1 :] if tagged and len(loc) > at else loc


def _at(place: Place, lines: Lines | None) -> str:
    """“methods, number 2, name (line 14): ”; the line is that of the nearest place that is written."""
    words = ", ".join(map(_part, place))
    line = None
    for length in range(len(place), -1, -1):
        line = (lines or {}).get(place[:length])
        if line is not None:
            break
    where = f" (line {line})" if line is not None else ""
    return f"{words or 'The design'}{where}: "


def _part(part: str | int) -> str:
    """One part of a place. A key that the design cannot have is the user's own word, and quoted."""
    if isinstance(part, int):
        return f"number {part + 1}"
    return part if part.isidentifier() and len(part) <= 40 else quoted(part)
