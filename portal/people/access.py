"""Giving and taking access: every act is in the journal, and no house is left without who runs it."""

from sqlalchemy import func, select, update

from portal import clock
from portal.access import PROVIDER, RESELLER, Role
from portal.accounts.factors import end_half_sign_ins
from portal.accounts.floods import count_within
from portal.accounts.letters import tell_password
from portal.accounts.models import Organisation, OrganisationKind, SignIn, User, check_password, find_user
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
    OrganisationKind.CUSTOMER: {Role.CUSTOMER},
}
RUNS = {OrganisationKind.PROVIDER: Role.OPERATOR, OrganisationKind.RESELLER: Role.OWNER}
RESET_DAYS = 1
_ASKED_MOST, _ASKED_WITHIN = 3, 3600  # links to a new password for one address, and seconds


def roles_in(organisation: Organisation) -> list[Role]:
    """What somebody may be in such a house."""
    return [role for role in Role if role in ROLES[organisation.kind]]


def give_account(
    organisation: Organisation, *, email: str, name: str, role: Role, language: str, by: Actor
) -> User:
    """A new account, and the mail with the link where its person chooses a password.

    Raises Refused for a role that such a house does not have, and for an address that has an account.
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
    address = link_to_choose(user, by=by, days=RESET_DAYS if user.password_hash else WELCOME_DAYS)
    template = "people/mail_reset.txt" if user.password_hash else "people/mail_invitation.txt"
    _send(user, template, address, by=by)


def reset_password(user: User, *, in_writing: bool, identity_checked: bool, by: Actor) -> None:
    """Staff take a lost or stolen password away: it opens nothing more, her sessions end, a link leaves.

    in_writing: the loss was told in writing. identity_checked: by any means, now; the journal says by whom.
    Raises Refused without both, and for an account that is closed.

    Source: 000-41, 001-29, 004-19.
    """
    check_credential_reset(in_writing=in_writing, identity_proved=identity_checked)
    at = clock.now()
    check_identity(at if identity_checked else None, needs_signed_request=False, signed_at=None, at=at)
    record(user, "reset_password", by=by)
    send_link_again(user, by=by)
    user.password_given_at = at
    end_sign_ins(user)
    end_half_sign_ins(user)


def ask_new_password(email: str) -> None:
    """Somebody says that she forgot hers. What happens shows to nobody but the owner of the address."""
    user = find_user(email)
    if count_within(f"forgotten:{email.strip().lower()}"[:80], most=_ASKED_MOST, seconds=_ASKED_WITHIN):
        return
    if user is not None and user.is_enabled:
        send_link_again(user, by=SYSTEM)


def change_role(user: User, role: Role, *, by: Actor) -> None:
    """Raises Refused for oneself, for a role of another kind of house, and for the last who runs it."""
    _not_oneself(user, by)
    if role not in ROLES[user.organisation.kind]:
        raise Refused(N_("Ce rôle n'existe pas dans cette organisation."), field="role")
    if role != user.role:
        _somebody_runs_it(user)
        record(user, "change_role", by=by, before=user.role, after=role)
        user.role = role
        end_sign_ins(user)


def close_account(user: User, *, by: Actor) -> None:
    """At once: her sessions end and her links stop working. Raises Refused for oneself and the last one."""
    _not_oneself(user, by)
    _somebody_runs_it(user)
    user.is_enabled = False
    end_sign_ins(user)
    revoke_links(Purpose.WELCOME, user)
    record(user, "disable", by=by)


def withdraw_invitation(user: User, *, by: Actor) -> None:
    """Somebody was invited by mistake: her link stops, and her address may be invited elsewhere.

    The account stays as a trace without an address. Raises Refused for who has been in already.
    """
    _not_oneself(user, by)
    if user.password_hash or not user.is_enabled:
        raise Refused(N_("Cette personne a déjà choisi son mot de passe : fermez plutôt son accès."))
    revoke_links(Purpose.WELCOME, user)
    record(user, "withdraw_invitation", by=by, email=user.email)
    user.is_enabled, user.email = False, f"{user.uid}@retire.invalid"


def open_account(user: User, *, by: Actor) -> None:
    if not user.password_hash and user.email.endswith("@retire.invalid"):
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


def end_sign_ins(user: User, but: SignIn | None = None) -> None:
    """The person is signed out everywhere, or everywhere else."""
    live = update(SignIn).where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
    if but is not None:
        live = live.where(SignIn.id != but.id)
    db.session.execute(live.values(ended_at=clock.now()))


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


def _not_oneself(user: User, by: Actor) -> None:
    if user.id == by.id:
        raise Refused(N_("Personne ne change ni ne ferme son propre accès : demandez à un collègue."))


def _somebody_runs_it(user: User) -> None:
    """Raises Refused when this is the last open account of who runs the house; the others wait meanwhile."""
    role = RUNS.get(user.organisation.kind)
    if user.role != role or not user.is_enabled:
        return
    house = db.session.scalars(
        select(Organisation).where(Organisation.id == user.organisation_id).with_for_update(key_share=True)
    ).one()
    same = select(func.count(User.id)).where(User.organisation_id == house.id, User.role == role)
    if db.session.scalar(same.where(User.is_enabled)) == 1:
        raise Refused(
            N_("C'est la dernière personne qui dirige cette organisation : il en faut une autre avant.")
        )
