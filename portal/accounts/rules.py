"""Passwords that were given, changed or lost, as pure functions."""

from datetime import datetime

from portal.errors import Refused
from portal.wording import N_


def must_change_password(given_at: datetime, changed_at: datetime | None) -> bool:
    """Must the person choose a password before anything else? Yes while it is the one she was given.

    given_at: when the provider last gave a default password, in UTC. changed_at: when the person last
    chose her own; None if she never did.

    Source: 004-19.
    """
    return changed_at is None or changed_at <= given_at


def check_identity(
    checked_at: datetime | None, *, needs_signed_request: bool, signed_at: datetime | None, at: datetime
) -> None:
    """No password is told or changed for anybody whose identity was not checked.

    checked_at: when the identity was checked. needs_signed_request: is a written, signed request
    needed too? signed_at: when it was signed. at: instant of the change. Instants in UTC.
    Raises Refused without the check, or without the request that is needed.

    Source: 004-19.
    """
    if checked_at is None or checked_at > at:
        raise Refused(N_("L'identité du client doit être vérifiée avant tout changement de mot de passe."))
    if needs_signed_request and (signed_at is None or signed_at > at):
        raise Refused(N_("Ce changement de mot de passe exige une demande écrite et signée du client."))


def check_credential_reset(*, in_writing: bool, identity_proved: bool) -> None:
    """Identifier and password are changed on a written notice whose author has proved who she is.

    in_writing: was the loss, theft or fraud notified in writing? identity_proved: by any means.
    Raises Refused otherwise.

    Source: 000-41, 001-29.
    """
    if not in_writing:
        raise Refused(N_("La perte ou le vol des identifiants se notifie par écrit."))
    if not identity_proved:
        raise Refused(N_("La notification doit justifier de l'identité du client."))
