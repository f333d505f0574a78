"""Take a notice back: ask the other side, and undo what the notice had led to."""

from datetime import date, timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal import clock
from portal.access import CUSTOMERS, Role
from portal.accounts.models import User
from portal.actor import Actor
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.models import Charge, InvoiceLine
from portal.changes.reversals import NoticeReversal, ReversalState, Side, reversals_of
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.i18n import plain_day
from portal.journal import record
from portal.links import Purpose, make_link, revoke_links
from portal.mail import link, queue_mail
from portal.subscriptions.kept_terms import keep_term
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.subscriptions.termination import PENALTIES
from portal.subscriptions.termination_letters import TerminationLetter, letter_of, record_letter

LINK_DAYS = 30
_TOLD = (Role.OWNER, Role.SALES)  # of the reseller


def side_of(actor: Any) -> Side:
    return Side.CUSTOMER if actor.role in CUSTOMERS else Side.PROVIDER


def open_reversal(subscription: Subscription) -> NoticeReversal | None:
    """The one that waits for the other side."""
    found = (row for row in reversals_of(subscription) if row.state == ReversalState.ASKED)
    return next(found, None)


def check_reversible(subscription: Subscription, recalled: str = "") -> None:
    """Raises Refused where there is no notice of the customer's that can still be taken back.

    recalled: the version of the terms that she had refused, where its provider has recalled it.

    Source: 000-55, 001-15, 004-37 (the notice binds once it is sent); C. civ. art. 1193 (both agree).
    """
    if subscription.state != SubscriptionState.NOTICE_GIVEN or subscription.ends_on is None:
        raise Refused(_("Aucune résiliation n'est en cours."))
    if subscription.is_over:
        raise Refused(_("Le contrat a pris fin le %(day)s.", day=plain_day(subscription.ends_on)))
    if (subscription.notice_fields or {}).get("by") == "provider":
        raise Refused(_("Cette fin vient du prestataire : elle se suit sur sa propre page."))
    if subscription.notice_reason == "terms_refused" and not recalled:
        raise Refused(_("Le client a refusé de nouvelles conditions : il faudrait d'abord les accepter."))


def ask_reversal(subscription: Subscription, why: str, *, by: User) -> NoticeReversal:
    """One side wants to take the notice back; the other one is asked. Raises Refused like the check."""
    check_reversible(subscription)
    if open_reversal(subscription) is not None:
        raise Refused(_("La reprise de cette résiliation attend déjà l'accord de l'autre partie."))
    return _ask(subscription, why, side_of(by), by=by)


def offer_back(subscription: Subscription, version: str, *, by: Actor) -> NoticeReversal | None:
    """The terms that she had refused are recalled: whether her contract goes on is hers to say, once.

    version: of the terms. None where the contract has ended meanwhile, or she is asked already.

    Source: 003-05, 003-18; C. civ. art. 1193 (both agree).
    """
    if subscription.state != SubscriptionState.NOTICE_GIVEN or subscription.is_over:
        return None
    if open_reversal(subscription) is not None:
        return None
    with force_locale(subscription.customer.language):
        why = _("Les conditions refusées (%(version)s) sont retirées.", version=version)
    return _ask(subscription, why, Side.PROVIDER, by=by, recalled=version)


def _ask(subscription: Subscription, why: str, side: Side, *, by: Actor, **more: str) -> NoticeReversal:
    assert subscription.notified_on is not None and subscription.ends_on is not None
    row = NoticeReversal(
        organisation=subscription.customer.organisation,
        subscription=subscription,
        state=ReversalState.ASKED,
        asked_by_side=side,
        why=why,
        notified_on=subscription.notified_on,
        ends_on=subscription.ends_on,
        notice={
            "reason": subscription.notice_reason or "",
            "fields": subscription.notice_fields or {},
            "letter": _said(letter_of(subscription)),
            **more,
        },
        asked_by=by.label[:200],
    )
    db.session.add(row)
    db.session.flush()
    row.ask_again(by=by)
    if row.other_side == Side.CUSTOMER:
        _send_link(row)
    return row


def _said(letter: TerminationLetter | None) -> dict[str, str]:
    if letter is None:
        return {}
    days = {"posted_on": letter.posted_on, "received_on": letter.received_on}
    return {"tracking": letter.tracking, **{name: day.isoformat() for name, day in days.items()}}


def _send_link(row: NoticeReversal) -> None:
    """To the customer's signatory, with the mail that asks her."""
    subscription = row.subscription
    customer = subscription.customer
    contact = customer.contact(ContactRole.SIGNATORY)
    if not contact.email:
        return  # she answers in her own space
    _row, token = make_link(
        Purpose.SIGN_REVERSAL, row, owner=customer.organisation, recipient=contact.email, days=LINK_DAYS
    )
    queue_mail(
        contact,
        "changes/mail_reversal.txt",
        about=row,
        owner=customer.organisation,
        language=customer.language,
        urgent=True,
        subscription=subscription,
        reversal=row,
        url=link(f"/reversal/{token}"),
        last_day=min(clock.today() + timedelta(LINK_DAYS), row.ends_on - timedelta(1)),
    )


