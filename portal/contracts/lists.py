"""The lists of new terms that a customer was told of, and of prices (tarifs)."""

from datetime import date

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.access import Permission
from portal.catalogue.models import Plan, PriceRevision, Product
from portal.contracts.models import NoticeState, TermsNotice
from portal.listing import (
    FILE,
    NAME,
    WIDE,
    Choice,
    Column,
    Euros,
    Link,
    Listing,
    Nothing,
    Period,
    Pill,
    define,
)
from portal.words.choices import PLANS
from portal.words.states import look_of

NOTICES: Listing[TermsNotice] = define(
    Listing(
        name="notices",
        label=_l("Conditions"),
        endpoint="notices.list_notices",
        permission=Permission.NOTICE_READ,
        model=TermsNotice,
        query=lambda: TermsNotice.visible_to(g.actor),
        load=(joinedload(TermsNotice.terms_version),),
        columns=[
            Column(
                "version",
                _l("Nouvelle version"),
                lambda row: Link(
                    row.new_version, url_for("notices.show_notice", uid=row.uid), row.terms_version.title
                ),
                rank=NAME,
            ),
            Column("title", _l("Document"), lambda row: row.terms_version.title, rank=FILE),
            Column("state", _l("Réponse"), lambda row: Pill(row.state)),
            Column("told_at", _l("Annoncée le"), lambda row: row.created_at, rank=WIDE, is_number=True),
            Column("effective_on", _l("Prend effet le"), lambda row: row.effective_on, is_number=True),
        ],
        order=(TermsNotice.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("Réponse"),
                lambda: [(state, look_of(state).word) for state in NoticeState],
                lambda value: TermsNotice.state == NoticeState(value),
            ),
            Period("effective", _l("Prend effet"), TermsNotice.effective_on),
        ],
        nothing=lambda: Nothing(
            _l("Aucune nouvelle version des conditions ne vous a été annoncée."),
            _l("Une nouvelle version vous est annoncée par e-mail avant de s'appliquer, et reste ici."),
            _l("Voir les abonnements"),
            url_for("subscriptions.list_subscriptions"),
        ),
    )
)


def _next(product: Product) -> PriceRevision | None:
    """The price that comes next."""
    return next((row for row in product.revisions if row.effective_on > clock.today()), None)


def _next_price(product: Product) -> Euros | None:
    found = _next(product)
    return Euros(found.unit_cents, _tax(product)) if found else None


def _next_day(product: Product) -> date | None:
    found = _next(product)
    return found.effective_on if found else None


def _tax(product: Product) -> str:
    return _("TTC") if product.price_includes_vat else _("HT")


PRICES: Listing[Product] = define(
    Listing(
        name="prices",
        label=_l("Tarifs"),
        endpoint="prices.list_prices",
        permission=Permission.PRICE_READ,
        model=Product,
        query=lambda: Product.visible_to(g.actor),
        load=(selectinload(Product.revisions),),
        columns=[
            Column(
                "name",
                _l("Offre"),
                lambda row: Link(row.name, url_for("prices.show_price", product_uid=row.uid)),
                rank=NAME,
            ),
            Column("code", _l("Code"), lambda row: row.code, rank=FILE),
            Column("plan", _l("Formule"), lambda row: str(PLANS[row.plan])),
            Column("on_sale", _l("En vente"), lambda row: row.is_on_sale, rank=FILE),
            Column(
                "price",
                _l("Prix du jour"),
                lambda row: Euros(row.price_on(clock.today()), _tax(row)),
                is_number=True,
            ),
            Column("tax", _l("Taxes"), _tax, rank=FILE),
            Column("next_price", _l("Prix à venir"), _next_price, is_number=True),
            Column("next_on", _l("À partir du"), _next_day, is_number=True),
        ],
        order=(Product.name, Product.id),
        filters=[
            Choice(
                "plan",
                _l("Formule"),
                lambda: [(plan, PLANS[plan]) for plan in Plan],
                lambda value: Product.plan == Plan(value),
            ),
            Choice(
                "coming",
                _l("Prix à venir"),
                lambda: [("yes", _l("oui")), ("no", _l("non"))],
                lambda value: (
                    Product.revisions.any(PriceRevision.effective_on > clock.today())
                    if value == "yes"
                    else ~Product.revisions.any(PriceRevision.effective_on > clock.today())
                ),
            ),
        ],
        nothing=lambda: Nothing(
            _l("Aucune offre."), _l("Dès qu'une offre est en vente, son prix se lit et se révise ici.")
        ),
    )
)
