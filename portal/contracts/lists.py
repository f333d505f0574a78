"""The lists of new terms and prices (tarifs), and of whom they were told, with the proof of telling."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.access import Permission
from portal.catalogue.models import Plan, PriceRevision, Product
from portal.contracts.models import NoticeState, TermsNotice
from portal.contracts.proof import iso, mail_state, with_mails
from portal.db import db
from portal.i18n import translated
from portal.jobs import TaskState
from portal.listing import (
    FILE,
    NAME,
    WIDE,
    Cell,
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
from portal.mail import Mail, MailState
from portal.subscriptions.models import Subscription
from portal.subscriptions.price_steps import PriceStep
from portal.terms.models import TermsState, TermsVersion
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


Tell = Callable[[Mail | None, TaskState | None], Cell]


def _by_mail(model: Any, tell: Tell) -> Callable[[list[Any]], Mapping[int, Cell]]:
    """What is known of the mail that told each row of a page."""

    def cells(rows: list[Any]) -> Mapping[int, Cell]:
        query = with_mails(select(model.id).where(model.id.in_([row.id for row in rows])), model.mail_uid)
        return {key: tell(mail, task) for key, mail, task in db.session.execute(query)}

    return cells


def _mail_columns(model: Any, *, answer: int) -> list[Column[Any]]:
    """answer: the rank of what the server said."""
    return [
        Column("mail", _l("E-mail"), many=_by_mail(model, lambda mail, task: Pill(_told(mail, task)))),
        Column(
            "sent_utc",
            _l("Envoyé le (UTC)"),
            many=_by_mail(model, lambda mail, task: iso(mail and mail.sent_at)),
            rank=FILE,
        ),
        Column(
            "answer",
            _l("Réponse du serveur"),
            many=_by_mail(model, lambda mail, task: translated(mail.server_answer) if mail else None),
            rank=answer,
        ),
    ]


def _sent_column(model: Any) -> Column[Any]:
    sent = _by_mail(model, lambda mail, task: mail.sent_at if mail else None)
    return Column("sent_at", _l("Envoyé le"), many=sent, is_number=True)


def _told(mail: Mail | None, task: TaskState | None) -> str:
    return f"mail_{mail_state(mail, task)}"


def _unsent(model: Any) -> Choice:
    gone = select(Mail.id).where(Mail.uid == model.mail_uid, Mail.state == MailState.SENT).exists()
    return Choice("unsent", _l("E-mail"), lambda: [("1", _l("pas encore envoyé"))], lambda value: ~gone)


def _versions() -> list[tuple[str, Any]]:
    query = select(TermsVersion.version).where(TermsVersion.state != TermsState.DRAFT)
    return [(version, version) for version in db.session.scalars(query)]


def _of_version(version: str) -> ColumnElement[bool]:
    return TermsNotice.terms_version_id.in_(select(TermsVersion.id).where(TermsVersion.version == version))


TOLD: Listing[TermsNotice] = define(
    Listing(
        name="told",
        label=_l("Clients informés"),
        endpoint="notices.list_told",
        permission=Permission.TOLD_READ,
        model=TermsNotice,
        query=lambda: TermsNotice.visible_to(g.actor),
        load=(joinedload(TermsNotice.customer),),
        columns=[
            Column(
                "customer",
                _l("Client"),
                lambda row: Link(row.customer.name, url_for("notices.show_notice", uid=row.uid)),
                rank=NAME,
            ),
            Column("recipient", _l("Adresse e-mail"), lambda row: row.recipient, rank=WIDE),
            Column("version", _l("Version"), lambda row: row.new_version, rank=FILE),
            Column("sha256", _l("Empreinte du texte (SHA-256)"), lambda row: row.sha256, rank=FILE),
            *_mail_columns(TermsNotice, answer=WIDE),
            Column("effective_on", _l("Prend effet le"), lambda row: row.effective_on, is_number=True),
            Column("state", _l("Réponse"), lambda row: Pill(row.state)),
            Column("refused_by", _l("Refusé par"), lambda row: row.refused_by, rank=FILE),
            Column("refused_at", _l("Refusé le"), lambda row: iso(row.refused_at), rank=FILE),
            Column("refused_from", _l("Depuis l'adresse"), lambda row: row.refused_from, rank=FILE),
            _sent_column(TermsNotice),
        ],
        order=(TermsNotice.id,),
        filters=[
            Choice("version", _l("Version"), _versions, _of_version),
            _unsent(TermsNotice),
            Choice(
                "state",
                _l("Réponse"),
                lambda: [(state, look_of(state).word) for state in NoticeState],
                lambda value: TermsNotice.state == NoticeState(value),
            ),
        ],
        within="version",
        nothing=lambda: Nothing(
            _l("Personne dans cette liste."),
            _l("Les clients concernés s'ajoutent ici à mesure qu'ils sont informés."),
        ),
    )
)


def _products() -> list[tuple[str, Any]]:
    return [(uid, uid) for uid in db.session.scalars(select(Product.uid))]


def _of_product(uid: str) -> ColumnElement[bool]:
    revisions = select(PriceRevision.id).join(Product, Product.id == PriceRevision.product_id)
    return PriceStep.revision_id.in_(revisions.where(Product.uid == uid))


def _subscriptions(steps: list[PriceStep]) -> Mapping[int, Subscription]:
    ids = [step.subscription_id for step in steps]
    query = select(Subscription).where(Subscription.id.in_(ids)).options(joinedload(Subscription.customer))
    found = {row.id: row for row in db.session.scalars(query)}
    return {step.id: found[step.subscription_id] for step in steps}


def _customers(steps: list[PriceStep]) -> Mapping[int, Cell]:
    whose = _subscriptions(steps)
    return {step.id: _customer(whose[step.id], step.recipient) for step in steps}


def _customer(row: Subscription, recipient: str) -> Link:
    return Link(row.customer.name, url_for("subscriptions.show_subscription", uid=row.uid), recipient)


def _labels(steps: list[PriceStep]) -> Mapping[int, Cell]:
    return {key: row.label for key, row in _subscriptions(steps).items()}


PRICES_TOLD: Listing[PriceStep] = define(
    Listing(
        name="prices-told",
        label=_l("Clients prévenus"),
        endpoint="prices.show_price",
        permission=Permission.PRICE_READ,
        model=PriceStep,
        query=lambda: PriceStep.visible_to(g.actor),
        columns=[
            Column("customer", _l("Client"), many=_customers, rank=NAME),
            Column("subscription", _l("Abonnement"), many=_labels, rank=FILE),
            Column("cents", _l("Nouveau prix (centimes)"), lambda row: row.unit_cents, rank=FILE),
            Column("effective_on", _l("Premier jour"), lambda row: row.effective_on, is_number=True),
            Column("recipient", _l("Adresse e-mail"), lambda row: row.recipient, rank=FILE),
            *_mail_columns(PriceStep, answer=FILE),
            Column("price", _l("Nouveau prix"), lambda row: Euros(row.unit_cents), is_number=True),
            _sent_column(PriceStep),
        ],
        order=(PriceStep.id.desc(),),
        filters=[
            Choice("product_uid", _l("Offre"), _products, _of_product),
            _unsent(PriceStep),
            Period("first", _l("Premier jour"), PriceStep.effective_on),
        ],
        within="product_uid",
        nothing=lambda: Nothing(
            _l("Personne dans cette liste."),
            _l("Les clients concernés s'ajoutent ici à mesure qu'ils sont informés."),
        ),
    )
)
