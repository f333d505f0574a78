"""How long a key works, on how many machines and on which ones, as pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.deadlines import end_of_paris_day, start_of_paris_day
from portal.errors import Refused
from portal.wording import N_

CHECK_IN_DAYS = 30  # that a machine may work without telling of itself
RELEASES_PER_SEAT = 2  # within a year, by the customer herself
OVER_DAYS = 7  # that more machines than seats go on, before the latest ones lose theirs


@dataclass(frozen=True)
class Seats:
    """Copies that a licence allows: those that are activated, and those that are only kept."""

    active: int
    archive: int


@dataclass(frozen=True)
class KeyEnd:
    """Paris days, both included: the last paid one, and the last one of the grace that follows it."""

    through: date
    grace: date


@dataclass(frozen=True)
class Edition:
    """What an edition of the software may be used on; None for no limit."""

    name: str
    max_users: int | None
    max_internal_disks: int | None
    network: bool  # network shares and data of other computers
    external: bool  # external disks


@dataclass(frozen=True)
class Machine:
    """What a copy of the software finds on the computer that it is installed on."""

    users: int
    internal_disks: int
    network: bool
    external: bool
    os: str = ""  # name and version of its operating system, as it calls itself; "": not said


def check_os(named: Sequence[str], os: str, clause: str) -> None:
    """Is an operating system among those that a contract names? Raises Refused with the clause.

    named: such as "Windows 10", or "Mac OS X 10.5+", from that version on. os: as the machine calls itself;
    what it does not say is not judged.

    Source: 000-43.
    """
    told = " ".join(os.split()).casefold().replace("macos", "mac os x")
    families = [each.rpartition(" ")[0] if each.endswith("+") else each for each in named]
    if told and not any(
        told == each.casefold() or told.startswith(f"{each.casefold()} ") for each in families
    ):
        sentence = N_("Le système « %(os)s » n'est pas de ceux que le contrat nomme (%(clause)s).")
        raise Refused(sentence, os=os, clause=clause)


def key_expires_at(last_paid_on: date) -> datetime:
    """The instant at which a key stops: the end of the last paid day in Paris, in UTC.

    last_paid_on: Paris day, whole. Not part of the validity: compare with ``<``.

    Source: 000-56.
    """
    return end_of_paris_day(last_paid_on)


def has_expired(on: date, last_paid_on: date) -> bool:
    """Has a key stopped on that Paris day? Not yet on the last paid one.

    Source: 000-56.
    """
    return start_of_paris_day(on) >= key_expires_at(last_paid_on)


def key_end(
    paid_ends: Sequence[date],
    started_on: date,
    *,
    ends_on: date | None,
    late_on: date | None,
    grace_days: int,
) -> KeyEnd:
    """The last paid day of a key, and the last day on which it still works without being paid.

    paid_ends: first days after each paid period. started_on: first day of the contract. ends_on: first day
    after the contract; None while nobody ends it. late_on: the day on which the money of an unpaid period
    came back or was due. grace_days: whole days after the later of it and the last paid day; none is given
    beyond the end of the contract.

    Source: 000-56.
    """
    through = max([*paid_ends, started_on]) - timedelta(days=1)
    grace = max(through, late_on or through) + timedelta(days=grace_days)
    if ends_on is not None:
        last = ends_on - timedelta(days=1)
        through, grace = min(through, last), min(grace, last)
    return KeyEnd(through, max(through, grace))


def check_in_by(seen_on: date, days: int) -> date:
    """Last Paris day on which a machine that was seen on a day still counts as present.

    days: whole days that a machine may stay away from the network.

    Source: 000-58.
    """
    return seen_on + timedelta(days=days)


def over_until(since: date, days: int = OVER_DAYS) -> date:
    """The Paris day on which the latest machines lose their seats, if nobody gave one back.

    since: Paris day on which there were more machines than seats. days: whole days of grace.

    Source: 000-58, 002-18.
    """
    return since + timedelta(days=days)


def check_release(days: Sequence[date], on: date, seats: int) -> None:
    """A seat goes from one machine to another now and then, not from hand to hand.

    days: Paris days of the releases so far. on: today. seats: of the key.
    Raises Refused above :data:`RELEASES_PER_SEAT` for each seat within 365 days.

    Source: 000-58, 002-18.
    """
    recent, most = [day for day in days if day > on - timedelta(days=365)], RELEASES_PER_SEAT * seats
    if len(recent) >= most:
        sentence = N_("Les %(most)d libérations de poste de l'année sont faites. Demandez à votre revendeur.")
        raise Refused(sentence, most=most)


def seats_for(quantity: int, archive_copies: int) -> Seats:
    """The copies that an order of so many licences allows.

    quantity: licences ordered, at least 1. archive_copies: copies kept as a backup or an archive,
    never activated.
    Raises Refused below one licence.

    Source: 000-58.
    """
    if quantity < 1:
        raise Refused(N_("Une commande compte au moins une licence."))
    return Seats(active=quantity, archive=archive_copies)


def takes_a_seat(used: int, seats: int, *, holds_one: bool) -> bool:
    """Does this machine take one more seat? No when it holds one already.

    used: physical or virtual machines that are active. seats: number that the licence defines.
    Raises Refused above that number.

    Source: 002-18, 000-58.
    """
    if holds_one:
        return False
    if used >= seats:
        raise Refused(N_("Tous les postes de cette clé (%(seats)d) sont déjà activés."), seats=seats)
    return True


def check_edition(edition: Edition, machine: Machine) -> None:
    """A computer outside the limits of its edition needs a larger one.

    edition: the limits of the contract. machine: what is really there and to be backed up.
    Raises Refused for the first limit that is passed.

    Source: 000-05.
    """
    if edition.max_users is not None and machine.users > edition.max_users:
        raise Refused(N_("Cette édition est pour %(most)d utilisateur au plus."), most=edition.max_users)
    if edition.max_internal_disks is not None and machine.internal_disks > edition.max_internal_disks:
        raise Refused(
            N_("Cette édition sauvegarde %(most)d disques internes au plus."), most=edition.max_internal_disks
        )
    if machine.network and not edition.network:
        raise Refused(N_("Cette édition ne sauvegarde ni partage réseau ni autre ordinateur."))
    if machine.external and not edition.external:
        raise Refused(N_("Cette édition ne sauvegarde pas de disque externe."))
