"""Who may buy what, and what a customer is told about personal data, as pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.errors import Refused
from portal.terms.law import statute_for
from portal.wording import N_

BREACH_BLOCKS = ("nature", "contact", "consequences", "measures")  # regulation (EU) 2016/679, art. 33 (3)


@dataclass(frozen=True)
class Certificate:
    """A certificate with its days of validity, both included."""

    standard: str  # "HDS", "ISO 27001"
    number: str
    referential: int  # version of the standard's referential
    valid_from: date
    valid_through: date


@dataclass(frozen=True)
class Forwarding:
    """To whom a data subject's request is passed on, and by when."""

    email: str
    due_at: datetime


def check_buyer(*, is_consumer: bool, businesses_only: bool, clause: str, field: str = "product") -> None:
    """Consumers neither accept nor buy what is reserved for businesses.

    businesses_only: what the contract says. clause: its id, shown in the sentence. field: where it is said.
    Raises Refused for a consumer.

    Source: 003-02.
    """
    if businesses_only and is_consumer:
        raise Refused(
            N_("Cette offre n'est pas ouverte aux particuliers (%(clause)s)."), field=field, clause=clause
        )


def check_health_data(*, stores_health_data: bool, allowed: bool, clause: str) -> None:
    """Health data go only into an offer that allows them, which is a certified one (HDS).

    stores_health_data: as ordered. allowed: what the contract of the offer says.
    clause: its id, shown in the sentence.
    Raises Refused for health data in another offer.

    Source: 001-06.
    """
    if stores_health_data and not allowed:
        raise Refused(
            N_("Cette offre interdit les données de santé (%(clause)s)."), field="product", clause=clause
        )


def check_reseller(contract_signed_on: date | None, on: date) -> None:
    """Nobody makes the service available to third parties without a signed reseller contract.

    contract_signed_on: Paris day of the last signature; None when nothing is signed. on: day of the sale.
    Raises Refused without a contract signed by then.

    Source: 001-32, 000-47.
    """
    if contract_signed_on is None or contract_signed_on > on:
        raise Refused(N_("Vendre ce service à des tiers demande un contrat de revendeur signé."))


def forward_subject_request(received_at: datetime, customer_email: str) -> Forwarding:
    """Pass a data subject's request on to the customer, who alone answers it.

    received_at: instant of the request, in UTC; the contracts grant no delay, so it is due at once.
    Raises Refused when the customer has no e-mail.

    Source: 001-39, 003-57.
    """
    if not customer_email.strip():
        raise Refused(N_("Ce client n'a pas d'adresse e-mail à laquelle transmettre la demande."))
    return Forwarding(customer_email.strip(), received_at)


def breach_notice_due_at(known_at: datetime, hours: int) -> datetime:
    """The last instant to tell the customer of a personal data breach.

    known_at: when the provider learnt of it, in UTC. hours: hours of the contract, by the clock,
    nights and holidays included.

    Source: 001-40, 003-58.
    """
    return known_at + timedelta(hours=hours)


def late_channels(
    channels: Iterable[str], told_at: Mapping[str, datetime], known_at: datetime, hours: int
) -> list[str]:
    """The channels of the contract by which the customer was not told of a breach in time.

    channels: all that the contract asks for, e-mail and phone or e-mail alone.
    told_at: first notice by channel, in UTC. known_at, hours: as for the deadline.

    Source: 001-40, 003-58.
    """
    due_at = breach_notice_due_at(known_at, hours)
    return [channel for channel in channels if channel not in told_at or told_at[channel] > due_at]


def missing_blocks(updates: Iterable[Mapping[str, str]]) -> list[str]:
    """What the notices of one breach, taken together, have not said yet; empty when all is said.

    updates: text by block, one mapping per notice sent; a block may come in a later one.

    Source: 001-41, 003-58.
    """
    said = {block for update in updates for block, text in update.items() if text.strip()}
    return [block for block in BREACH_BLOCKS if block not in said]


def check_subprocessor_change(
    told_on: date | None, effective_on: date, sub_processors: Sequence[str]
) -> None:
    """Customers are told of another sub-processor before it takes part, with the whole list.

    told_on: Paris day of the notice; None when nobody was told. effective_on: first day of the change.
    Raises Refused for a notice that is missing, late or without the list.

    Source: 003-56, 001-19, L8. The law overrides the silence that 001-19 allows
    (regulation (EU) 2016/679, art. 28 (2)).
    """
    if told_on is None or told_on >= effective_on:
        raise Refused(N_("Le changement de sous-traitant s'annonce au client avant d'avoir lieu."))
    if not any(name.strip() for name in sub_processors):
        raise Refused(N_("L'annonce du changement donne la liste des sous-traitants."))


def is_certificate_valid(certificate: Certificate, on: date) -> bool:
    """Is the certificate valid that day, its first and last ones included?

    Source: 001-01, 002-22.
    """
    return certificate.valid_from <= on <= certificate.valid_through


def certificate_alert_days(certificate: Certificate, days_before: Iterable[int]) -> list[date]:
    """The days on which the end of a certificate is announced to the operator, in order.

    days_before: calendar days before the last day of validity.

    Source: 001-01, 002-22.
    """
    return sorted(certificate.valid_through - timedelta(days=days) for days in set(days_before))


def check_hds_sale(
    certificates: Iterable[Certificate], on: date, *, written_on_order: bool, clause: str
) -> None:
    """Health data hosting is sold only on a signed order that names it, under a valid certificate.

    certificates: all those of the host. on: Paris day of the sale. clause: its id, shown in the sentence.
    Raises Refused without the mention, without a valid certificate, or, since 16 May 2026, without
    one to the second referential.

    Source: 001-01, 002-22, L10 (arrêté du 26 avril 2024).
    """
    if not written_on_order:
        raise Refused(
            N_("L'hébergement de données de santé doit être écrit sur le bon de commande (%(clause)s)."),
            field="product",
            clause=clause,
        )
    valid = [one for one in certificates if one.standard == "HDS" and is_certificate_valid(one, on)]
    if not valid:
        raise Refused(
            N_("Aucun certificat HDS n'est valable à cette date : la vente est bloquée (%(clause)s)."),
            field="product",
            clause=clause,
        )
    needed = statute_for("certificate.hds.referential", on=on, customer="business")
    if needed is not None and all(one.referential < needed.value for one in valid):
        raise Refused(
            N_("Depuis le 16 mai 2026, un certificat HDS suit la version 2 du référentiel (%(clause)s)."),
            field="product",
            clause=clause,
        )
