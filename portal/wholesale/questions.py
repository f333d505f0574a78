"""A period that a reseller buys and for which no price was agreed: asked before a month is billed."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.billing.questions import Question, run_questions
from portal.db import db
from portal.resellers.models import LegalEntity, issuers_of
from portal.resellers.reseller import Reseller
from portal.wholesale.buying import Part, parts_to_buy
from portal.wholesale.models import WholesaleBuyer


@run_questions.connect
def ask_prices(_sender: Any, *, entity: LegalEntity, until: date) -> list[Question]:
    """What is without a price is left out of the invoice until one is agreed."""
    return [question for buyer in _buyers(entity) for question in _open(buyer, until)]


def _buyers(entity: LegalEntity) -> list[WholesaleBuyer]:
    found = list(db.session.scalars(select(WholesaleBuyer).order_by(WholesaleBuyer.id)))
    issuers = issuers_of([each.customer for each in found]) if found else {}
    return [each for each in found if issuers[each.customer.org_path].id == entity.id]


def _open(buyer: WholesaleBuyer, until: date) -> Iterator[Question]:
    reseller = db.session.scalars(
        select(Reseller).where(Reseller.organisation_id == buyer.organisation_id)
    ).one()
    missing: dict[int, Part] = {}
    for part in parts_to_buy(buyer.organisation, until):
        if part.unit_cents is None:
            missing.setdefault(part.product.id, part)
    for part in missing.values():
        yield Question(
            buyer.customer_id,
            _(
                "Aucun prix d'achat convenu avec %(name)s : %(product)s",
                name=reseller.name,
                product=part.product.name,
            ),
            url_for("price_lists.show_product", uid=reseller.uid, product=part.product.uid),
        )
