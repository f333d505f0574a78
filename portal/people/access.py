"""Giving and taking access: every act is in the journal, and no house is left without who runs it."""

from typing import Any

from sqlalchemy import func, select

from portal import clock
from portal.access import CUSTOMERS, PROVIDER, RESELLER, Role
from portal.accounts.factors import end_half_sign_ins
from portal.accounts.floods import count_within
from portal.accounts.letters import tell_password
from portal.accounts.models import (
    Organisation,
    OrganisationKind,
    Person,
    SignIn,
    User,
    check_password,
    end_membership,
    end_sign_ins,
    find_user,
    is_same_person,
    memberships_of,
)
from portal.accounts.rules import check_credential_reset, check_identity
from portal.accounts.welcome import WELCOME_DAYS, invite, judge_password, link_to_choose
from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.links import Purpose, revoke_links
from portal.mail import queue_mail
from portal.wording import N_

ROLES = {
    OrganisationKind.PROVIDER: PROVIDER,
    OrganisationKind.RESELLER: RESELLER,
    OrganisationKind.CUSTOMER: CUSTOMERS,
}
RUNS = {
    OrganisationKind.PROVIDER: Role.OPERATOR,
    OrganisationKind.RESELLER: Role.OWNER,
    OrganisationKind.CUSTOMER: Role.CUSTOMER,
}
RESET_DAYS = 1
_ASKED_MOST, _ASKED_WITHIN = 3, 3600  # links to a new password for one address, and seconds


def roles_in(organisation: Organisation) -> list[Role]:
    """What somebody may be in such a house."""
    return [role for role in Role if role in ROLES[organisation.kind]]


def give_account(
    organisation: Organisation, *, email: str, name: str, role: Role, language: str, by: Actor
) -> User:
    """A new account, and the mail with the link where its person chooses a password.

    The mail says the same to who is known to the portal and to who is not.
    Raises Refused for a role that such a house does not have, and for somebody who is in this house already.
    """
    if role not in ROLES[organisation.kind]:
        raise Refused(N_("Ce rôle n'existe pas dans cette organisation."), field="role")
    user, address = invite(organisation, email=email, name=name, role=role, by=by)
    user.language = language
    _send(user, "people/mail_invitation.txt", address, by=by)
    return user


def send_link_again(user: User, *, by: Actor) -> None:
    """Another link for somebody who has lost hers, or her password; the one before stops working.

    Raises Refused for an account that is closed.
    """
    if not user.is_enabled:
        raise Refused(N_("Cet accès est fermé : rouvrez-le d'abord."))
    joined = user.joined_at is not None
    address = link_to_choose(user, by=by, days=RESET_DAYS if joined else WELCOME_DAYS)
    template = "people/mail_reset.txt" if joined else "people/mail_invitation.txt"
    _send(user, template, address, by=by)


def reset_password(user: User, *, in_writing: bool, identity_checked: bool, by: Actor) -> None:
    """Staff take a lost or stolen password away: it opens nothing more, her sessions end, a link leaves.

    in_writing: the loss was told in writing. identity_checked: by any means, now; the journal says by whom.
    Raises Refused without both, for an account that is closed, and for a person who works elsewhere too.

    Source: 000-41, 001-29, 004-19.
    """
    check_answers_for(user, by)
    check_credential_reset(in_writing=in_writing, identity_proved=identity_checked)
    at = clock.now()
    check_identity(at if identity_checked else None, needs_signed_request=False, signed_at=None, at=at)
    record(user, "reset_password", by=by)
    send_link_again(user, by=by)
    user.password_given_at = at
    end_sign_ins(user)
    end_half_sign_ins(user)


def answers_for(user: User, by: Any) -> bool:
    """Does all that she has joined lie in the tree of who acts? What is closed counts: it may reopen."""
    return all(each.org_path.startswith(by.org_path) for each in memberships_of(user) if each.joined_at)


def check_answers_for(user: User, by: Any) -> None:
    """Raises Refused where what proves who she is opens doors in another tree, too."""
    if not answers_for(user, by):
        raise Refused(
            N_(
                "Cette personne a aussi un accès hors de votre organisation : son mot de passe et ses "
                "seconds facteurs ne se remettent pas d'ici. Elle prend « Mot de passe oublié », ou "
                "s'adresse au fournisseur."
            )
        )


