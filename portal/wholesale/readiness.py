"""What a reseller still lacks before it invoices its customers itself and is invoiced in bulk."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.access import Permission, may
from portal.catalogue.models import list_products
from portal.catalogue.price_lists import price_list
from portal.db import db
from portal.resellers.billers import BillingMode
from portal.resellers.models import LegalEntity
from portal.resellers.reseller import Reseller


class Lack(NamedTuple):
    """words: what is missing. url: where it is mended; "" where somebody else does."""

    words: str
    url: str = ""


def lacks_of(reseller: Reseller, mode: BillingMode | None) -> list[Lack]:
    """In the order in which they are mended; [] for a reseller that is ready.

    mode: who invoices its next customers today; None where nobody does.
    """
    query = select(LegalEntity).where(LegalEntity.organisation_id == reseller.organisation_id)
    own = db.session.scalars(query.order_by(LegalEntity.id)).all()
    return [*_of_entities(own, mode), *_of_prices(reseller)]


def _of_entities(own: Sequence[LegalEntity], mode: BillingMode | None) -> Iterator[Lack]:
    if not own:
        new = url_for("sepa.new_entity") if may(Permission.ENTITY_WRITE) else ""
        yield Lack(_("Une entité juridique à lui, avec ses numéros de facture et son compte."), new)
        return
    closed = [entity.name for entity in own if not entity.is_open]
    if len(closed) == len(own):
        yield Lack(_("L'accord d'une seconde personne au compte de %(name)s.", name=closed[0]))
    elif mode is not BillingMode.RESELLER:
        yield Lack(_("Que son entité soit choisie pour facturer ses clients."))
    if all(not entity.ics for entity in own):
        yield Lack(_("Un ICS, s'il veut prélever : sans lui, ses clients paient par virement ou par chèque."))


def _of_prices(reseller: Reseller) -> Iterator[Lack]:
    prices, today = price_list(reseller.organisation_id), clock.today()
    missing = [each.name for each in list_products() if prices.wholesale(each, 1, today) is None]
    if missing:
        url = url_for("price_lists.show", uid=reseller.uid) if may(Permission.WHOLESALE_WRITE) else ""
        yield Lack(_("Un prix d'achat pour : %(products)s.", products=", ".join(missing)), url)
