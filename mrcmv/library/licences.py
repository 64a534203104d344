"""The licences this library knows, and what each allows when music is laid under moving pictures.

Sources: the legal codes behind the addresses in the table. Under Creative Commons 4.0 (section 1a)
music synchronised with a moving image is always adapted material, hence `derivatives` decides
whether a track can be used at all and `share_alike` binds the whole video.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mrcmv.media import UserError

OWN_WORK = "own work"
BOUGHT_LICENCE = "bought licence"


@dataclass(frozen=True)
class Licence:
    """What one licence allows.

    Attributes
    ----------
    id
        SPDX identifier, or a plain name where SPDX has none.
    url
        Address of its text; empty where there is none.
    commercial
        A video that earns money may carry the track.
    derivatives
        Adapted material may be published, and a video with music is that.
    credit_required
        The author must be named.
    share_alike
        The video must carry the same licence.
    """

    id: str
    url: str
    commercial: bool = True
    derivatives: bool = True
    credit_required: bool = True
    share_alike: bool = False


def _creative_commons() -> list[Licence]:
    kinds = {
        "by": {},
        "by-sa": {"share_alike": True},
        "by-nc": {"commercial": False},
        "by-nc-sa": {"commercial": False, "share_alike": True},
        "by-nd": {"derivatives": False},
        "by-nc-nd": {"commercial": False, "derivatives": False},
    }
    return [
        Licence(
            f"CC-{kind.upper()}-{version}", f"https://creativecommons.org/licenses/{kind}/{version}/", **terms
        )
        for kind, terms in kinds.items()
        for version in ("2.0", "2.5", "3.0", "4.0")
    ]


def _gnu() -> list[Licence]:
    return [
        Licence(
            f"{family}-{version}-{ending}",
            f"https://www.gnu.org/licenses/old-licenses/{family.lower()}-{version}.html"
            if version in ("2.0", "2.1")
            else f"https://www.gnu.org/licenses/{family.lower()}-{version}.html",
            share_alike=True,
        )
        for family, versions in {"GPL": ("2.0", "3.0"), "LGPL": ("2.0", "2.1", "3.0")}.items()
        for version in versions
        for ending in ("only", "or-later")
    ]


LICENCES: dict[str, Licence] = {
    licence.id: licence
    for licence in [
        Licence("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/", credit_required=False),
        Licence("public domain", "", credit_required=False),
        *_creative_commons(),
        Licence("MIT", "https://spdx.org/licenses/MIT.html"),
        Licence("BSD-2-Clause", "https://spdx.org/licenses/BSD-2-Clause.html"),
        Licence("BSD-3-Clause", "https://spdx.org/licenses/BSD-3-Clause.html"),
        Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
        Licence("LAL-1.2", "https://artlibre.org/licence/lal/licence-art-libre-12/", share_alike=True),
        Licence("LAL-1.3", "https://artlibre.org/licence/lal/en/", share_alike=True),
        *_gnu(),
        Licence(OWN_WORK, "", credit_required=False),
        Licence(BOUGHT_LICENCE, "", credit_required=False),
    ]
}
"""Every known licence by its id."""

_OTHER_NAMES = {
    "cc0": "CC0-1.0",
    "cc-zero": "CC0-1.0",
    "pd": "public domain",
    "public-domain": "public domain",
    "cc-pdm-1.0": "public domain",
    "own": OWN_WORK,
    "own-work": OWN_WORK,
    "bought": BOUGHT_LICENCE,
    "bought-licence": BOUGHT_LICENCE,
    "bought-license": BOUGHT_LICENCE,
    "bsd-2": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause",
    "expat": "MIT",
    "fal": "LAL-1.3",
    "fal-1.2": "LAL-1.2",
    "free-art-license-1.2": "LAL-1.2",
    "fal-1.3": "LAL-1.3",
    "free-art": "LAL-1.3",
    "apache-2": "Apache-2.0",
}
_BY_KEY = {key.lower().replace(" ", "-"): licence for key, licence in LICENCES.items()}
_CC_ADDRESS = re.compile(r"^https?://(?:www\.)?creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)(?:/.*)?$")


def find_licence(text: str) -> Licence | None:
    """The licence that ``text`` names: an SPDX id, a usual spelling of it, or its address.

    "CC BY 4.0", "cc-by-sa-3", "GPL-2+", "https://creativecommons.org/licenses/by/4.0/" are found;
    None when the text names none of ours.

    Raises
    ------
    UserError
        A Creative Commons or GNU licence is named without its version.
    """
    key = text.strip().lower()
    if match := _CC_ADDRESS.match(key):
        return _BY_KEY.get(f"cc-{match[1]}-{match[2]}")
    for licence in LICENCES.values():
        if licence.url and key.rstrip("/") == licence.url.lower().rstrip("/"):
            return licence
    key = re.sub(r"[\s_-]+", "-", key).strip("-")
    key = re.sub(r"-(?:int(?:ernational)?|unported|licen[cs]e)$", "", key)
    if found := _BY_KEY.get(key) or _BY_KEY.get(_OTHER_NAMES.get(key, "").lower().replace(" ", "-")):
        return found
    if re.fullmatch(r"cc-by[a-z-]*-\d", key):
        return _BY_KEY.get(key + ".0")
    if match := re.fullmatch(r"(l?gpl)-?v?(\d)(\.\d)?(\+|-only|-or-later)?", key):
        ending = "-or-later" if match[4] in ("+", "-or-later") else "-only"
        return _BY_KEY.get(f"{match[1]}-{match[2]}{match[3] or '.0'}{ending}")
    if re.fullmatch(r"cc-by(-[a-z]+)*", key) or key in ("gpl", "lgpl"):
        raise UserError(
            f"The licence {key.upper()} comes in several versions: name one, such as "
            f"{'CC-BY-4.0' if key.startswith('cc') else key.upper() + '-3.0-or-later'}."
        )
    return None
