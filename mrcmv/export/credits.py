"""credits.txt: the credit line word for word, the licence, what was changed, what the maker has to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Credit:
    """What has to be said about one track.

    Attributes
    ----------
    line
        The credit line as it belongs into the video or its description, word for word.
    licence, licence_url
        Name and address of the licence; the address may be empty.
    source
        Where the track comes from: an address, or plain words.
    changes
        What this program did to the track.
    duties
        What the video's maker has to do or to know, one sentence each.
    required
        Whether the licence asks for the credit.
    """

    title: str
    artist: str
    line: str
    licence: str
    licence_url: str
    source: str
    changes: str
    duties: tuple[str, ...] = ()
    required: bool = True


def credits_text(clip_name: str, credit: Credit | None) -> str:
    """The text of credits.txt. ``credit`` is None when the video has no music."""
    if credit is None:
        return (
            f"Credits of {clip_name}\n\nThis video has no music from the library: nobody has to be named.\n"
        )
    asked = (
        "Put this line into the video or its description:"
        if credit.required
        else "The licence asks for no credit; here is a line if you like to give one:"
    )
    rows = [
        ("Track", f"{credit.title} by {credit.artist}"),
        ("Source", credit.source),
        ("Licence", " ".join(filter(None, (credit.licence, credit.licence_url)))),
        ("Changes", credit.changes),
    ]
    facts = "\n".join(f"{name + ':':<9} {value}" for name, value in rows)
    duties = "\n".join(f"- {duty}" for duty in credit.duties) or "- Nothing: the licence asks for nothing."
    return f"Credits of {clip_name}\n\n{asked}\n\n{credit.line}\n\n{facts}\n\nWhat you have to do\n{duties}\n"
