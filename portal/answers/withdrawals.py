"""What a consumer's withdrawal leads to."""

from portal.answers.case import Event
from portal.answers.rules.consumers import refund_due_on, withdrawal_ends_on, withdrawal_refund_cents
from portal.answers.state import State
from portal.wording import N_, Cents


def withdraw(state: State, event: Event) -> None:
    """A consumer changes his mind: only in time, and everything comes back.

    Source: 000-36, 000-37, 000-38; L1.
    """
    case = state.case
    days = state.law("withdrawal.days", case.started_on)
    if days.law is None:
        raise state.refuse(event, N_("seul un consommateur se rétracte (L1)."))
    last = withdrawal_ends_on(case.started_on, days.value, to_business_day=True)
    if event.on > last:
        raise state.refuse(
            event, N_("trop tard : le dernier jour était le %(day)s (L1)."), day=last.strftime("%d/%m/%Y")
        )
    period, used = state.billed_period(case.started_on), 0
    nothing_paid = case.paid_through is not None and case.paid_through < case.started_on
    paid, total = 0 if nothing_paid else state.billed_cents, (period.ends_on - period.starts_on).days
    if event["activated"] and not event.get("requested") and state.find("keys.per_licence"):
        state.remark(
            N_(
                "L1 : la clé est activée. Le droit n'est perdu que si le consentement exprès, la "
                "reconnaissance de la perte et la confirmation ont été gardés avant l'envoi ; sinon "
                "tout est remboursé."
            )
        )
    elif event["activated"] or event.get("requested"):
        used = (event.on - case.started_on).days
    cents = withdrawal_refund_cents(paid, 0, fees_kept=False, used_days=used, period_days=total)
    working = state.sentence(
        N_(
            "%(paid)s payés, %(used)d jours de service demandés avant la fin du délai sur %(total)d, aucun "
            "frais retenu."
        ),
        paid=Cents(paid),
        used=used,
        total=total,
    )
    state.amount("refund", cents, days.law, days.contract, working=working, includes_vat=case.includes_vat)
    refund = state.law("withdrawal.refund_days", event.on)
    assert refund.law is not None
    state.when("refund_due", refund_due_on(event.on, refund.law.value), refund.law)
    if refund.contract is not None:
        state.when("refund_due_by_contract", refund_due_on(event.on, refund.contract.value), refund.contract)
    state.ends_on, state.ended_by = event.on, "customer"
    state.status(event.on, "withdrawn")
