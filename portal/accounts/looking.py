"""Seeing the portal as a customer sees it: the customer's pages with nothing to change on them.

Whoever looks stays who she is: the journal names her, and what only the customer may have, such as a key in
the clear, stays closed.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from flask import abort, g, request
from flask_babel import gettext as _

from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, SignIn, User
from portal.errors import Refused

LOOKS_FOR = timedelta(minutes=30)  # then the person sees her own pages again
_READS = {"GET", "HEAD", "OPTIONS"}
_ENDS = {"customer_looks.stop_looking", "accounts.logout", "accounts.choose_language"}


@dataclass(frozen=True, slots=True)
class Looking:
    """A person who looks at a customer's space, in the place of the acting person.

    Values, not her row: from inside that space no statement sees it.
    """

    __tablename__: ClassVar[str] = User.__tablename__  # what the journal calls her

    id: int
    uid: str
    person_id: int
    name: str
    email: str
    language: str | None
    organisation: Organisation
    organisation_id: int
    org_path: str
    role: Role = Role.CUSTOMER
    is_looking: bool = True
    is_customer: bool = True  # in her place, so that pages read as she reads them

    @property
    def label(self) -> str:
        return self.name


def begin(row: SignIn, organisation: Organisation) -> None:
    row.looks_at_id, row.looks_until = organisation.id, clock.now() + LOOKS_FOR


def end(row: SignIn) -> None:
    row.looks_at_id = row.looks_until = None


def seen_by(row: SignIn) -> User | Looking:
    """Who acts in this session: the person, or the person who looks at somebody's space."""
    is_over = row.looks_until is None or row.looks_until <= clock.now()
    if is_over or row.looks_at is None:
        return row.user
    user, space = row.user, row.looks_at
    whose = user.id, user.uid, user.person_id
    return Looking(*whose, user.name, user.email, user.language, space, space.id, space.org_path)


def refuse_deeds() -> None:
    """Nothing is done from a space at which one only looks."""
    looks = g.actor is not None and g.actor.is_looking
    if looks and request.method not in _READS and request.endpoint not in _ENDS:
        if request.endpoint is None:
            abort(404)
        raise Refused(_("Vous regardez l'espace du client : rien ne peut y être changé."))
