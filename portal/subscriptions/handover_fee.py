"""The fee for handing the data back, as the pinned contract and the law put it."""

from datetime import date

from flask_babel import gettext as _

from portal.i18n import eur
from portal.subscriptions.models import Subscription
from portal.subscriptions.rules.fees import contract_reversibility_fee_cents, reversibility_fee_cents
from portal.terms.facts import Fact, fact_from
from portal.terms.law import applied


def reversibility_fee(
    subscription: Subscription, on: date, reason: str, cost_cents: int | None = None
) -> Fact | None:
    """Fee for handing the data back, in cents, as contract and law put it; None where there is no price.

    cost_cents: total of the cost sheet of a switch. The fact's value is None while the law allows the cost
    only and no sheet shows it.

    Source: 002-20, 004-33; L5.
    """
    terms = subscription.terms.on(on)
    months, minimum = terms.find("reversibility.fee_months"), terms.find("reversibility.fee_minimum_cents")
    if months is None or minimum is None:
        return None
    kind = subscription.customer.kind.value
    charge = applied(terms, "reversibility.charge", on=on, customer=kind, reason=reason)
    contract = contract_reversibility_fee_cents(subscription.monthly_cents, months.value, minimum.value)
    cents = reversibility_fee_cents(contract, charge.value, cost_cents)
    working = _(
        "%(months)d mois × %(monthly)s = %(total)s, au moins %(minimum)s : %(contract)s HT au contrat.",
        months=months.value,
        monthly=eur(subscription.monthly_cents),
        minimum=eur(minimum.value),
        total=eur(months.value * subscription.monthly_cents),
        contract=eur(contract),
    )
    if charge.law and charge.value == "cost":
        sheet = eur(cost_cents) if cost_cents is not None else _("aucune fiche de coût")
        working += " " + _("Coût établi : %(sheet)s.", sheet=sheet)
    return fact_from(
        cents, months, minimum, working=working, label=_("Frais de réversibilité"), law=charge.law
    )
