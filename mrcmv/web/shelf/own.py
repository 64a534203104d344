"""Adding own files: the form for their rights, asked once for all of them, and how far each file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from mrcmv.library import LICENCES, ContentId, Rights
from mrcmv.library.licences import BOUGHT_LICENCE, OWN_WORK, Licence
from mrcmv.media import UserError
from mrcmv.web.errors import PageError
from mrcmv.web.icons import icon as page_icon
from mrcmv.web.shelf.filters import both
from mrcmv.web.shelf.inbox import Entry
from mrcmv.web.text import t

OTHER = "other"
FIRST = (
    OWN_WORK,
    BOUGHT_LICENCE,
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "public domain",
)
"""Licences that are offered before the rest of the table."""
TEXTS = ("source", "artist", "credit", "proof", "licence_url", "album", "mood", "genre")
LIMIT = 600


def form() -> str:
    """Drop zone, questions about the rights, and one button."""
    return (
        '<form id="own" autocomplete="off" novalidate><div class="dropfiles" id="dropfiles">'
        f'<label>{page_icon("drop")}<span class="lead">{t("shelf_drop")}</span>'
        f'<span class="hint">{t("shelf_drop_hint")}</span>'
        '<input type="file" id="files" multiple accept="audio/*,.opus,.mka,.flac"></label>'
        '<ol id="chosen"></ol></div>'
        f'<fieldset class="rightsform"><legend>{t("shelf_ask_rights")}</legend>'
        f'<label class="field"><span>{t("shelf_licence")}</span><select name="licence" required>'
        f"{licence_options()}</select></label>"
        f'<p class="explain" id="explain" role="status"></p>{explanations()}'
        f'<div data-only="other">{field("other", "shelf_licence_name")}'
        f"{field('licence_url', 'shelf_licence_url')}"
        f"{yes_no('commercial', 'shelf_ask_commercial')}"
        f"{yes_no('derivatives', 'shelf_ask_derivatives')}</div>"
        f"{field('source', 'shelf_source', 'shelf_source_hint')}"
        f"{field('artist', 'shelf_artist', 'shelf_artist_hint')}"
        f'<div data-only="bought">{field("proof", "shelf_proof", "shelf_proof_hint")}</div>'
        f'<label class="field"><span>{t("shelf_content_id")}</span><select name="content_id">{content_ids()}'
        f"</select></label><details><summary>{t('shelf_more_facts')}</summary>"
        f"{field('credit', 'shelf_credit_own', 'shelf_credit_hint')}{field('album', 'shelf_album')}"
        f"{field('mood', 'shelf_mood')}{field('genre', 'shelf_genre')}</details></fieldset>"
        '<div class="slot" id="own-said"></div><button type="submit" class="btn primary '
        f'big">{t("shelf_add")}</button>'
        "</form>"
    )


def licence_options() -> str:
    def one(name: str) -> str:
        key = f"shelf_licence_{name.replace(' ', '_').lower()}"
        return f'<option value="{escape(name)}" {both(key, name)}>{escape(name)}</option>'

    rest = [name for name in LICENCES if name not in FIRST]
    return (
        f'<option value="" {both("shelf_choose")}></option>{"".join(map(one, FIRST))}'
        f'<option value="{OTHER}" {both("shelf_licence_other")}></option>'
        f"<optgroup {both('shelf_all_licences').replace('data-', 'data-label-')} "
        f'label="">{"".join(map(one, rest))}'
        "</optgroup>"
    )


def explanations() -> str:
    """What each licence means, hidden; the script shows the one that is chosen."""
    parts = [
        f'<div hidden data-explains="{escape(name)}">{explain(one)}</div>' for name, one in LICENCES.items()
    ]
    parts.append(f'<div hidden data-explains="{OTHER}">{t("shelf_explain_other")}</div>')
    return "".join(parts)


def explain(licence: Licence) -> str:
    """A licence in plain words."""
    if not licence.derivatives:
        return t("shelf_explain_nd")
    if licence.id in (OWN_WORK, BOUGHT_LICENCE):
        return t("shelf_explain_own" if licence.id == OWN_WORK else "shelf_explain_bought")
    keys = ["shelf_may_earn" if licence.commercial else "shelf_no_money"]
    keys.append("shelf_name_author" if licence.credit_required else "shelf_no_credit")
    if licence.share_alike:
        keys.append("shelf_alike")
    return " ".join(t(key) for key in keys)


def content_ids() -> str:
    return "".join(
        f'<option value="{escape(status)}" {both(f"shelf_content_id_{status.name.lower()}")}></option>'
        for status in ContentId
    )


def field(name: str, key: str, hint_key: str = "") -> str:
    hint = f'<small class="hint" id="hint-{name}">{t(hint_key)}</small>' if hint_key else ""
    described = f' aria-describedby="hint-{name}"' if hint_key else ""
    return (
        f'<label class="field"><span>{t(key)}</span><input type="text" name="{name}" '
        f'maxlength="{LIMIT}"{described}>'
        f"{hint}</label>"
    )


def yes_no(name: str, key: str) -> str:
    return (
        f'<label class="field"><span>{t(key)}</span><select name="{name}"><option value="" '
        f"{both('shelf_choose')}>"
        f'</option><option value="yes" {both("shelf_yes")}></option><option value="no" '
        f"{both('shelf_no')}></option>"
        "</select></label>"
    )


def state_rights(plain: Mapping[str, Any]) -> tuple[Rights, dict[str, Any]]:
    """The rights and the rest of what a form says. Nothing in it is believed.

    Raises
    ------
    mrcmv.media.UserError
        The rights are missing, forbid this use, or contradict their licence.
    """
    if not isinstance(plain, Mapping):
        raise PageError("bad_request")
    said = {
        name: str(plain.get(name) or "")[:LIMIT].strip()
        for name in (*TEXTS, "licence", "other", "content_id")
    }
    known = said["licence"] != OTHER
    licence = said["licence"] if known else said["other"]
    if not licence:
        raise PageError("shelf_need_licence")
    if known and licence in LICENCES and not LICENCES[licence].derivatives:
        raise PageError("shelf_explain_nd")
    answers = {"yes": True, "no": False}
    rights = Rights.state(
        licence,
        source=said["source"],
        licence_url="" if known else said["licence_url"],
        credit=said["credit"],
        commercial=None if known else answers.get(str(plain.get("commercial"))),
        derivatives=None if known else answers.get(str(plain.get("derivatives"))),
        content_id=said["content_id"] or ContentId.UNKNOWN,
        proof=said["proof"],
    )
    if rights.licence == OWN_WORK and not said["artist"]:
        raise UserError("Own work needs its author: name the artist.")
    return rights, {name: said[name] for name in ("artist", "album", "mood", "genre") if said[name]}


def list_of(entries: Sequence[Entry]) -> str:
    """How far each file is, newest first."""
    if not entries:
        return ""
    rows = "".join(entry_row(entry) for entry in reversed(entries))
    over = sum(entry.state in ("added", "refused") for entry in entries)
    added = sum(entry.state == "added" for entry in entries)
    clear = (
        f'<button type="button" class="btn quiet" data-act="clear" data-name="">{t("shelf_forget")}</button>'
        if over
        else ""
    )
    return (
        f'<section class="arrivals"><header><h2>{t("shelf_arrivals")}</h2><span class="hint" role="status">'
        f"{t('shelf_arrived', done=over, total=len(entries), added=added)}</span>{clear}</header>"
        f"<ol>{rows}</ol></section>"
    )


def entry_row(entry: Entry) -> str:
    done = round(100 * entry.done)
    parts = [f'<span class="name">{escape(entry.name)}</span>']
    if entry.state == "added":
        parts.append(
            f'<span class="good">{page_icon("check")}{t("shelf_file_added")}</span>'
            f'<button type="button" class="btn quiet" data-open="{escape(entry.track)}" '
            'aria-haspopup="dialog">'
            f'{t("shelf_show")}<span class="sr">: {escape(entry.name)}</span></button>'
        )
    elif entry.state == "refused":
        parts.append(f'<span class="bad">{entry.said}</span>')
    else:
        parts.append(f"<span>{t(f'shelf_file_{entry.state}')}</span>")
        if entry.state in ("waiting", "adding"):
            parts.append(
                '<button type="button" class="btn quiet" data-act="stop-file" '
                f'data-name="{entry.id}">{t("cancel")}'
                f'<span class="sr">: {escape(entry.name)}</span></button>'
            )
        if entry.state == "adding":
            parts.append(f'<span class="bar" aria-hidden="true"><i style="width:{done}%"></i></span>')
    return f'<li class="{entry.state}">{"".join(parts)}</li>'