def agree_reversal(row: NoticeReversal, *, by: Actor, address: str) -> None:
    """The other side consents: the contract goes on, with its bills, keys and reminders.

    Raises Refused when the contract has ended meanwhile, or another notice was given.

    Source: 000-55, 001-15, 004-37; C. civ. art. 1193.
    """
    subscription = row.subscription
    check_reversible(subscription, row.notice.get("recalled", ""))
    if (subscription.notified_on, subscription.ends_on) != (row.notified_on, row.ends_on):
        raise Refused(_("Une autre résiliation a été donnée depuis : elle se reprend à part."))
    row.agree(by=by, address=address)
    undo_notice(subscription, row.why, by=by)
    _tell(row)
    _tell_house(row)


def keep_notice(row: NoticeReversal, *, by: Actor) -> None:
    """The other side does not consent: the contract ends on its day."""
    row.refuse(by=by)
    _tell_house(row)


def undo_notice(subscription: Subscription, why: str, *, by: Actor) -> None:
    """As if it had not been given: no end, no penalty, no refund; the letter's scan stays as a document.

    why: as the journal says it. Penalties that stand on an invoice come back by a credit note.

    Source: 004-42, 004-43, 000-56.
    """
    _give_back_penalties(subscription, by=by)
    letter = letter_of(subscription)
    if letter is not None:
        db.session.delete(letter)
    subscription.take_back_notice(why, by=by)
    db.session.flush()
    keep_term(subscription)


def _give_back_penalties(subscription: Subscription, *, by: Actor) -> None:
    names = [f"{what.replace('_', '-')}:{subscription.uid}" for what in PENALTIES]
    for charge in db.session.scalars(select(Charge).where(or_(*(Charge.origin == each for each in names)))):
        if charge.invoice is None:
            db.session.delete(charge)
            continue
        # A later notice may owe the same once more.
        charge.origin = f"{charge.origin}:{clock.now():%Y%m%d%H%M%S}"
        query = select(InvoiceLine).where(
            InvoiceLine.invoice_id == charge.invoice_id, InvoiceLine.label == charge.label
        )
        parts = rest_of(charge.invoice, db.session.scalars(query))
        if parts:
            issue_credit_note(
                charge.invoice,
                parts,
                origin=f"reversal:{charge.uid}",
                reason=CreditReason.ERROR,
                clause=charge.clause,
                by=by,
            )


def close_reversal(row: NoticeReversal) -> None:
    """Its link stops working."""
    revoke_links(Purpose.SIGN_REVERSAL, row)


def _tell(row: NoticeReversal) -> None:
    subscription = row.subscription
    customer = subscription.customer
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        "changes/mail_reversed.txt",
        about=row,
        owner=customer.organisation,
        language=customer.language,
        subscription=subscription,
        reversal=row,
    )


def people_of(reseller_id: int) -> list[User]:
    """Who sells for a reseller."""
    query = select(User).where(User.organisation_id == reseller_id, User.role.in_(_TOLD), User.works())
    return list(db.session.scalars(query.order_by(User.id)))


def _tell_house(row: NoticeReversal) -> None:
    """What the customer has answered, to the house that sold it; what it answered itself it knows."""
    if row.other_side != Side.CUSTOMER:
        return
    subscription = row.subscription
    with scope(EVERYTHING):
        for user in people_of(subscription.customer.reseller_id):
            queue_mail(
                user,
                "changes/mail_answer_staff.txt",
                about=row,
                owner=user.organisation,
                language=user.language or "fr",
                customer=subscription.customer,
                subscription=subscription,
                reversal=row,
            )
        db.session.flush()


def correct_letter(
    subscription: Subscription, *, posted_on: date, received_on: date, why: str, by: Actor
) -> None:
    """The day on the postmark was typed wrongly: the notice counts from the right one, with its own end.

    A fact is put right, so that nobody has to consent; the customer is told of the end that follows.
    Raises Refused without a letter, after the end, and for what the contract or the calendar refuses.

    Source: 000-55, 001-15, 004-37; A16.
    """
    letter = letter_of(subscription)
    if letter is None:
        raise Refused(_("Aucune lettre n'est enregistrée."))
    check_reversible(subscription)
    if (letter.posted_on, letter.received_on) == (posted_on, received_on):
        raise Refused(_("Rien ne change : c'est ce qui est déjà prévu."), field="posted_on")
    reason, tracking, scan = subscription.notice_reason or "none", letter.tracking, letter.scan
    before = letter.posted_on.isoformat()
    undo_notice(subscription, why, by=by)
    again = record_letter(
        subscription,
        posted_on=posted_on,
        first_presented_on=None,
        received_on=received_on,
        reason=reason,
        tracking=tracking,
        by=by,
    )
    again.scan = scan
    record(subscription, "correct_letter", by=by, before=before, after=posted_on.isoformat(), reason=why)
