"""The filter as a form: whole beside the list, and as one line above the suggestions."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from starlette.datastructures import QueryParams

from mrcmv.library import SORTS, Facets, TrackFilter, vocabulary
from mrcmv.web.shelf.icons import icon
from mrcmv.web.shelf.wanted import GROUPS, SWITCHES, Wanted, read
from mrcmv.web.text import plain, t, word

SHOWN = 8
"""Words of a group that are shown before somebody asks for the rest."""
MOODS = dict.fromkeys(sorted({*vocabulary.MOODS, "nostalgic"}), 0)
"""Moods of the one-line filter: those that are measured, and the starter pack's own."""
TEMPI = {"slow": (None, 90.0), "medium": (90.0, 120.0), "fast": (120.0, None)}
"""Choices of the one-line filter, in beats per minute."""


def from_text(query: str) -> TrackFilter:
    """The filter that a query string of the one-line filter stands for; nonsense counts as not given."""
    return read(QueryParams(query[:2000])).filter


def panel(wanted: Wanted, facets: Facets) -> str:
    """The whole filter: a plain form, so that it also works by its own button."""
    kept = wanted.filter
    switches = "".join(
        check(name, "1", t(f"shelf_{name}"), checked=getattr(kept, field)) for name, field in SWITCHES.items()
    )
    vocals = {None: "", True: "yes", False: "no"}[kept.vocals]
    options = "".join(
        option(value, f"shelf_vocals_{value or 'any'}", chosen=value == vocals) for value in ("", "no", "yes")
    )
    return (
        '<form id="filters" method="get" action="library" role="search" autocomplete="off">'
        f'<label class="search"><span class="sr">{t("shelf_search")}</span>{icon("search")}'
        f'<input type="search" name="q" value="{escape(kept.text)}" maxlength="200" '
        f"{hint('shelf_search_hint')}></label>"
        f'<details class="rest" open><summary>{t("shelf_filters")}</summary><div class="groups">'
        f'<fieldset><legend class="sr">{t("shelf_rights")}</legend>{switches}</fieldset>'
        f'<label class="choice"><span>{t("shelf_vocals")}</span><select name="vocals">{options}</select>'
        "</label>"
        f"{span('shelf_tempo_range', 'tempo_min', kept.tempo_min, 'tempo_max', kept.tempo_max, 400)}"
        f"{span('shelf_length_range', 'min_s', kept.min_s, 'max_s', kept.max_s, 7200)}"
        f'<div id="facets">{groups(wanted, facets)}</div>'
        f'<input type="hidden" name="like" value="{escape(wanted.like)}">'
        f'<noscript><button class="btn">{t("shelf_search")}</button></noscript>'
        f'<a class="btn" href="library" id="clear">{t("shelf_clear")}</a></div></details></form>'
    )


def groups(wanted: Wanted, facets: Facets) -> str:
    """The groups of words, each with how many tracks it would leave."""
    parts = []
    for name, field in GROUPS.items():
        counts: Mapping[str, int] = getattr(facets, field)
        chosen: frozenset[str] = getattr(wanted.filter, field)
        if not counts and not chosen:
            continue
        ordered = [
            *sorted(chosen),
            *(value for value in counts if value not in chosen),
        ]
        rows = [
            check(name, value, word(name, value), checked=value in chosen, count=counts.get(value, 0))
            for value in ordered
        ]
        more = ""
        if len(rows) > SHOWN:
            more = (
                f'<details class="all" data-kept="all-{name}">'
                f"<summary>{t('shelf_all', count=len(rows) - SHOWN)}"
                f"</summary>{''.join(rows[SHOWN:])}</details>"
            )
        parts.append(
            f"<fieldset><legend>{t(f'shelf_{name}')}</legend>{''.join(rows[:SHOWN])}{more}</fieldset>"
        )
    return "".join(parts)


def sorter(wanted: Wanted) -> str:
    """The order of the list; belongs to the form by its ``form`` attribute."""
    options = "".join(option(name, f"shelf_sort_{name}", chosen=name == wanted.sort) for name in SORTS)
    return (
        f'<label class="choice sort"><span>{t("shelf_sort")}</span>'
        f'<select name="sort" form="filters">{options}</select></label>'
    )


def bar(kept: TrackFilter, moods: Mapping[str, int]) -> str:
    """The filter in one line, for the suggestions. The script reports what `from_text` reads."""
    tempo = next((name for name, ends in TEMPI.items() if ends == (kept.tempo_min, kept.tempo_max)), "")
    tempi = "".join(
        option(name, f"shelf_tempo_{name or 'any'}", chosen=name == tempo) for name in ("", *TEMPI)
    )
    chosen = next(iter(sorted(kept.moods)), "")
    names = "".join(
        f'<option value="{escape(name)}"{" selected" if name == chosen else ""} {both(f"mood_{name}", name)}>'
        f"{escape(name)}</option>"
        for name in moods
    )
    return (
        f'<form class="filterbar" data-filterbar aria-label="{escape(plain("shelf_filters"))}">'
        f"{check('safe', '1', t('shelf_safe'), checked=kept.monetise_safe)}"
        f"{check('free', '1', t('shelf_free'), checked=kept.share_alike_free)}"
        f"{check('vocals', 'no', t('shelf_vocals_no'), checked=kept.vocals is False)}"
        f'<label class="choice"><span class="sr">{t("shelf_mood")}</span><select name="mood">'
        f"{option('', 'shelf_mood_any', chosen=not chosen)}{names}</select></label>"
        f'<label class="choice"><span class="sr">{t("shelf_tempo")}</span><select '
        f'name="tempo">{tempi}</select></label>'
        "</form>"
    )


def check(name: str, value: str, words: str, *, checked: bool, count: int | None = None) -> str:
    """A box to tick; ``words`` is safe HTML."""
    number = "" if count is None else f'<span class="count num">{count}</span>'
    return (
        f'<label class="check"><input type="checkbox" name="{name}" value="{escape(value)}"'
        f'{" checked" if checked else ""}><span class="what">{words}</span>{number}</label>'
    )


def span(key: str, low: str, least: float | None, high: str, most: float | None, limit: int) -> str:
    """Two numbers, from and to."""

    def field(name: str, value: float | None, word_key: str) -> str:
        shown = "" if value is None else f"{value:g}"
        return (
            f'<label><span class="sr">{t(key)}: {t(word_key)}</span><input type="number" name="{name}" '
            'min="0" '
            f'max="{limit}" step="any" inputmode="numeric" value="{shown}" {hint(word_key)}></label>'
        )

    return (
        f'<fieldset class="span"><legend>{t(key)}</legend><div>{field(low, least, "from")}'
        f'<i aria-hidden="true">–</i>{field(high, most, "to")}</div></fieldset>'
    )


def option(value: str, key: str, *, chosen: bool) -> str:
    """One choice of a select. An option holds plain text only, so the script writes its language."""
    mark = " selected" if chosen else ""
    return f'<option value="{escape(value)}"{mark} {both(key)}>{escape(plain(key))}</option>'


def both(key: str, otherwise: str = "") -> str:
    """Attributes with a text in both languages, for what cannot hold two spans."""
    from mrcmv.web.texts import CHINESE, ENGLISH

    english, chinese = ENGLISH.get(key, otherwise), CHINESE.get(key, otherwise)
    return f'data-en="{escape(english)}" data-zh="{escape(chinese)}"'


def hint(key: str) -> str:
    """A field's hint in both languages."""
    return f'placeholder="{escape(plain(key))}" {both(key)}'
