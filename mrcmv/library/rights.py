"""What may be done with a track: checked when it enters the library, shown wherever it appears."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from mrcmv.library.licences import BOUGHT_LICENCE, OWN_WORK, find_licence
from mrcmv.library.text import TEXT_LIMIT, clean, web_address
from mrcmv.media import UserError

CHANGES = "cut to the length of the video and mixed with other sound"
"""What this program does to every track; a credit under Creative Commons has to say it."""


class Badge(StrEnum):
    """What a creator must know before anything else."""

    FREE = "free"
    CREDIT = "credit"
    NOT_FOR_MONEY = "not for money"

    @property
    def colour(self) -> str:
        return {"free": "green", "credit": "amber", "not for money": "red"}[self.value]


class ContentId(StrEnum):
    """Whether a video site's recognition may claim a video with this track."""

    UNKNOWN = "unknown"
    NOT_REGISTERED = "not registered"
    REGISTERED = "registered"


class RightsError(UserError):
    """A track whose rights do not allow what this program does, or are not known well enough."""


@dataclass(frozen=True)
class Rights:
    """The rights of one track. Make them with `Rights.state`, which checks them.

    Attributes
    ----------
    licence
        SPDX id or a plain name.
    source
        Where the track comes from: an address, or plain words where it has none.
    licence_url
        Address of the licence's text, or empty.
    credit
        The credit in the author's own words, or empty: then `Track.credit_line` writes one.
    credit_required, commercial, derivatives, share_alike
        See `mrcmv.library.licences.Licence`.
    content_id
        See `ContentId`.
    proof
        What shows that the licence was given: a receipt, an address, a file in a package.
    date
        When the rights were stated, as YYYY-MM-DD.
    """

    licence: str
    source: str
    licence_url: str = ""
    credit: str = ""
    credit_required: bool = True
    commercial: bool = False
    derivatives: bool = True
    share_alike: bool = False
    content_id: ContentId = ContentId.UNKNOWN
    proof: str = ""
    date: str = ""

    @classmethod
    def state(
        cls,
        licence: str,
        *,
        source: str = "",
        licence_url: str | None = "",
        credit: str | None = "",
        credit_required: bool | None = None,
        commercial: bool | None = None,
        derivatives: bool | None = None,
        share_alike: bool | None = None,
        content_id: str = ContentId.UNKNOWN,
        proof: str | None = "",
        date: str | None = None,
    ) -> Rights:
        """Rights under a known licence, or under another one that is described explicitly.

        What a known licence allows comes from its table; saying otherwise is refused, except that
        the duty to credit may be waived with a proof. Any other licence text is taken as a plain
        name when ``commercial`` and ``derivatives`` are both stated. ``date`` is today unless said.
        Own work needs no other source.

        Raises
        ------
        RightsError
            There is no licence or no source, adapted material is forbidden, or a statement is missing.
        """
        name, proof, credit = clean(licence), clean(proof, TEXT_LIMIT), clean(credit, TEXT_LIMIT)
        if not name:
            raise RightsError("This track has no licence: name one, such as CC-BY-4.0 or 'own work'.")
        try:
            known = find_licence(name)
        except UserError as error:
            raise RightsError(str(error)) from error
        if known is None:
            if commercial is None or derivatives is None:
                raise RightsError(
                    f"The licence “{name}” is not in the table: say whether it allows videos that earn money "
                    "(commercial) and changed versions (derivatives)."
                )
            needs_credit, alike, name_kept = credit_required is not False, bool(share_alike), name
        else:
            for word, said, true in (
                ("commercial use", commercial, known.commercial),
                ("derivatives", derivatives, known.derivatives),
                ("share-alike", share_alike, known.share_alike),
            ):
                if said is not None and said != true:
                    raise RightsError(
                        f"{known.id} says otherwise about {word}: leave it to the licence, or give another "
                        f"permission as '{BOUGHT_LICENCE}' with its proof."
                    )
            commercial, derivatives, alike, name_kept = (
                known.commercial,
                known.derivatives,
                known.share_alike,
                known.id,
            )
            needs_credit = known.credit_required if credit_required is None else credit_required
            if known.credit_required and not needs_credit and not proof:
                raise RightsError(
                    f"{known.id} asks for a credit: keep it, or say where the author waives it (proof)."
                )
            if known.id == BOUGHT_LICENCE and not proof:
                raise RightsError("A bought licence needs its proof: the receipt's number or address.")
        if not derivatives:
            raise RightsError(
                f"{name_kept} forbids changed versions, and music under a video counts as one: "
                "choose another track or ask the author."
            )
        if content_id not in tuple(ContentId):
            raise RightsError(f"The Content ID status is one of: {', '.join(ContentId)}.")
        place = clean(source, TEXT_LIMIT) or (OWN_WORK if name_kept == OWN_WORK else "")
        if not place:
            raise RightsError("This track has no source: give the address of the page you got it from.")
        address = web_address((licence_url or "").strip()) or (known.url if known else "")
        return cls(
            licence=name_kept,
            source=place,
            licence_url=address,
            credit=credit,
            credit_required=needs_credit,
            commercial=bool(commercial),
            derivatives=True,
            share_alike=alike,
            content_id=ContentId(content_id),
            proof=proof,
            date=clean(date, 10) or datetime.now(UTC).date().isoformat(),
        )

    @property
    def badge(self) -> Badge:
        """Red beats amber: a track that may earn no money is not made better by a credit."""
        if not self.commercial:
            return Badge.NOT_FOR_MONEY
        return Badge.CREDIT if self.credit_required else Badge.FREE

    def duties(self) -> list[str]:
        """What the video's maker has to do or to know, one plain sentence each."""
        sentences = []
        if not self.commercial:
            sentences.append("Use it only in videos that earn no money.")
        if self.credit_required:
            sentences.append("Put the credit line into the video or its description.")
        if self.share_alike:
            sentences.append(f"Your video must carry the same licence ({self.licence}).")
            if self.licence.startswith(("GPL", "LGPL")):
                sentences.append(
                    "That licence was written for programs: publish the whole video under it, or choose "
                    "another track."
                )
        if self.content_id is ContentId.REGISTERED:
            sentences.append("The track is registered with Content ID: keep the proof, a claim may come.")
        return sentences
