"""What each reseller's program reads, against what came by mail, paper, bank and screen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from life.client import Client
from life.evidence import Evidence, days_in
from life.judge.findings import Breach, Found
from life.papers import Paper
from life.provider import NAMES
from life.software import Software
from life.world import BEGINS

People = dict[str, Client]
Rows = list[dict[str, Any]]
_ISSUED = "Date d'émission"
_ASKED_FOR, _SETTLED = {"issued", "overdue"}, {"paid", "credited"}  # states of an invoice
_OF_THE_KEY = {"VALID", "GRACE", "EXPIRED", "SUSPENDED", "REVOKED"}  # other states are of one machine


@dataclass
class Read:
    """All that one program is answered at the end of a life; nothing is asked twice."""

    evidence: Evidence
    program: Software
    _held: dict[str, Rows] = field(default_factory=dict)

    def __post_init__(self) -> None:
        owner = self.program.owner
        self.clients = {each.uid: each for each in self.evidence.clients if each.owner is owner}

    def all(self, kind: str) -> Rows:
        if kind not in self._held:
            self._held[kind] = self.program.rows(kind)
        return self._held[kind]

    def of(self, client: Client, kind: str) -> Rows:
        return [row for row in self.all(kind) if row["customer"]["uid"] == client.uid]

    def papers(self, kind: str) -> dict[str, tuple[Client, Paper]]:
        """Her customers' papers by number."""
        return {
            paper.number: (client, paper)
            for client in self.clients.values()
            for paper in self.evidence.of(client, kind)
        }

    def differs(self, client: Client, what: str, told: Any, known: Any) -> Iterator[Breach]:
        """A breach where what was read is not what is known otherwise."""
        if told != known:
            yield Breach(self.evidence.last, client.name, "API", f"{what} {known}", f"it reads {told}")


def programs_read_what_people_see(evidence: Evidence, people: People) -> Found:
    """Each list of the partners' interface, read whole by the program of each reseller."""
    for program in evidence.world.programs:
        read = Read(evidence, program)
        for ask in _ASKED:
            yield from ask(read)
        for client in read.clients.values():
            for look in _OF_EACH:
                yield from look(read, client)


def keys_read_as_machines_are_told(evidence: Evidence, people: People) -> Found:
    """A key has the state that its machine was told, on the same day. Source: 000-56."""
    for client in evidence.clients:
        for fact in client.told("key read"):
            machine, program = fact.more["machine"], fact.more["program"]
            if machine in _OF_THE_KEY and program not in (machine, "TOO_MANY_MACHINES"):
                yield Breach(fact.on, client.name, "API", f"its machine is told {machine}", program)


# -- whole lists


def _nobody_elses(read: Read) -> Iterator[Breach]:
    """Only her own customers' rows, and each row once, whatever the size of a page."""
    for kind in ("customers", *_KINDS):
        seen = set()
        for row in read.all(kind):
            whose = row if kind == "customers" else row["customer"]
            if whose["uid"] not in read.clients:
                said = f"{kind} of her own customers"
                yield Breach(read.evidence.last, read.program.owner.email, "API", said, whose["name"])
            if row["uid"] in seen:
                yield Breach(read.evidence.last, whose["name"], "API", f"{kind}: once", row["uid"])
            seen.add(row["uid"])


def _invoices(read: Read) -> Iterator[Breach]:
    """Number, customer, day, amount and whether it is paid; nothing more, and nothing less."""
    known = read.papers("invoice")
    yield from _same_numbers(read, "invoices", known)
    for row in read.all("invoices"):
        if row["number"] not in known:
            continue
        client, paper = known[row["number"]]
        yield from _as_on_paper(read, row, client, paper)
        is_open = row["number"] in read.evidence.rests
        if row["state"] not in (_ASKED_FOR if is_open else _SETTLED):
            said = f"{row['number']} {'asked for' if is_open else 'settled'}"
            yield Breach(read.evidence.last, client.name, "API", said, row["state"])
        if is_open:
            is_late = row["due_on"] < str(read.evidence.last)
            yield from read.differs(client, f"{row['number']} late", row["state"] == "overdue", is_late)


def _credit_notes(read: Read) -> Iterator[Breach]:
    known = read.papers("credit")
    yield from _same_numbers(read, "credit-notes", known)
    for row in read.all("credit-notes"):
        if row["number"] in known:
            client, paper = known[row["number"]]
            yield from _as_on_paper(read, row, client, paper)
            if row["invoice_number"] not in paper.text:
                said = f"{row['number']} takes back what its paper names"
                yield Breach(read.evidence.last, client.name, "API", said, row["invoice_number"])


