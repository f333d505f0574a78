"""The list of mails: what left, to whom, and what was refused."""

from typing import Any
from urllib.parse import parse_qs

from flask import g, request, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, select

from portal.access import Permission
from portal.customers.models import Customer
from portal.customers.queries import customers_named
from portal.db import db
from portal.i18n import translated
from portal.listing import (
    FILE,
    NAME,
    WIDE,
    Cell,
    Choice,
    Column,
    Link,
    Listing,
    Nothing,
    Period,
    Pill,
    Search,
    define,
)
from portal.mail import KINDS, UNDELIVERED, Mail, MailState
from portal.words.states import look_of

UNREACHED = "failed"  # refused, or given up
_NEWEST = (Mail.id.desc(),)


def _find(text: str) -> tuple[Select[Any], tuple[Any, ...]]:
    """By the whole address, or by the words of a customer."""
    query = Mail.visible_to(g.actor)
    if not text:
        return query, _NEWEST
    if "@" in text:
        return query.where(Mail.recipient.in_({text, text.lower()})), _NEWEST
    owners = select(Customer.organisation_id).where(Customer.id.in_(customers_named(text)))
    return query.where(Mail.organisation_id.in_(owners)), _NEWEST


def _kinds() -> list[tuple[str, Any]]:
    return sorted(((name, kind.label) for name, kind in KINDS.items()), key=lambda one: str(one[1]))


def _asked_customer() -> list[tuple[str, Any]]:
    """The one whom the address names: a list of all of them would be no choice."""
    kept = parse_qs(request.form.get("wishes", ""))
    uid = (request.args.getlist("customer") or kept.get("customer", [""]))[0]
    query = Customer.visible_to(g.actor).where(Customer.uid == uid)
    return [(each.uid, each.name) for each in db.session.scalars(query)]


def _of_customer(uid: str) -> ColumnElement[bool]:
    return Mail.organisation_id.in_(select(Customer.organisation_id).where(Customer.uid == uid))


def _whose(mails: list[Mail]) -> dict[int, Cell]:
    ids = {mail.organisation_id for mail in mails}
    query = select(Customer).where(Customer.organisation_id.in_(ids))
    named = {each.organisation_id: each for each in db.session.scalars(query)}
    return {
        mail.id: Link(owner.name, url_for("customers.show_customer", uid=owner.uid))
        for mail in mails
        if (owner := named.get(mail.organisation_id))
    }


def _refusal(mail: Mail) -> Cell:
    """What the relay said to one that did not leave: of the others nobody wants to know."""
    return translated(mail.server_answer) if mail.is_undelivered else None


MAILS: Listing[Mail] = define(
    Listing(
        name="mails",
        label=_l("E-mails"),
        endpoint="correspondence.list_mails",
        permission=Permission.MAIL_READ,
        model=Mail,
        query=lambda: Mail.visible_to(g.actor),
        columns=[
            Column(
                "subject",
                _l("Objet"),
                lambda row: Link(
                    row.subject, url_for("correspondence.show_mail", uid=row.uid), row.recipient
                ),
                rank=NAME,
            ),
            Column("recipient", _l("À"), lambda row: row.recipient, rank=FILE),
            Column("customer", _l("Client"), many=_whose, permission=Permission.CUSTOMER_READ),
            Column("state", _l("État"), lambda row: Pill(f"mail_{row.state}")),
            Column("written", _l("Écrit le"), lambda row: row.created_at, is_number=True),
            Column("sent", _l("Parti le"), lambda row: row.sent_at, rank=FILE),
            Column("answer", _l("Réponse du serveur"), _refusal, rank=WIDE),
        ],
        order=_NEWEST,
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(state, look_of(f"mail_{state}").word) for state in (*MailState, UNREACHED)],
                lambda value: Mail.state.in_(UNDELIVERED if value == UNREACHED else [MailState(value)]),
            ),
            Choice("kind", _l("Sujet"), _kinds, lambda value: Mail.kind == value),
            Choice("customer", _l("Client"), _asked_customer, _of_customer),
            Period("written", _l("Date"), Mail.created_at),
        ],
        search=Search(_find, _l("Adresse e-mail entière, ou nom du client")),
        nothing=lambda: Nothing(
            _l("Aucun e-mail."), _l("Ils partent d'eux-mêmes : commandes, factures, mandats, sauvegardes.")
        ),
    )
)
