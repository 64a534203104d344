"""What is fixed before the first vote: how ties count, who is left out, how intervals are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mrcmv.media import UserError

if TYPE_CHECKING:
    from mrcmv.study import Design


@dataclass(frozen=True)
class Plan:
    """The analysis of one study. The design fixes it; the report states every field.

    Attributes
    ----------
    methods : names in the order of the report; methods that are not listed follow by name.
    against : the method that all others are compared with (Table 3's random search); ``None``: all pairs.
    best_of : every trial showed all methods; its rows are the chosen one against each of the others.
    ties : ``drop`` counts decided votes only; ``half`` gives each side half a vote.
    trials : trials that the design gives every participant; ``None``: the most that anybody has.
    failed_attention : more failed attention items than this exclude a participant.
    too_fast_s : an answer given sooner than this after the trial was shown does not count.
    incomplete : a smaller share of answered trials excludes a participant.
    one_sided : choosing the same side in a larger share of decided votes excludes a participant.
    inconsistent : the same answer to a smaller share of repeats excludes a participant.
    headphones : ``said`` excludes who said they wear none, ``test`` also who failed the test.
    watched_s : a vote counts when both sides were watched for so many seconds.
    level : coverage of every interval.
    draws : resamples per source of variation; seed : of the resampling.

    An exclusion that is ``None`` is not applied.
    """

    methods: tuple[str, ...] = ()
    against: str | None = None
    best_of: bool = False
    ties: Literal["drop", "half"] = "drop"
    trials: int | None = None
    failed_attention: int | None = None
    too_fast_s: float | None = None
    incomplete: float | None = None
    one_sided: float | None = None
    inconsistent: float | None = None
    headphones: Literal["said", "test"] | None = None
    watched_s: float | None = None
    level: float = 0.95
    draws: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.ties not in ("drop", "half"):
            raise UserError("Ties are handled by drop or half: change it in the design.")
        if not 0.5 <= self.level < 1:
            raise UserError("The level of an interval lies between 0.5 and 1: change it in the design.")
        if self.draws < 50:
            raise UserError("Intervals need at least 50 resamples, better 2000: change it in the design.")

    @property
    def alpha(self) -> float:
        return 1 - self.level

    @classmethod
    def from_design(cls, design: Design) -> Plan:
        """What the design fixes. Attention items and repeats are trials that were assigned, too."""
        given: dict[str, Any] = {}
        names = {
            "failed-attention": ("failed_attention", "more_than"), "too-fast": ("too_fast_s", "seconds"),
            "incomplete": ("incomplete", "share"), "one-sided": ("one_sided", "share"),
            "inconsistent": ("inconsistent", "share"), "watched-too-little": ("watched_s", "seconds"),
        }  # fmt: skip
        for each in design.exclusions:
            if each.rule == "no-headphones":
                given["headphones"] = "test" if each.test else "said"
            else:
                name, value = names[each.rule]
                given[name] = getattr(each, value)
        return cls(
            methods=design.method_names,
            against=getattr(design.comparison, "against", None),
            best_of=design.comparison.kind == "best-of",
            trials=design.session.trials + design.session.repeats + len(design.attention),
            ties=design.analysis.ties,
            level=design.analysis.level,
            draws=design.analysis.draws,
            seed=design.seed,
            **given,
        )

    def rules(self) -> list[str]:
        """Every rule as a sentence, for the report."""
        said = [
            "Ties are reported and left out: percentages are of decided votes."
            if self.ties == "drop"
            else "A tie gives each side half a vote; the exact test leaves ties out.",
            "Attention items and repeats never count as votes; repeats show how consistent people are.",
        ]
        for value, text in (
            (self.incomplete, "Participants who answered under {:.0%} of their trials are excluded."),
            (
                self.failed_attention,
                "Participants who failed more than {:d} attention items are excluded."
                if self.failed_attention
                else "Participants who failed an attention item are excluded.",
            ),
            (self.one_sided, "Participants who chose one side in over {:.0%} of their votes are excluded."),
            (self.inconsistent, "Participants who repeated under {:.0%} of their answers are excluded."),
            (self.too_fast_s, "An answer within {:g} s of the showing is too fast and does not count."),
            (self.watched_s, "A vote counts when both sides were watched for {:g} s or more."),
        ):
            if value is not None:
                said.append(text.format(value))
        if self.headphones:
            tail = " or failed the headphone test" if self.headphones == "test" else ""
            said.append(f"Participants who wore no headphones{tail} are excluded.")
        said.append(
            f"Intervals cover {self.level:.0%}; the cluster bootstrap draws {self.draws} resamples each of "
            f"participants, clips and cells (seed {self.seed})."
        )
        return said