def ask_new_password(email: str) -> None:
    """Somebody says that she forgot hers. What happens shows to nobody but the owner of the address."""
    user = find_user(email)
    if count_within(f"forgotten:{email.strip().lower()}"[:80], most=_ASKED_MOST, seconds=_ASKED_WITHIN):
        return
    if user is not None and user.is_enabled and not _has_yet_to_join(user):
        send_link_again(user, by=SYSTEM)


def _has_yet_to_join(user: User) -> bool:
    """Of somebody with a password elsewhere an invitation is no way to another one."""
    return user.joined_at is None and bool(user.password_hash)


def change_role(user: User, role: Role, *, by: Actor) -> None:
    """Raises Refused for oneself, for a role of another kind of house, and for the last who runs it."""
    _not_oneself(user, by)
    if role not in ROLES[user.organisation.kind]:
        raise Refused(N_("Ce rôle n'existe pas dans cette organisation."), field="role")
    if role != user.role:
        _somebody_runs_it(user)
        record(user, "change_role", by=by, before=user.role, after=role)
        user.role = role
        end_membership(user)


def close_account(user: User, *, by: Actor) -> None:
    """At once: her sessions in this house end and her links to it stop working.

    Raises Refused for oneself and the last one.
    """
    _not_oneself(user, by)
    _somebody_runs_it(user)
    user.is_enabled = False
    end_membership(user)
    revoke_links(Purpose.WELCOME, user)
    record(user, "disable", by=by)


def withdraw_invitation(user: User, *, by: Actor) -> None:
    """Somebody was invited by mistake: her link stops, and she may be invited again.

    The account stays as a trace without an address. Raises Refused for who has been in already.
    """
    _not_oneself(user, by)
    if user.joined_at is not None or not user.is_enabled:
        raise Refused(N_("Cette personne a déjà choisi son mot de passe : fermez plutôt son accès."))
    revoke_links(Purpose.WELCOME, user)
    record(user, "withdraw_invitation", by=by, email=user.email)
    person, user.person = user.person, Person(email=f"{user.uid}@retire.invalid", password_hash="")
    user.is_enabled = False
    db.session.flush()
    if not person.password_hash and not memberships_of(person):
        db.session.delete(person)  # nobody else knows her


def open_account(user: User, *, by: Actor) -> None:
    if user.joined_at is None and user.email.endswith("@retire.invalid"):
        raise Refused(N_("Cette invitation a été retirée : invitez de nouveau la personne."))
    user.is_enabled = True
    record(user, "enable", by=by)


def change_password(user: User, old: str, new: str, *, keep: SignIn) -> None:
    """Her own; every other session of hers ends. Raises Refused for a wrong or an easily guessed one."""
    if not check_password(user, old):
        raise Refused(N_("Mot de passe incorrect."), field="old")
    judge_password(new, user)
    user.set_password(new)
    end_sign_ins(user, but=keep)
    end_half_sign_ins(user)
    record(user, "change_password", by=user)
    tell_password(user)


def _send(user: User, template: str, address: str, *, by: Actor) -> None:
    queue_mail(
        user,
        template,
        about=user,
        owner=user.organisation,
        language=user.language or "fr",
        urgent=True,
        user=user,
        address=address,
        inviter=by.label if by.id is not None else "",
    )


def runs_alone(user: User) -> bool:
    """Is hers the last open account of who runs the house?"""
    role = RUNS.get(user.organisation.kind)
    same = select(func.count(User.id)).where(User.organisation_id == user.organisation_id, User.role == role)
    return user.role == role and user.is_open and db.session.scalar(same.where(User.works())) == 1


def _not_oneself(user: User, by: Actor) -> None:
    if is_same_person(by, user.id):
        raise Refused(N_("Personne ne change ni ne ferme son propre accès : demandez à un collègue."))


def _somebody_runs_it(user: User) -> None:
    """Raises Refused when this is the last open account of who runs the house; the others wait meanwhile."""
    role = RUNS.get(user.organisation.kind)
    if user.role != role or not user.is_open:
        return
    held = select(Organisation).where(Organisation.id == user.organisation_id)
    db.session.scalars(held.with_for_update(key_share=True)).one()
    if runs_alone(user):
        raise Refused(
            N_("C'est la dernière personne qui dirige cette organisation : il en faut une autre avant.")
        )
