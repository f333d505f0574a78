"""What time does to mandates: a confirmed account starts to count, a silent signatory is reminded,
and a mandate that falls out of use is named while it can still be used."""

import re

from sqlalchemy import literal, select

from portal import clock, jobs
from portal.access import Role
from portal.accounts.models import Organisation, User
from portal.crypto.secrets import token_hash
from portal.db import db
from portal.journal import SYSTEM
from portal.links import Purpose, SignedLink, mask_email
from portal.mail import Mail, queue_mail
from portal.mail import link as public_link
from portal.sepa.mandates.lapse import lapsing_mandates
from portal.sepa.models import Mandate, MandateAmendment, MandateState, What
from portal.sepa.models.amendment import is_open_to_change
from portal.sepa.signing.account_change import changes_to_apply

APPLY_ACCOUNT, REMIND, WARN_LAPSE = "sepa.apply_account", "sepa.remind", "sepa.warn_lapse"
REMINDER_DAYS = (3, 7, 12)  # after the link was sent; it works for 14
_ADDRESS = re.compile(r"(\S+/sign/([A-Za-z0-9_-]+))")


@jobs.periodic("sepa.accounts", jobs.hourly)
def apply_confirmed_accounts() -> None:
    for change in changes_to_apply():
        jobs.enqueue(APPLY_ACCOUNT, f"{change.uid}:{jobs.hourly()}", change.mandate.customer.organisation)


@jobs.job(APPLY_ACCOUNT)
def apply_account(claim: jobs.Claim) -> None:
    """The mandate is held, so that no signer and no colleague acts on it at the same time."""
    query = select(MandateAmendment).where(MandateAmendment.uid == claim.ref.split(":")[0])
    change = db.session.scalars(query).one()
    db.session.scalars(
        select(Mandate).where(Mandate.id == change.mandate_id).with_for_update(of=Mandate)
    ).one()
    if change not in changes_to_apply():
        return
    if is_open_to_change(change.mandate):
        change.apply()
    else:
        change.withdraw(by=SYSTEM)
    claim.step(done=1, total=1)


# Reminders


@jobs.periodic("sepa.reminders", jobs.daily)
def remind_signatories() -> None:
    """Asked for once per link and day of reminder: after a pause of the worker only the latest is sent."""
    live = SignedLink.purpose == Purpose.SIGN_MANDATE, SignedLink.revoked_at.is_(None)
    query = select(SignedLink).join(Mandate, Mandate.uid == SignedLink.subject_uid)
    query = query.where(*live, SignedLink.expires_at > clock.now(), Mandate.state == MandateState.SENT)
    for link in db.session.scalars(query).all():
        waited = (clock.today() - clock.paris_day(link.created_at)).days
        due = [day for day in REMINDER_DAYS if day <= waited]
        if due:
            owner = db.session.get_one(Organisation, link.organisation_id)
            jobs.enqueue(REMIND, f"{link.uid}:{due[-1]}", owner)


@jobs.job(REMIND)
def remind_signatory(claim: jobs.Claim) -> None:
    """Nothing leaves once the mandate is signed, refused or withdrawn, or the link is dead."""
    uid, day = claim.ref.split(":")
    link = db.session.scalars(select(SignedLink).where(SignedLink.uid == uid)).one()
    query = select(Mandate).where(Mandate.uid == link.subject_uid).with_for_update(of=Mandate)
    mandate = db.session.scalars(query.execution_options(populate_existing=True)).one()
    db.session.refresh(link)
    is_dead = link.revoked_at is not None or clock.now() >= link.expires_at
    if is_dead or mandate.state != MandateState.SENT or (url := _url_in_mail(mandate, link)) is None:
        return
    mail = queue_mail(
        link.recipient,
        "sepa/mail_remind.txt",
        about=mandate,
        owner=mandate.customer.organisation,
        language=mandate.language,
        mandate=mandate,
        entity=mandate.legal_entity,
        url=url,
        last_day=clock.paris_day(link.expires_at),
    )
    mandate.note(
        What.REMINDED,
        day=int(day),
        to=mask_email(link.recipient),
        message_id=mail.message_id,
        token_sha256=link.token_hash,
    )
    claim.step(done=1, total=1)


def _url_in_mail(mandate: Mandate, link: SignedLink) -> str | None:
    """The address that was sent; its token is kept nowhere but in that sealed mail."""
    sent = select(Mail).where(Mail.subject_uid == mandate.uid, Mail.recipient == link.recipient)
    for mail in db.session.scalars(sent.order_by(Mail.id.desc())):
        for address, token in _ADDRESS.findall(mail.body):
            if token_hash(token) == link.token_hash:
                return str(address)
    return None


# Lapse


@jobs.periodic("sepa.lapse", jobs.daily)
def warn_of_lapse() -> None:
    """Once per mandate and life: used again, it would be warned of anew three years later."""
    for mandate in lapsing_mandates(select(Mandate)):
        owner = db.session.get_one(Organisation, mandate.legal_entity.organisation_id)
        jobs.enqueue(WARN_LAPSE, f"{mandate.uid}:{mandate.lapses_on}", owner)


@jobs.job(WARN_LAPSE)
def mail_lapse(claim: jobs.Claim) -> None:
    """To the finance of the provider and the owners of the reseller."""
    query = select(Mandate).where(Mandate.uid == claim.ref.split(":")[0])
    mandate = db.session.scalars(query).one()
    people = select(User).where(User.role.in_([Role.FINANCE, Role.OWNER]), User.works())
    people = people.where(literal(mandate.org_path).startswith(User.org_path))
    for person in db.session.scalars(people.order_by(User.id)).all():
        queue_mail(
            person,
            "sepa/mail_lapse.txt",
            about=mandate,
            owner=person.organisation,
            language=person.language or "fr",
            mandate=mandate,
            entity=mandate.legal_entity,
            url=public_link(f"/sepa/mandates/{mandate.uid}"),
        )
    claim.step(done=1, total=1)
