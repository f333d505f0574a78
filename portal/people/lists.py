"""The list of people."""

from datetime import datetime
from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from portal.access import CUSTOMERS, Permission, Role, may
from portal.accounts.factors import Passkey, Totp
from portal.accounts.models import SignIn, User
from portal.db import db
from portal.listing import FILE, NAME, Cell, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.words.choices import ROLES
from portal.words.states import look_of

STATES = ("account_open", "account_invited", "account_closed")


def state_of(user: User) -> str:
    """Closed, or invited and not come in yet, or open."""
    if not user.is_enabled:
        return "account_closed"
    return "account_open" if user.joined_at else "account_invited"


def _roles() -> list[tuple[str, Any]]:
    """Those that somebody in one's own tree may have."""
    return [(role, ROLES[role]) for role in Role if not g.actor.is_customer or role in CUSTOMERS]


def _in_state(state: str) -> ColumnElement[bool]:
    if state == "account_closed":
        return User.is_enabled.is_(False)
    joined = User.joined_at.is_not(None)
    return User.is_enabled & (joined if state == "account_open" else ~joined)


def _seen(users: list[User]) -> dict[int, Cell]:
    """When each was last here."""
    query = select(SignIn.user_id, func.max(SignIn.last_seen_at))
    query = query.where(SignIn.user_id.in_([user.id for user in users])).group_by(SignIn.user_id)
    last: dict[int, datetime] = {key: seen for key, seen in db.session.execute(query)}  # noqa: C416
    return dict(last)


def _factors(users: list[User]) -> dict[int, Cell]:
    """How many second factors each has; nothing for none, and for who has not joined yet."""
    ids = [user.id for user in users]
    counts: dict[int, int] = dict.fromkeys(ids, 0)
    for kind in (Passkey, Totp):
        query = select(User.id, func.count(kind.id)).join(kind, kind.person_id == User.person_id)
        query = query.where(User.id.in_(ids), User.joined_at.is_not(None)).group_by(User.id)
        if kind is Totp:
            query = query.where(Totp.proved_at.is_not(None))
        for key, count in db.session.execute(query):
            counts[key] += count
    return {key: count for key, count in counts.items() if count}


PEOPLE: Listing[User] = define(
    Listing(
        name="people",
        label=_l("Personnes"),
        endpoint="people.list_people",
        permission=Permission.PEOPLE_READ,
        model=User,
        query=lambda: User.visible_to(g.actor),
        load=(joinedload(User.organisation),),
        columns=[
            Column(
                "name",
                _l("Nom"),
                lambda row: Link(row.name, url_for("people.show_person", uid=row.uid), row.email),
                rank=NAME,
            ),
            Column("email", _l("Adresse e-mail"), lambda row: row.email, rank=FILE),
            Column("house", _l("Organisation"), lambda row: row.organisation.name),
            Column("role", _l("Rôle"), lambda row: str(ROLES[row.role])),
            Column("state", _l("État"), lambda row: Pill(state_of(row))),
            Column("factors", _l("Seconds facteurs"), many=_factors),
            Column("seen", _l("Vu le"), many=_seen),
        ],
        order=(User.id,),
        filters=[
            Choice(
                "role",
                _l("Rôle"),
                lambda: [
                    (role, ROLES[role]) for role in Role if not g.actor.is_customer or role in CUSTOMERS
                ],
                lambda value: User.role == Role(value),
            ),
            Choice(
                "state", _l("État"), lambda: [(state, look_of(state).word) for state in STATES], _in_state
            ),
        ],
        nothing=lambda: Nothing(
            _l("Personne d'autre que vous."),
            "",
            _l("Inviter une personne"),
            url_for("people.new_person") if may(Permission.PEOPLE_WRITE) else "",
        ),
    )
)
