"""How somebody who was given an account comes to a password of her own: a link that works once."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from zxcvbn import zxcvbn

from portal import clock
from portal.access import Role
from portal.accounts.factors import end_half_sign_ins
from portal.accounts.letters import tell_password
from portal.accounts.models import Organisation, Person, User, end_sign_ins, open_memberships
from portal.actor import Actor
from portal.db import EVERYTHING, db, new_uid, scope
from portal.errors import Refused
from portal.jobs import insert_once
from portal.journal import record
from portal.links import Purpose, make_link, revoke_links
from portal.mail import link
from portal.wording import N_

WELCOME_DAYS = 3
SHORTEST, LONGEST, DISTINCT = 12, 128, 5
JUDGED = 100  # characters: the judge's time grows faster than what it reads
GUESSES = 10  # as a power of ten
PRODUCT = (
    "portail",
    "sauvegarde",
    "revendeur",
    "client",
    "demonstration",
    "démonstration",
    "password",
    "motdepasse",
)


def invite(organisation: Organisation, *, email: str, name: str, role: Role, by: Actor) -> tuple[User, str]:
    """A membership that waits for its person, and the address (once) where she takes it up.

    Whether she has others, in whatever house, is nothing that whoever invites her learns.
    Raises Refused when she is in this house already.
    """
    person = _person_of(email.strip().lower())
    here = db.select(User.id).where(User.person_id == person.id, User.organisation_id == organisation.id)
    if db.session.scalar(here) is not None:
        raise Refused(N_("Cette personne a déjà un accès dans cette organisation."), field="email")
    user = User(organisation=organisation, person=person, name=name, role=role)
    db.session.add(user)
    db.session.flush()
    record(user, "create", by=by, role=role)
    return user, invite_again(user, by=by)


def _person_of(email: str) -> Person:
    """The one of this address, known or new; two who invite her at once find the same."""
    values = {"uid": new_uid(), "created_at": clock.now(), "email": email, "password_hash": ""}
    insert_once(Person, values, ["email"])
    return db.session.scalars(db.select(Person).where(Person.email == email)).one()


def find_invited(uid: str) -> User:
    """The membership behind a link, while it is not closed."""
    return db.session.scalars(db.select(User).where(User.uid == uid, User.is_enabled)).one()


def join(user: User) -> None:
    """She takes an invitation up."""
    user.joined_at = clock.now()
    revoke_links(Purpose.WELCOME, user)
    record(user, "join", by=user)


def invite_again(user: User, *, by: Actor) -> str:
    """Another address for somebody who has not come in yet; the one before stops working."""
    if user.joined_at is not None:
        raise Refused(N_("Cette personne a déjà choisi son mot de passe."), field="email")
    return link_to_choose(user, by=by)


def link_to_choose(user: User, *, by: Actor, days: int = WELCOME_DAYS) -> str:
    """The address, once, where she chooses a password, her first one or another. The one before stops."""
    _row, token = make_link(Purpose.WELCOME, user, owner=user.organisation, recipient=user.email, days=days)
    record(user, "invite", by=by)
    return link(f"/welcome/{token}")


def choose_password(user: User, password: str) -> None:
    """Set the password, end the link and every session. Raises Refused for one that is easily guessed."""
    judge_password(password, user)
    is_another = bool(user.password_hash)
    user.set_password(password)
    end_sign_ins(user)
    end_half_sign_ins(user)
    with scope(EVERYTHING):
        for each in open_memberships(user):  # a link to a new password is of no more use, an invitation is
            revoke_links(Purpose.WELCOME, each)
    revoke_links(Purpose.WELCOME, user)
    user.joined_at = user.joined_at or clock.now()
    record(user, "choose_password", by=user)
    if is_another:
        tell_password(user)


def judge_password(password: str, user: Any) -> None:
    """Raises Refused for what is too short, too long, or found in fewer than ten thousand million guesses.

    What she is called, where she works and what the portal is called are no secrets: they count for nothing.
    """
    if len(password) < SHORTEST:
        raise Refused(N_("Douze caractères au moins."), field="password")
    if len(password) > LONGEST:
        raise Refused(N_("128 caractères au plus."), field="password")
    own = _known_words(user)
    rest = password[:JUDGED].lower()
    for word in sorted(own, key=len, reverse=True):
        rest = rest.replace(word, "")
    if not rest.strip() or zxcvbn(rest, own, max_length=JUDGED)["guesses_log10"] < GUESSES:
        raise Refused(_why_weak(password.lower(), rest), field="password")


def _known_words(user: Any) -> list[str]:
    """The words that anybody tries first: hers, her house's and the product's."""
    host = urlsplit(str(current_app.config["PUBLIC_URL"])).hostname or ""
    told = " ".join((user.email, user.name, user.organisation.name, host)).lower()
    return [word for word in {*re.split(r"[^\w]+", told), *PRODUCT} if len(word) > 3]


def _why_weak(password: str, rest: str) -> str:
    if len(rest.strip()) < SHORTEST // 2 and len(rest) < len(password):
        return N_(
            "Ce mot de passe tient à votre nom, à votre organisation ou au portail : prenez d'autres mots."
        )
    if len(set(rest)) < DISTINCT:
        return N_("Ce mot de passe se répète : prenez-en un moins régulier.")
    return N_("Ce mot de passe se devine : prenez quatre mots sans lien entre eux.")
