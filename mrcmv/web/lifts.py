"""What a visitor's words did to a card, and what can be done with a card beside using it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mrcmv.web.text import CHINESE, ENGLISH, t

if TYPE_CHECKING:
    from mrcmv.suggestions import Lift, Steering, Suggestions
    from mrcmv.words import Judged


def meaning(judged: Judged) -> str:
    """HTML of an ask as it was understood, in plain words of both languages."""
    ask, kind = judged.ask, str(judged.ask.kind)
    if ask.axis == "vocals":
        return t("ask_no_vocals" if kind == "away" else "ask_vocals")
    if kind == "bpm":
        return t("ask_bpm", bpm=round(ask.bpm or 0))
    if ask.axis is None:
        return spans(*(texts[f"ask_{kind}"].format(said=said) for texts, said in _said(ask.said)))
    key = f"ask_{kind}_{ask.axis}"
    if "{bpm}" in ENGLISH.get(key, "") and judged.reference is None:
        return spans(*(said for _, said in _said(ask.said)))
    return t(key, bpm=round(judged.reference or 0)) if key in ENGLISH else escape(ask.said)


def _said(english: str) -> tuple[tuple[dict[str, str], str], tuple[dict[str, str], str]]:
    """Both catalogues, each with the words of an ask in its language, as far as they are known."""
    from mrcmv.words import to_chinese

    return (ENGLISH, english), (CHINESE, to_chinese(english) or english)


def spans(english: str, chinese: str) -> str:
    """HTML of a text that is in both languages but in no catalogue; escaped here."""
    both = (("en", "en", english), ("zh", "zh-CN", chinese))
    return "".join(f'<span class="{name}" lang="{lang}">{escape(text)}</span>' for name, lang, text in both)


def asked(judged: Judged) -> str:
    """HTML of one ask as it was understood, in plain words."""
    strange = f' <span class="strange">({t("ask_strange")})</span>' if judged.strange else ""
    return f'<li class="{escape(str(judged.ask.kind))}">{meaning(judged)}{strange}</li>'


def understood(found: Suggestions, example: str | None, message: str = "", *, wanted: int) -> str:
    """What was understood of the wish.

    ``example`` is the name of the track that is an example; ``wanted`` is how many tracks there could be.
    """
    wish, steering = found.wish, found.steering
    rows = [asked(judged) for judged in steering.asks] if steering else []
    if example is not None:
        rows.append(f'<li class="towards">{t("ask_example", name=example)}</li>')
    if wish.exclude:
        back = f'<button type="button" class="link" data-steer="back">{t("ask_bring_back")}</button>'
        rows.append(f'<li class="away">{t("ask_excluded", count=len(wish.exclude))} {back}</li>')
    parts = [message]
    if rows:
        label = f'<span class="label">{t("understood")}</span>'
        typed = f'data-text="{escape(wish.text)}"'
        parts.append(f'<div class="understood" role="status" {typed}>{label}<ul>{"".join(rows)}</ul></div>')
    if steering and steering.unknown:
        parts.append(f'<p class="hint">{t("not_understood", words=", ".join(steering.unknown))}</p>')
    if steering and steering.refused:
        parts.append(f'<p class="hint">{t("ask_refused", count=steering.refused)}</p>')
    if steering:
        parts.append(f'<p class="hint">{t("lift_hint")}</p>')
    if len(found.matches) < wanted:
        parts.append(f'<p class="hint">{t("steer_short", count=len(found.matches))}</p>')
    return "".join(parts)


def lift(steering: Steering | None, track_id: str) -> str:
    """How far the wish moved a card, and because of what."""
    found: Lift | None = steering.lift(track_id) if steering else None
    if steering is None or found is None:
        return ""
    places = abs(found.moved)
    why = next((meaning(each) for each in steering.asks if each.ask.said == found.because), None)
    if found.moved > 0 and why:
        words = f"{t('lift_up', places=places)} {why}"
    elif found.moved > 0:
        words = t("lift_up_example", places=places)
    elif found.moved < 0:
        words = t("lift_down" if steering.asks else "lift_down_example", places=places)
    else:
        words = t("lift_same")
    way = "up" if found.moved > 0 else "down" if found.moved < 0 else "same"
    share = f'<i style="width:{100 * found.share:.0f}%"></i>'
    return (
        f'<p class="lift {way}"><span class="share" aria-hidden="true">{share}</span><span>{words}</span></p>'
    )


def card_actions(track_id: str, title: str) -> str:
    """What can be done with a card beside using it."""
    safe, name = escape(track_id), escape(title)
    buttons = "".join(
        f'<button type="button" class="btn quiet" data-card="{verb}" data-track="{safe}">{t(key)}'
        f'<span class="sr">: {name}</span></button>'
        for verb, key in (("why", "why_card"), ("like", "more_like"), ("exclude", "not_this"))
    )
    return f'<div class="cardacts">{buttons}</div>'
