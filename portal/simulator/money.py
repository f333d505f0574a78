"""Metered consumption and service credits."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from portal.answers.case import Event
from portal.answers.state import State
from portal.deadlines import end_of_month
from portal.incidents.claims import credit_claim_until
from portal.incidents.credits import Cap, Measured, credit_usable_through, service_credit
from portal.money import line_net_cents
from portal.terms.answered import Source
from portal.terms.values import Value
from portal.wording import N_, Cents, Rate

_PROMISED = "sla.{}.percent"


def usage(state: State, event: Event) -> None:
    """Metered consumption: what a mean month costs; an early end refers to it.

    Source: 003-48, 004-43.
    """
    state.metered = event
    source = state.find("billing.usage_due") or state.find("early_end.metered_months")
    if source is None:
        raise state.refuse(event, N_("ce contrat n'a pas de module à la consommation."))
    average: Decimal = event["metered_average"]
    cents = line_net_cents(average * event["unit_price_micros"] / 10_000, 1)
    working = state.sentence(
        N_("%(average)s par mois × %(price)s €."),
        average=average,
        price=Decimal(event["unit_price_micros"]).scaleb(-6).normalize(),
    )
    state.amount("metered_month", cents, source, working=working)


def sla_measure(state: State, event: Event) -> None:
    """A measured availability; credits are worked out once every measure of the month is known.

    Source: 001-23, 003-75.
    """
    if state.find("sla.penalty_factor") is None and state.find("sla.access.percent") is None:
        raise state.refuse(event, N_("ce contrat ne promet pas de niveau de service."))
    _promised(state, event)
    state.measures.append(event)


def _promised(state: State, event: Event) -> tuple[Decimal, Value | None]:
    source = state.find(_PROMISED.format(event["service"]))
    given: Decimal | None = event.get("promised_percent")
    if given is not None:
        return given, source
    if source is None:
        known = sorted(
            key.split(".")[1]
            for key in state.stack.values
            if key.startswith("sla.") and key.endswith(".percent") and key.count(".") == 2
        )
        raise state.refuse(
            event,
            N_(
                "le service « %(service)s » n'a pas de taux promis ; donnez « promised_percent » ou un "
                "de ceux-ci : %(known)s."
            ),
            service=event["service"],
            known=", ".join(known),
        )
    return Decimal(source.value), source


def settle_sla(state: State) -> None:
    """The credit of each month that was measured, capped once.

    Source: 003-29, 003-30, 003-31, 003-33, 003-75, 003-76.
    """
    for _month, group in groupby(state.measures, key=lambda each: (each.on.year, each.on.month)):
        measures = list(group)
        state.move_to(measures[0].on)
        _credit(state, measures)


def _credit(state: State, measures: list[Event]) -> None:
    first = measures[0]
    factor = state.find("sla.penalty_factor")
    services, tables = [], []
    for each in measures:
        promised, table = _promised(state, each)
        services.append(Measured(each["service"], promised, each["measured_percent"]))
        tables += [table] if table else []
        if (each["mean_month_cents"], each["invoice_cents"]) != (
            first["mean_month_cents"],
            first["invoice_cents"],
        ):
            raise state.refuse(each, N_("deux mesures d'un mois ont des montants de référence différents."))
    if factor is None:
        state.remark(
            N_("%(clause)s : le contrat promet un taux mais ne fixe pas de pénalité."),
            clause=tables[0].clause if tables else "",
        )
        return
    caps = state.get("sla.cap_invoice_basis_points"), state.get("sla.cap_mean_month_basis_points")
    credit = service_credit(
        services,
        factor=factor.value,
        mean_month_cents=first["mean_month_cents"],
        invoice_cents=first["invoice_cents"],
        invoice_cap_basis_points=caps[0].value,
        overdue=_is_overdue(state, first.on),
    )
    _credit_amounts(state, first, services, credit.parts, credit.raw_cents, factor, tables)
    bound: dict[Cap | None, tuple[Source, str]] = {
        None: (factor, N_("Aucun plafond n'est atteint.")),
        Cap.INVOICE: (caps[0], N_("Plafond de %(share)s %% de la facture du mois (%(invoice)s).")),
        Cap.MEAN_MONTH: (caps[1], N_("Plafond du chiffre d'affaires mensuel moyen (%(mean)s).")),
        Cap.OVERDUE: (state.get("sla.suspended_when_late"), N_("Perdu : un paiement était en retard.")),
    }
    source, template = bound[credit.cap]
    working = state.sentence(
        template,
        share=Rate(caps[0].value),
        invoice=Cents(first["invoice_cents"]),
        mean=Cents(first["mean_month_cents"]),
    )
    state.amount("sla_credit_payable", credit.payable_cents, source, *caps, working=working)
    _claim_dates(state, first.on)


def _credit_amounts(
    state: State,
    event: Event,
    services: list[Measured],
    parts: tuple[tuple[str, int], ...],
    raw: int,
    factor: Value,
    tables: list[Value],
) -> None:
    for service, (name, cents) in zip(services, parts, strict=True):
        working = state.sentence(
            N_("%(name)s : (%(promised)s %% − %(measured)s %%) × %(factor)d × %(mean)s."),
            name=name,
            promised=service.promised,
            measured=service.measured,
            factor=factor.value,
            mean=Cents(event["mean_month_cents"]),
        )
        state.amount("sla_penalty", cents, factor, *tables, working=working)
    working = state.sentence(N_("Somme des pénalités du mois, avant plafonds."))
    state.amount("sla_credit_raw", raw, factor, working=working)


def _claim_dates(state: State, on: date) -> None:
    claim, valid = state.get("sla.claim_days"), state.get("sla.credit_months")
    state.when("sla_claim_closes", credit_claim_until(end_of_month(on), claim.value), claim)
    granted = end_of_month(on) + timedelta(days=1)
    state.when("sla_credit_expires", credit_usable_through(granted, valid.value), valid)


def _is_overdue(state: State, on: date) -> bool:
    """Was an invoice late on a day of the month of the measure?"""
    first, last = on.replace(day=1), end_of_month(on)
    return any(each["due_on"] < last and each["paid_on"] > max(first, each["due_on"]) for each in state.late)
