"""Which terms bind, since when and accepted how, and where official notices go, as pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.deadlines import add_months, start_of_paris_day
from portal.errors import Refused
from portal.wording import N_

SUBJECT_PROLONGED_MONTHS = 3  # regulation (EU) 2016/679, art. 12 (3): two more, told within the first


@dataclass(frozen=True)
class PublishedVersion:
    """A version of the terms, the day it was put on line and the day from which it applies."""

    version: str
    sha256: str
    published_on: date
    effective_on: date


@dataclass(frozen=True)
class Accepted:
    """The proof that one exact text was accepted, at an instant in UTC."""

    version: str
    sha256: str
    accepted_at: datetime


def version_on(versions: Iterable[PublishedVersion], on: date) -> PublishedVersion:
    """The version that applies to an order: the latest one in force on line that day.

    versions: every version ever published, in any order. on: Paris day of the order.
    Raises Refused when no version was in force, or when two took effect on the same day.

    Source: 000-01, 001-02.
    """
    in_force = [one for one in versions if one.published_on <= on and one.effective_on <= on]
    if not in_force:
        raise Refused(N_("Aucune version des conditions n'était en vigueur à la date de la commande."))
    latest = max(one.effective_on for one in in_force)
    found = [one for one in in_force if one.effective_on == latest]
    if len(found) > 1:
        raise Refused(N_("Deux versions des conditions prennent effet le même jour."))
    return found[0]


def was_accepted(proofs: Iterable[Accepted], version: str, sha256: str, at: datetime) -> bool:
    """Was exactly this text accepted before the order, or together with it?

    at: instant of the order, in UTC.

    Source: 000-02.
    """
    return any((p.version, p.sha256) == (version, sha256) and p.accepted_at <= at for p in proofs)


def membership_accepted_at(
    form_filled_at: datetime | None, terms_consulted_at: datetime | None, paid_at: datetime | None
) -> datetime | None:
    """The instant at which a membership counts as accepted: the last of its three conditions.

    Instants in UTC; None for a condition not met yet, and None is then the answer.

    Source: 001-09.
    """
    if form_filled_at is None or terms_consulted_at is None or paid_at is None:
        return None
    return max(form_filled_at, terms_consulted_at, paid_at)


def last_publication_day(effective_on: date, notice_days: int) -> date:
    """The last day on which terms that apply from a day may be published, included.

    effective_on: first Paris day of the new terms. notice_days: calendar days of the contract.

    Source: 003-04.
    """
    return effective_on - timedelta(days=notice_days)


def check_publication(published_on: date, effective_on: date, notice_days: int) -> None:
    """New terms are published so many days before they apply.

    Paris days; notice_days: calendar days of the contract.
    Raises Refused when they are published too late.

    Source: 003-04.
    """
    if published_on > last_publication_day(effective_on, notice_days):
        raise Refused(
            N_("Ces conditions sont publiées moins de %(days)d jours avant leur entrée en vigueur."),
            field="effective_on",
            days=notice_days,
        )


def check_refusal(notified_at: datetime, effective_on: date, *, in_writing: bool) -> None:
    """A refusal of new terms counts when it is written and comes before the day on which they apply.

    notified_at: instant of the notice, in UTC. effective_on: first Paris day of the new terms.
    Raises Refused for a refusal that was not written, or that came too late.

    Source: 003-05.
    """
    if not in_writing:
        raise Refused(N_("Le refus de nouvelles conditions se notifie par écrit."))
    if notified_at >= start_of_paris_day(effective_on):
        raise Refused(N_("Le refus arrive après l'entrée en vigueur des nouvelles conditions."))


def official_address(account_email: str, agreed_email: str = "") -> str:
    """The e-mail to which official notices go: that of the account, unless agreed otherwise.

    agreed_email: another address named in particular conditions; empty when there is none.
    Raises Refused when the account declares none.

    Source: 003-08, 003-42.
    """
    address = agreed_email.strip() or account_email.strip()
    if not address:
        raise Refused(N_("Ce compte ne déclare aucune adresse e-mail pour les notifications officielles."))
    return address


def notified_at(sent_at: datetime | None, received_at: datetime | None) -> datetime:
    """The instant of a notice: that of the sender's mail server, whatever the receiver's says.

    sent_at: when the provider's server sent it, in UTC; None when it did not.
    received_at: what the other side says; kept as a proof, never decisive.
    Raises Refused for a notice that was not sent.

    Source: 003-42.
    """
    if sent_at is None:
        raise Refused(N_("Cette notification n'est pas partie du serveur d'envoi : elle n'a pas de date."))
    return sent_at


def amended_at(
    *, in_writing: bool, provider_signed_at: datetime | None, customer_signed_at: datetime | None
) -> datetime:
    """The instant from which an amendment binds: the last of the two signatures under a writing.

    Instants in UTC; None for a party that has not signed.
    Raises Refused for an amendment that is not written, or not signed by both.

    Source: 004-02.
    """
    if not in_writing:
        raise Refused(N_("Le contrat ne se modifie que par un écrit."))
    if provider_signed_at is None or customer_signed_at is None:
        raise Refused(N_("Un avenant est signé par les deux parties."))
    return max(provider_signed_at, customer_signed_at)


def subject_answer_due_on(received_on: date, months: int, prolonged_on: date | None = None) -> date:
    """The last day to answer a person about her own data, by whatever channel she asked.

    received_on: Paris day of the request, by letter, e-mail, form or any other way.
    months: what the law gives (L8). prolonged_on: the day she was told, with reasons, that it takes
    longer; None if she was not.
    Not moved by a week-end or a holiday: the answer is never later than the strictest reading.
    Raises Refused for a prolongation told after the first month.

    Source: 000-53, 001-43, 004-29, L8. The law overrides the registered letter of the contracts
    (regulation (EU) 2016/679, art. 12).
    """
    due_on = add_months(received_on, months)
    if prolonged_on is None:
        return due_on
    if prolonged_on > due_on:
        raise Refused(N_("La prolongation se dit à la personne dans le mois de sa demande."))
    return add_months(received_on, SUBJECT_PROLONGED_MONTHS)
