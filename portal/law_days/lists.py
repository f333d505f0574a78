"""The days on which law or terms change, and the contracts of one of them, as pages, CSV and workbooks."""

from collections.abc import Callable
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.db import db
from portal.law_days.asking import Differing
from portal.law_days.finding import differing
from portal.law_days.models import LawDay, LawDayContract
from portal.law_days.words import name_of, sides
from portal.listing import FILE, NAME, WIDE, Cell, Choice, Column, Euros, Link, Listing, Nothing, Pill, define
from portal.subscriptions.models import Subscription


def _counts(row: LawDay) -> str:
    concerned, lettered = row.counts()
    return _("%(lettered)d sur %(concerned)d", lettered=lettered, concerned=concerned)


LAW_DAYS: Listing[LawDay] = define(
    Listing(
        name="law-days",
        label=_l("Jours de changement"),
        endpoint="law_days.list_days",
        permission=Permission.TERMS_DRAFT_READ,
        model=LawDay,
        query=lambda: LawDay.visible_to(g.actor),
        columns=[
            Column(
                "name",
                _l("Changement"),
                lambda row: Link(name_of(row), url_for("law_days.show_day", uid=row.uid)),
                rank=NAME,
            ),
            Column("day", _l("Premier jour"), lambda row: row.day, is_number=True),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("letters", _l("Lettres écrites"), _counts, rank=WIDE),
        ],
        order=(LawDay.day.desc(), LawDay.id.desc()),
        nothing=lambda: Nothing(
            _l("Aucun changement de la loi ni des conditions n'approche."),
            _l("Un changement paraît ici avant son jour, avec les contrats qui répondent autrement."),
        ),
    )
)


def _of_day(uid: str) -> ColumnElement[bool]:
    return LawDayContract.law_day_id.in_(select(LawDay.id).where(LawDay.uid == uid))


def _differing(row: LawDayContract) -> list[Differing]:
    """Asked once a row for all the columns of a page."""
    known: dict[int, list[Differing]] = g.setdefault("law_day_rows", {})
    if row.id not in known:
        known[row.id] = differing(row.law_day, row.subscription)
    return known[row.id]


def _side(number: int) -> Callable[[LawDayContract], Cell]:
    return lambda row: " ; ".join(line for each in _differing(row) for line in sides(each)[number])


def _clauses(row: LawDayContract) -> str:
    pairs = [pair for each in _differing(row) for pair in each.pairs]
    found = [answer for pair in pairs for answer in (pair.before, pair.after) if answer is not None]
    return ", ".join(dict.fromkeys(clause for answer in found for clause in answer.clauses))


def _customer(row: LawDayContract) -> Link:
    page = url_for("law_days.show_contract", uid=row.uid)
    return Link(row.subscription.customer.name, page, row.subscription.label)


def _uids() -> list[tuple[str, Any]]:
    return [(uid, uid) for uid in db.session.scalars(select(LawDay.uid))]


CONTRACTS: Listing[LawDayContract] = define(
    Listing(
        name="law-day-contracts",
        label=_l("Contrats qui répondent autrement"),
        endpoint="law_days.show_day",
        permission=Permission.TERMS_DRAFT_READ,
        model=LawDayContract,
        query=lambda: LawDayContract.visible_to(g.actor),
        load=(
            joinedload(LawDayContract.law_day),
            joinedload(LawDayContract.subscription).joinedload(Subscription.customer),
        ),
        columns=[
            Column("customer", _l("Client"), _customer, rank=NAME),
            Column("contract", _l("Contrat"), lambda row: row.subscription.terms.label, rank=FILE),
            Column("before", _l("La veille"), _side(0)),
            Column("after", _l("Ce jour-là"), _side(1)),
            Column(
                "difference",
                _l("Écart pour le client"),
                lambda row: Euros(max((each.cents for each in _differing(row)), key=abs, default=0)),
                is_number=True,
                rank=WIDE,
            ),
            Column("clauses", _l("Clauses et loi"), _clauses, rank=WIDE),
            Column("letter", _l("Lettre"), lambda row: _("écrite") if row.mail_uid else _("à envoyer")),
        ],
        order=(LawDayContract.id,),
        filters=[
            Choice("uid", _l("Changement"), _uids, _of_day),
            Choice(
                "letter",
                _l("Lettre"),
                lambda: [("written", _l("écrite")), ("waiting", _l("à envoyer"))],
                lambda value: (
                    LawDayContract.mail_uid != "" if value == "written" else LawDayContract.mail_uid == ""
                ),
            ),
        ],
        within="uid",
        nothing=lambda: Nothing(
            _l("Aucun contrat trouvé jusqu'ici."),
            _l(
                "Les contrats en cours sont interrogés chaque jour jusqu'au changement ; l'heure de la"
                " dernière comparaison se lit plus haut."
            ),
        ),
    )
)
