"""What the sealed paper of a closing says, and its figures as rows for people; in French, for the books."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from portal.billing.documents import a_day, locale_of, mentions, party
from portal.clock import PARIS
from portal.i18n import eur
from portal.pdf.document import Column
from portal.pdf.draft import Draft
from portal.resellers.models import LegalEntity
from portal.words.books import KINDS, PAID

Row = tuple[str, int, int, int, int]  # label, count, net, VAT and gross in cents
_FRENCH = "fr"


def told(figures: Sequence[Sequence[Any]]) -> list[Row]:
    """The figures with their labels, in the language of whoever reads."""
    return [(_label(kind, detail), *numbers) for kind, detail, *numbers in figures]


def _label(kind: str, detail: str) -> str:
    if kind == "vat":
        category, _space, basis_points = detail.partition(" ")
        rate = f"{int(basis_points) / 100:.2f}".replace(".", ",")
        return _("TVA %(category)s à %(rate)s %%", category=category, rate=rate)
    return str(PAID[detail]) if kind == "payment" else str(KINDS[kind])


def closing_draft(
    entity: LegalEntity,
    period: str,
    days: tuple[date, date],
    figures: Sequence[Sequence[Any]],
    heads: dict[str, Any],
    by: str,
    at: datetime,
) -> Draft:
    """at: the instant of the closing, UTC."""
    own = ("name", "street", "postcode", "town", "country", "legal_form", "rcs_town", "siren", "email")
    issuer = {name: getattr(entity, name) for name in own}
    draft = Draft(
        _("Clôture %(period)s", period=period),
        issuer=party(issuer),
        recipient=party(issuer),
        meta=[
            (_("Du"), a_day(days[0], _FRENCH)),
            (_("Au"), a_day(days[1], _FRENCH)),
            (_("Clôturé le"), f"{a_day(at.astimezone(PARIS).date(), _FRENCH)} {at.astimezone(PARIS):%H:%M}"),
            (_("Par"), by),
        ],
        legal=mentions(issuer),
        language=locale_of(_FRENCH),
        page_label=_("Page {page} sur {pages}"),
    )
    columns = [
        Column(_("Total")),
        Column(_("Nombre"), 18),
        Column(_("HT"), 28),
        Column(_("TVA"), 26),
        Column(_("TTC"), 28),
    ]
    rows = [(label, str(count), *(eur(each) for each in cents)) for label, count, *cents in told(figures)]
    draft.line_table(columns, rows)
    draft.heading(_("Derniers numéros et leurs empreintes"))
    for number, hash_ in heads.values():
        draft.text(f"{number} : {hash_}")
    draft.text(_("Rien ne peut plus être daté de cette période ; une correction est un autre document."))
    return draft
