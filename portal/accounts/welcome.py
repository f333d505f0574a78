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
from portal.accounts.models import Organisation, SignIn, User
from portal.actor import Actor
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
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
    """A new account without a password, and the address (once) where its person chooses one.

    Raises Refused when the e-mail is that of another account.
    """
    email = email.strip().lower()
    with scope(EVERYTHING):  # one sign-in, one account, in whatever house
        known = db.session.scalar(db.select(User.id).where(User.email == email))
    if known is not None:
        raise Refused(N_("Cette adresse e-mail est déjà celle d'un compte."), field="email")
    user = User(organisation=organisation, email=email, name=name, role=role, password_hash="")
    db.session.add(user)
    db.session.flush()
    record(user, "create", by=by, role=role)
    return user, invite_again(user, by=by)


def invite_again(user: User, *, by: Actor) -> str:
    """Another address for somebody who has no password yet; the one before stops working."""
    if user.password_hash:
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
    live = db.update(SignIn).where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
    db.session.execute(live.values(ended_at=clock.now()))
    end_half_sign_ins(user)
    revoke_links(Purpose.WELCOME, user)
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
