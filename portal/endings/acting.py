"""What a procedure does: the warning with its letter, the end with its money, the closed keys."""

from datetime import date
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.answers.provider_ends import Cause, causes_of
from portal.billing.documents import mentions, party
from portal.billing.issue import parties_of
from portal.billing.queries import unpaid_invoices
from portal.customers.models import ContactRole
from portal.db import db
from portal.endings.models import EndingState, ProviderEnding, open_ending
from portal.errors import Refused
from portal.i18n import plain_day
from portal.journal import SYSTEM, record
from portal.licensing.models import keys_of
from portal.mail import queue_mail
from portal.papers import promise
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for
from portal.subscriptions.models import GOING_ON, Subscription
from portal.subscriptions.termination import Notice, Termination, end_by_provider, work_out


def cause_of(subscription: Subscription, name: str) -> Cause:
    """What the contract asks for a cause today. Raises Refused for one that it does not know."""
    found = next((each for each in causes_of(subscription.present_terms) if each.name == name), None)
    if found is None:
        raise Refused(_("Le contrat ne permet pas de mettre fin pour cette cause."), field="cause")
    return found


def end_for_debt(subscription: Subscription, facts: str, *, noticed_on: date, by: Actor) -> ProviderEnding:
    """The end of a contract whose formal notice, of another letter, was left unpaid.

    noticed_on: the day that notice counts from. Raises Refused like :func:`give_end`.

    Source: 000-54, 001-45, 003-17, 004-40, 004-41.
    """
    row = _new(subscription, "non_payment", facts, warned_on=noticed_on)
    give_end(row, by=by)
    return row


def _new(
    subscription: Subscription, cause: str, facts: str, *, warned_on: date, **values: Any
) -> ProviderEnding:
    row = ProviderEnding(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        subscription=subscription,
        cause=cause,
        facts=facts,
        state=EndingState.WARNED,
        warned_on=warned_on,
        tracking="",
        **{"is_registered": False, "by_itself": False, **values},
    )
    db.session.add(row)
    db.session.flush()
    return row


def looked_at(
    subscription: Subscription, cause: Cause, since_on: date | None, stops_on: date | None
) -> Termination | None:
    """What an end of today would lead to, for a person who has not decided; None where a warning comes first.

    Raises Refused like the act itself.
    """
    _check_cause(subscription, cause, since_on)
    if cause.waits_days is not None:
        return None
    return work_out(subscription, _notice(cause.name, since_on, stops_on=stops_on))


def _check_cause(subscription: Subscription, cause: Cause, since_on: date | None) -> None:
    if cause.name == "non_payment" and not _is_late(subscription):
        raise Refused(_("Ce client n'a aucune facture en retard."), field="cause")
    if cause.since and since_on is None:
        raise Refused(_("Indiquez ce jour."), field="since_on")
    if since_on is not None and since_on > clock.today():
        raise Refused(_("Ce jour est à venir."), field="since_on")


def _notice(
    cause: str, since_on: date | None, *, noticed_on: date | None = None, stops_on: date | None = None
) -> Notice:
    more = {"by": "provider", "since_on": since_on, "stops_on": stops_on}
    known = {name: value for name, value in more.items() if value is not None}
    return Notice(clock.today(), cause, noticed_on=noticed_on, more=known)


def open_procedure(
    subscription: Subscription,
    cause_name: str,
    facts: str,
    *,
    since_on: date | None = None,
    stops_on: date | None = None,
    by_itself: bool = False,
    by: Actor,
) -> ProviderEnding:
    """Warn the customer where the contract wants that first, else end the contract today.

    Raises Refused for a cause that the contract does not know, a second procedure, and a contract that ends
    already.

    Source: 000-46, 000-51, 000-54, 001-31, 001-36, 001-45, 002-17, 003-06, 003-11, 003-17, 003-19, 004-23,
    004-24, 004-40, 004-41.
    """
    db.session.execute(select(Subscription.id).where(Subscription.id == subscription.id).with_for_update())
    if subscription.state not in GOING_ON:
        raise Refused(_("Ce contrat a déjà une fin."))
    if open_ending(subscription) is not None:
        raise Refused(_("Une procédure est déjà ouverte pour ce contrat."))
    cause = cause_of(subscription, cause_name)
    _check_cause(subscription, cause, since_on)
    row = _new(
        subscription,
        cause.name,
        facts,
        warned_on=clock.today(),
        is_registered=cause.by_letter,
        by_itself=by_itself and cause.waits_days is not None,
        since_on=since_on,
    )
    if cause.waits_days is None:
        give_end(row, by=by, stops_on=stops_on)
        return row
    record(row, "warn", by=by, reason=cause.source.clause)
    if cause.suspends and subscription.suspended_on is None:
        subscription.suspend(cause.source.clause, cause=cause.name, by=by)
    _print(row, _("Force majeure") if cause.since else _("Mise en demeure"))
    _write(row, "warning", cause=cause)
    return row