def _same_numbers(read: Read, kind: str, known: dict[str, tuple[Client, Paper]]) -> Iterator[Breach]:
    told = {row["number"]: row["customer"]["name"] for row in read.all(kind)}
    for number in sorted(known.keys() - told.keys()):
        yield Breach(read.evidence.last, known[number][0].name, "API", f"{number} is in {kind}", "it is not")
    for number in sorted(told.keys() - known.keys()):
        yield Breach(read.evidence.last, told[number], "API", "a paper for every number", f"{number}: none")


def _as_on_paper(read: Read, row: dict[str, Any], client: Client, paper: Paper) -> Iterator[Breach]:
    number = row["number"]
    yield from read.differs(client, f"{number} is of", row["customer"]["uid"], client.uid)
    yield from read.differs(client, f"{number} cents", row["gross"]["cents"], paper.cents)
    parts = row["net"]["cents"] + row["vat"]["cents"]
    yield from read.differs(client, f"{number} net and VAT", parts, paper.cents)
    issued = days_in(paper.text.partition(_ISSUED)[2])[:1]
    yield from read.differs(client, f"{number} issued on", row["issued_on"], str(*issued))


def _usage(read: Read) -> Iterator[Breach]:
    """Of each month: who had a contract on a day of it, how much, and which days."""
    for first, after in _months(read.evidence.last):
        told = read.program.one("/usage", month=f"{first:%Y-%m}")["data"]
        lines = {row["customer"]["uid"]: row for row in told}
        for uid in lines.keys() - read.clients.keys():
            said, name = f"{first:%Y-%m}: her own customers", lines[uid]["customer"]["name"]
            yield Breach(read.evidence.last, read.program.owner.email, "API", said, name)
        for client in read.clients.values():
            row = lines.get(client.uid)
            yield from _usage_of(read, client, first, after, row)


def _usage_of(
    read: Read, client: Client, first: date, after: date, row: dict[str, Any] | None
) -> Iterator[Breach]:
    since, ends, month = read.evidence.started(client), read.evidence.ends(client), f"{first:%Y-%m}"
    ran = since is not None and since < after and (ends is None or ends > first)
    ran = ran and not client.told("withdrew")
    yield from read.differs(client, f"{month} is billable:", row is not None, ran)
    if not ran or row is None or since is None:
        return
    (line,) = row["lines"]
    through = min(after, ends or after) - timedelta(1)
    days = str(max(since, first)), str(through)
    yield from read.differs(client, f"{month} runs", (line["from_day"], line["through_day"]), days)
    yield from read.differs(client, f"{month} quantity", line["quantity"], client.quantity)
    yield from read.differs(client, f"{month} reference", row["partner_reference"], client.reference)
    uid = client.subscription.rpartition("/")[2]
    yield from read.differs(client, f"{month} contract", line["subscription"], uid)


def _months(last: date) -> Iterator[tuple[date, date]]:
    """The first days of each month lived and of the one after it."""
    first = BEGINS.replace(day=1)
    while first <= last:
        after = (first + timedelta(days=32)).replace(day=1)
        yield first, after
        first = after


# -- of one customer


def _who_she_is(read: Read, client: Client) -> Iterator[Breach]:
    rows = [row for row in read.all("customers") if row["uid"] == client.uid]
    yield from read.differs(client, "listed", len(rows), 1)
    for row in rows:
        told = (row["name"], row["kind"], row["partner_reference"], row["contacts"]["billing"]["email"])
        known = (client.name, client.kind, client.reference, client.email("compta"))
        yield from read.differs(client, "entered as", told, known)
        place = row["address"]["postcode"], row["address"]["country"]
        yield from read.differs(client, "entered in", place, (client.postcode, client.country))


def _orders(read: Read, client: Client) -> Iterator[Breach]:
    """One for each that was placed; its pro-forma came as a paper over the same amount."""
    rows, facts = read.of(client, "orders"), client.told("ordered")
    placed = [(str(fact.on), fact.more["quantity"]) for fact in facts]
    yield from read.differs(client, "ordered", [(r["ordered_on"], r["quantity"]) for r in rows], placed)
    papers = {paper.number: paper.cents for paper in read.evidence.of(client, "proforma")}
    for row in rows:
        if row["proforma"] in papers:
            yield from read.differs(client, row["proforma"], row["gross"]["cents"], papers[row["proforma"]])


def _subscriptions(read: Read, client: Client) -> Iterator[Breach]:
    uid, rows = client.subscription.rpartition("/")[2], read.of(client, "subscriptions")
    yield from read.differs(client, "subscriptions", [row["uid"] for row in rows], [uid] if uid else [])
    for row in rows:
        told = row["product"], row["quantity"], row["method"]
        known = NAMES[client.offer].name, client.quantity, client.pays_by(read.evidence.last)
        yield from read.differs(client, "she has", told, known)
        days = row["started_on"], row["ends_on"] or "None"
        seen = str(read.evidence.started(client)), str(read.evidence.ends(client))
        yield from read.differs(client, "runs", days, seen)


