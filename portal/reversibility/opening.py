"""Opening a case: may the data be asked for, from which vault, at what fee."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.access import Role
from portal.actor import Actor
from portal.db import db
from portal.engine.models import Vault, VaultState
from portal.errors import Conflict, Refused
from portal.journal import SYSTEM, record
from portal.reversibility.case_terms import request_window
from portal.reversibility.models import OVER, CaseState, HandoverForm, Reason, ReversibilityCase
from portal.reversibility.price import go_on_to_payment, owe_fee
from portal.subscriptions.models import Subscription


def vaults_for(subscription: Subscription) -> list[Vault]:
    """The vaults whose data can still be handed back."""
    query = select(Vault).where(Vault.subscription_uid == subscription.uid, Vault.state == VaultState.ACTIVE)
    return list(db.session.scalars(query.order_by(Vault.id)))


def open_case(
    subscription: Subscription,
    vault: Vault,
    *,
    reason: Reason,
    received_on: date,
    cost_cents: int,
    form: HandoverForm = HandoverForm.READABLE,
    by: Actor,
) -> ReversibilityCase:
    """Log the request; its deadlines run from the day it was received. Owes the fee once."""
    _check(subscription, vault, received_on, by)
    case = ReversibilityCase(
        organisation=subscription.customer.organisation,
        customer=subscription.customer,
        vault=vault,
        subscription=subscription,
        reason=reason,
        state=CaseState.REQUESTED,
        requested_on=received_on,
        requested_by=by.label,
        cost_cents=cost_cents,
        opening_uid="",
        round=1,
        manifest_sha256="",
        contest_reason="",
        accepted_by="",
        released_by="",
        certificate_number="",
        form=form,
    )
    db.session.add(case)
    record(case, "open", by=by, wanted=str(reason))
    db.session.flush()
    if reason == Reason.DESTROY:
        owe_fee(case)
        case.send_fetch_link("mails/confirm_destruction.txt")
    elif not case.needs_quote:
        go_on_to_payment(case, by=by)
    return case


def _check(subscription: Subscription, vault: Vault, received_on: date, by: Actor) -> None:
    if subscription.ends_on is None:
        raise Refused(_("Ce contrat n'a pas de date de fin : la restitution se demande avec la résiliation."))
    if received_on > clock.today():
        raise Refused(_("Cette date est dans le futur."), field="received_on")
    window = request_window(subscription)
    if window and received_on > window.value and getattr(by, "role", None) != Role.OPERATOR:
        raise Refused(_("Le délai pour demander les données est passé. Adressez-vous au fournisseur."))
    # The lock makes two simultaneous requests wait for each other.
    db.session.refresh(vault, with_for_update=True)
    query = select(ReversibilityCase.id).where(
        ReversibilityCase.vault_id == vault.id, ReversibilityCase.state.not_in(OVER)
    )
    if db.session.scalar(query.limit(1)) is not None:
        raise Conflict(_("Un dossier est déjà ouvert pour ce coffre."))


def open_unclaimed(subscription: Subscription, vault: Vault) -> ReversibilityCase:
    """Nobody has asked for the data in time: only the operator's order is missing for their erasure.

    Source: 001-48, 002-23, 003-24.
    """
    now = clock.now()
    case = ReversibilityCase(
        organisation=subscription.customer.organisation,
        customer=subscription.customer,
        vault=vault,
        subscription=subscription,
        reason=Reason.UNCLAIMED,
        state=CaseState.ACCEPTED,
        requested_on=clock.today(),
        requested_by=SYSTEM.label,
        cost_cents=0,
        opening_uid="",
        round=1,
        manifest_sha256="",
        contest_reason="",
        accepted_at=now,
        accepted_by=SYSTEM.label,
        erase_now=False,
        released_by="",
        certificate_number="",
    )
    db.session.add(case)
    record(case, "open_unclaimed", by=SYSTEM)
    return case