def notice_of(row: ProviderEnding, stops_on: date | None = None) -> Notice:
    """The notice that ends the contract today after this procedure."""
    cause = row.asked
    warned = cause is not None and cause.waits_days is not None and not cause.since
    noticed_on = row.counts_on if warned else None
    return _notice(row.cause, row.since_on, noticed_on=noticed_on, stops_on=stops_on)


def give_end(row: ProviderEnding, *, by: Actor, stops_on: date | None = None) -> Termination:
    """End the contract on the day that it names, with its money; tell whom the contract names.

    Raises Refused before the first day that a warning leaves, and for an unpaid bill that was paid.

    Source: 003-17, 004-40, 004-24, 004-23, 000-51, 001-36.
    """
    cause = row.asked
    if cause is not None and cause.waits_days is not None and not row.is_ripe:
        raise Refused(_("Le délai que le contrat laisse n'est pas passé."))
    if row.cause == "non_payment" and not _is_late(row.subscription):
        raise Refused(_("Plus rien n'est en retard : le contrat continue."))
    result = end_by_provider(row.subscription, notice_of(row, stops_on), by=by)
    row.give(by=by, ends_on=result.ends_on)
    if row.letter is None and row.subscription.present_terms.find("termination.channel"):
        _print(row, _("Résiliation"))
    _write(row, "end", result=result)
    if result.ends_on <= clock.today():
        close(row, by=by)
    return result


def _is_late(subscription: Subscription) -> bool:
    return any(invoice.due_on < clock.today() for invoice in unpaid_invoices(subscription.customer))


def drop(row: ProviderEnding, why: str, *, by: Actor) -> None:
    """The customer has mended it, or it was a mistake: nothing ends, a suspension of the procedure is lifted.

    Source: 003-17, 004-40.
    """
    row.drop(why, by=by)
    subscription = row.subscription
    if subscription.suspended_on is not None and subscription.suspended_cause == row.cause:
        subscription.reinstate(why, by=by)
    _write(row, "dropped", why=why)


def close(row: ProviderEnding, *, by: Actor) -> None:
    """The day of the end has come: no machine is activated with its keys any more. No data is touched.

    Source: 000-46, 001-31, 002-17, 003-24, 004-24.
    """
    for key in keys_of(row.subscription.customer):
        if key.source_uid == row.subscription.order_uid and key.revoked_at is None:
            key.revoke(by=by)
    row.close(by=by)


def _write(row: ProviderEnding, what: str, **context: Any) -> None:
    customer = row.subscription.customer
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        f"endings/mail_{what}.txt",
        about=row.subscription,
        owner=customer.organisation,
        language=customer.language,
        attach=[row.letter] if row.letter is not None and what != "dropped" else [],
        row=row,
        subscription=row.subscription,
        **context,
    )


def _print(row: ProviderEnding, title: str) -> None:
    """The letter that a person posts where the contract wants a registered one."""
    subscription, customer = row.subscription, row.subscription.customer
    parties = parties_of(customer, subscription.legal_entity)
    with force_locale(customer.language):
        draft = Draft(
            title,
            issuer=party(parties["issuer"]),
            recipient=party(parties["buyer"]),
            meta=[(_("Date"), plain_day(clock.today())), (_("Contrat"), subscription.label)],
            legal=mentions(parties["issuer"]),
            language={"fr": "fr-FR", "en": "en-GB"}[customer.language],
            page_label=_("Page {page} sur {pages}"),
            mark=mark_for(customer.org_path, customer.language),
        )
        draft.text(row.facts)
        draft.text(delay_text(row))
        draft.text(_("Vos données ne sont pas touchées."))
        row.letter = promise(
            draft,
            owner=customer.organisation,
            subject=subscription,
            kind="formal_notice",
            filename=f"contrat-{row.warned_on}.pdf",
        )


def delay_text(row: ProviderEnding) -> str:
    """What a letter leaves, in the reader's language, with its clause."""
    if row.state == EndingState.GIVEN and row.subscription.ends_on is not None:
        return _("Le contrat prend fin le %(day)s.", day=plain_day(row.subscription.ends_on))
    cause = row.asked
    if cause is None or cause.waits_days is None:
        return ""
    values = {"days": cause.waits_days, "clause": cause.source.clause}
    if cause.since:
        return _("Après %(days)d jours, chacun peut mettre fin au contrat (%(clause)s).", **values)
    if cause.by_letter:
        return _(
            "Sans remède %(days)d jours après réception, nous pouvons mettre fin au contrat (%(clause)s).",
            **values,
        )
    return _(
        "Sans remède %(days)d jours après cet envoi, nous pouvons mettre fin au contrat (%(clause)s).",
        **values,
    )


def go_on(row: ProviderEnding) -> None:
    """What a day does to a procedure: it ends by itself where that was set, and closes on the day of the end.

    Source: 003-17, 004-40, 003-24.
    """
    if row.state == EndingState.GIVEN and row.subscription.is_over:
        close(row, by=SYSTEM)
    elif row.cause == "non_payment" and row.state == EndingState.WARNED and not _is_late(row.subscription):
        drop(row, _("tout est payé"), by=SYSTEM)
    elif row.by_itself and row.is_ripe:
        give_end(row, by=SYSTEM)