def _keys(read: Read, client: Client) -> Iterator[Breach]:
    """Those that came by mail, as many seats as she bought, and the machines that she runs."""
    client.look()
    rows, known = read.of(client, "keys"), sorted(key[-5:] for key in client.keys)
    mailed = [row for row in rows if row["masked"][-5:] in known]
    yield from read.differs(client, "keys", sorted(row["masked"][-5:] for row in mailed), known)
    for row in mailed:
        yield from read.differs(client, "seats", row["seats"], client.quantity)
    enrol = [row["seats"] for row in rows if row not in mailed]
    sold_none = bool(client.told("vault")) and not known
    yield from read.differs(client, "enrols machines with", enrol, [_MACHINES] if sold_none else [])
    for row in rows:
        seats, hers = (row["seats_used"], len(row["machines"])), _machines(client)
        yield from read.differs(
            client, "machines", seats, (hers if row in mailed else int(bool(client.enrols_with)),) * 2
        )
        is_over = row["works_through"] < str(read.evidence.last)
        is_told_so = row["state"] in ("EXPIRED", "REVOKED")
        if row["state"] != "REVOKED":
            yield from read.differs(client, f"works to {row['works_through']}, over:", is_told_so, is_over)


def _machines(client: Client) -> int:
    """How many of hers hold a seat: those that were let in, less those whose seat she gave back."""
    let_in = [fact for fact in client.told("licence") if fact.more["state"] in ("VALID", "GRACE")]
    numbers = {fact.more["number"] for fact in (*let_in, *client.told("renewed by file"))}
    return len(numbers) - len(client.told("released"))


def _mandates(read: Read, client: Client) -> Iterator[Breach]:
    """Each that she signed, by its mail; what the bank debited rests on one of them."""
    rows = {row["rum"]: row for row in read.of(client, "mandates")}
    letters = read.evidence.letters(client, "Votre mandat de prélèvement ")
    signed = [each for each in letters if each.subject.endswith(" est signé")]
    days = sorted(row["signed_on"] for row in rows.values() if row["signed_on"])
    yield from read.differs(client, "signed on", days, sorted(str(f.on) for f in client.told("signed")))
    for letter in signed:
        row = rows.get(letter.subject.split(" ")[-3])
        if row is None:
            yield Breach(letter.on, client.name, "API", letter.subject, "no such mandate")
        elif row["iban_masked"] not in letter.text:
            yield Breach(letter.on, client.name, "API", "the account of its mail", row["iban_masked"])
    for debit in read.evidence.debits(client):
        if debit.rum not in rows:
            yield Breach(debit.day, client.name, "API", f"debited on {debit.rum}", f"knows {sorted(rows)}")


def _open(read: Read, client: Client) -> Iterator[Breach]:
    """What is still asked for, invoice by invoice; and her books add up with it as with the screens."""
    rest = 0
    for row in read.of(client, "invoices"):
        if row["number"] in read.evidence.rests:
            cents, known = _cents_open(read, row), read.evidence.rests[row["number"]]
            yield from read.differs(client, f"{row['number']} open", cents, known)
            rest += cents
    billed = sum(row["gross"]["cents"] for row in read.of(client, "invoices"))
    credited = sum(row["gross"]["cents"] for row in read.of(client, "credit-notes"))
    moved = sum(each.cents for each in read.evidence.bookings(client))
    back = sum(cents for name, cents in read.evidence.owed_back if name == client.name)
    waiting = sum(cents for name, cents in read.evidence.unassigned if name == client.name.upper())
    yield from read.differs(client, "moved at the bank", billed - credited - rest + back + waiting, moved)


def _cents_open(read: Read, row: dict[str, Any]) -> int:
    return int(read.program.one(f"/invoices/{row['uid']}")["open"]["cents"])


_MACHINES = 100  # seats of the key for a vault's machines, where the offer sells none; no mail names it
_KINDS = ("orders", "subscriptions", "keys", "invoices", "credit-notes", "mandates")
_ASKED: tuple[Callable[[Read], Iterator[Breach]], ...] = (_nobody_elses, _invoices, _credit_notes, _usage)
_OF_EACH: tuple[Callable[[Read, Client], Iterator[Breach]], ...] = (
    _who_she_is,
    _orders,
    _subscriptions,
    _keys,
    _mandates,
    _open,
)
ALL = (programs_read_what_people_see, keys_read_as_machines_are_told)
