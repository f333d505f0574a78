"""The books against the bank: what was billed and what moved, by customer and in all."""

from life.client import Client
from life.evidence import Evidence, euros
from life.judge.findings import Breach, Found

People = dict[str, Client]


def every_customer_adds_up(evidence: Evidence, people: People) -> Found:
    """Billed − credited = received − given back + what her invoices still ask for.

    Billed and credited are on her papers, what moved in the lines of the bank, what is asked for on screens.
    """
    owner_of = {number: serial for serial, own in evidence.papers.items() for number in own}
    for client in evidence.clients:
        billed = sum(each.cents for each in evidence.of(client, "invoice"))
        credited = sum(each.cents for each in evidence.of(client, "credit"))
        moved = sum(each.cents for each in evidence.bookings(client))
        rest = sum(cents for number, cents in evidence.rests.items() if owner_of.get(number) == client.serial)
        back = sum(cents for name, cents in evidence.owed_back if name == client.name)
        waiting = sum(cents for name, cents in evidence.unassigned if name == client.name.upper())
        if billed - credited != moved - waiting + rest - back:
            said = f"{euros(billed)} billed − {euros(credited)} credited"
            happened = (
                f"{euros(moved)} moved, {euros(waiting)} of it on no invoice yet, {euros(rest)} asked for, "
                f"{euros(back)} owed back"
            )
            yield Breach(evidence.last, client.name, "books", said, happened)


def every_line_of_the_account_is_somebodys(evidence: Evidence, people: People) -> Found:
    """The account's balance is what moved with each customer, less the bank's own fees."""
    bank = evidence.world.bank
    moved = sum(each.cents for client in evidence.clients for each in evidence.bookings(client))
    fees = sum(each.cents for each in bank.booked if each.what == "fee")
    if bank.balance() != moved + fees:
        happened = f"{euros(moved)} with customers, {euros(fees)} of fees"
        yield Breach(evidence.last, "all", "books", f"{euros(bank.balance())} on the account", happened)


def what_is_owed_is_a_known_number(evidence: Evidence, people: People) -> Found:
    """No invoice is asked for whose paper came to nobody."""
    known = {number for own in evidence.papers.values() for number in own}
    for number in evidence.rests:
        if number not in known:
            yield Breach(
                evidence.last, "all", "books", "a paper for every invoice", f"{number} came to nobody"
            )


ALL = (every_customer_adds_up, every_line_of_the_account_is_somebodys, what_is_owed_is_a_known_number)
