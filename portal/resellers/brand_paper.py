"""What of a brand stands on a printed document: beside the issuer or creditor, who stays who it is."""

from dataclasses import replace

from flask import g
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.papers import picture_of
from portal.pdf.mark import Mark
from portal.resellers.brand import brands_above, supports_for

_PRINTED = "image/png"  # a logo in SVG is drawn by browsers alone: papers have the name


def mark_for(path: str, language: str) -> Mark | None:
    """Name, contact and logo of the nearest above a customer's node that has one; None where nobody has.

    Looked up once for all customers of a node: a run prints for thousands of them. The logo is its id:
    :func:`drawn` adds the picture.
    """
    parent, _slash, _own = path.rstrip("/").rpartition("/")
    known: dict[tuple[str, str], Mark | None] = g.setdefault("marks", {})
    if (parent, language) not in known:
        known[parent, language] = _looked_up(f"{parent}/", language)
    return known[parent, language]


def drawn(mark: Mark | None) -> Mark | None:
    """For a document that is printed at once."""
    return replace(mark, picture=picture_of(mark.logo)) if mark is not None and mark.logo else mark


def _looked_up(path: str, language: str) -> Mark | None:
    brands, support = brands_above([path])[path], supports_for([path])[path]
    name = next((each.name for each in brands if each.name), "")
    logo = next((each.logo for each in brands if each.logo is not None), None)
    if not (name or logo or support.ways):
        return None
    with force_locale(language):
        head = _("Votre interlocuteur")
        lines = [
            head,
            *filter(None, (support.email, " · ".join(filter(None, (support.phone, support.hours))))),
        ]
    printed = logo.uid if logo is not None and logo.media_type == _PRINTED else ""
    return Mark(name or support.name, tuple(lines if support.ways else [head]), printed)
