"""A finance officer's quarter: mixed customers, what goes wrong, and every euro of the account explained.

All of it by pages and files, day by day. The bank is the test's: it reads the files that the portal makes and
answers with its own. What was billed and credited is read from the papers, what came and went from the bank;
what is owed at the end, the VAT, the letters and their days are worked out by hand.
"""

import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from flask import current_app
from flask.testing import FlaskClient
from lxml import etree

from portal import jobs
from portal.access import Role
from portal.billing.closings import Closing
from portal.billing.credit_models import CreditNote, Refund, RefundFile
from portal.billing.models import Charge, Invoice
from portal.blobs import content_of
from portal.catalogue.models import Plan, Product
from portal.customers.models import Customer, CustomerKind
from portal.customers.vat_checks import CheckState, VatCheck
from portal.db import EVERYTHING, db, set_scope
from portal.dunning.models import LateLetter
from portal.jobs import Task, TaskState
from portal.resellers.models import LegalEntity
from portal.sepa.models import Batch, Collection
from portal.subscriptions.models import Order, Subscription
from portal.wires.models import IncomingTransfer
from tests.builders import SIRENS, House, a_customer, a_user, work
from tests.sepa.raw_bank_files import assert_valid, camt, details, entry
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.subscriptions.test_orders import text_of
from tests.test_csv_file import table

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
K = CustomerKind
_TOTAL = re.compile(r"Total TTC\s*([0-9\s]+,[0-9]{2})")
LADDER = {
    "reminder_days": "5",
    "second_days": "10",
    "formal_days": "15",
    "grace_days": "8",
    "by_itself": "yes",
}

DEBITED: dict[str, dict[str, Any]] = {
    "Menuiserie du Port": {"siren": SIRENS[0]},
    "Case Creole": {"siren": SIRENS[1], "country": "RE", "postcode": "97400"},
    "Cafe du Fleuve": {"siren": SIRENS[2], "country": "GF", "postcode": "97300"},
    "Rocher SA": {"country": "MC", "postcode": "98000"},
    "Camille Petit": {"kind": K.CONSUMER},  # withdraws after the debit was announced
    "Studio Lune": {"siren": SIRENS[3]},  # never has what it owes
    "Garage Ouest": {"kind": K.CONSUMER},  # takes the money back in week seven
    "Atelier Brun": {"siren": SIRENS[5], "accepted": "numspot"},  # has closed its account, pays one late
}
BY_WIRE: dict[str, tuple[dict[str, Any], str]] = {  # and the account that it pays from
    "Brouwerij Noord": (
        {"country": "BE", "postcode": "1000", "vat_number": "BE0403019261"},
        "BE68539007547034",
    ),
    "Karl Weber": ({"country": "DE", "postcode": "10115", "kind": K.CONSUMER}, "DE89370400440532013000"),
    "Helvetia Daten": ({"country": "CH", "postcode": "1200"}, "CH9300762011623852957"),
    "Ville de Saint-Martin": ({"kind": K.PUBLIC_BODY, "siren": SIRENS[4]}, "FR7630001007941234567890185"),
    "Les Amis du Port": ({"kind": K.NON_PROFESSIONAL}, "FR1420041010050500013M02606"),
}
REJECTS = {"Studio Lune": "AM04", "Atelier Brun": "AC04"}
# Cents of VAT on the first invoice: 50.00 a month by debit (900.00 for storage), 149.70 a year by wire.
VAT = {
    "Menuiserie du Port": 1_000,
    "Case Creole": 425,
    "Cafe du Fleuve": 0,
    "Rocher SA": 1_000,
    "Camille Petit": 1_000,
    "Studio Lune": 1_000,
    "Garage Ouest": 1_000,
    "Atelier Brun": 18_000,
    "Brouwerij Noord": 0,
    "Karl Weber": 2_994,
    "Helvetia Daten": 0,
    "Ville de Saint-Martin": 2_994,
    "Les Amis du Port": 2_994,
}
OWED = {  # at the end, by hand
    "Studio Lune": 3 * 6_000,
    "Garage Ouest": 2 * 6_000,  # January came back, and March could not be debited any more
    "Atelier Brun": 2 * 108_000,
    "Ville de Saint-Martin": 1,  # the cent that nobody runs after
}


def cents_on(paper: bytes) -> int:
    found = _TOTAL.search(text_of(paper))
    assert found, text_of(paper)
    return int(re.sub(r"\D", "", found[1]))


def text_on(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


class Debit(NamedTuple):
    """One debit of a file, as the bank reads it."""

    end_to_end: str
    cents: int
    name: str
    rum: str


class Lot(NamedTuple):
    message: str
    name: str
    day: date
    debits: list[Debit]


class Bank:
    """One account: what it has booked, by the customer's name, and the statements that tell so."""

    def __init__(self) -> None:
        self.booked: Counter[str] = Counter()
        self.lots: list[Lot] = []
        self._statements = 0

    def take(self, file: bytes) -> None:
        """Read a file of debits."""
        root = etree.fromstring(file)
        message = root.findtext(".//{*}GrpHdr/{*}MsgId")
        for lot in root.iter("{*}PmtInf"):
            debits = [
                Debit(
                    each.findtext(".//{*}EndToEndId"),
                    int(each.findtext("{*}InstdAmt").replace(".", "")),
                    each.findtext("{*}Dbtr/{*}Nm"),
                    each.findtext(".//{*}MndtId"),
                )
                for each in lot.iter("{*}DrctDbtTxInf")
            ]
            day = date.fromisoformat(lot.findtext("{*}ReqdColltnDt"))
            self.lots.append(Lot(message, lot.findtext("{*}PmtInfId"), day, debits))

    def morning(self, today: date) -> list[str]:
        """The entries of a day: each lot of the day before as one sum, and what comes back a day later."""
        entries = []
        for lot in self.lots:
            if lot.day == today - timedelta(days=1):
                self.booked.update({each.name: each.cents for each in lot.debits})
                batch = (lot.message, lot.name, len(lot.debits))
                credited = {"side": "CRDT", "code": "IDDT/PMDD", "on": str(lot.day), "batch": batch}
                entries.append(
                    entry(sum(each.cents for each in lot.debits), reference=lot.name[:35], **credited)
                )
            elif lot.day == today - timedelta(days=2):
                late = [each for each in lot.debits if each.name in REJECTS]
                entries += [self.back(each, REJECTS[each.name], today) for each in late]
        return entries

    def back(self, debit: Debit, reason: str, today: date, fee: int = 0) -> str:
        self.booked[debit.name] -= debit.cents
        self.booked["fees"] -= fee
        told = {"instructed": debit.cents, "fee": fee} if fee else {}
        about = details(debit.cents + fee, end_to_end=debit.end_to_end, rum=debit.rum, reason=reason, **told)
        return entry(debit.cents + fee, about, on=str(today), reference=f"R{debit.end_to_end}"[:35])

    def statement(self, day: date, *entries: str) -> bytes:
        self._statements += 1
        data = camt(*entries, message=f"S{self._statements}")
        data = data.replace(b"2026-12-07T06:00:00", f"{day}T06:00:00".encode())
        assert_valid(data)
        return data


class Quarter:
    """The people, the days, and what they do: by pages and files only."""

    def __init__(self, house: House, browser: Browser, at: At) -> None:
        self.house, self.browser, self._at = house, browser, at
        self.second = a_user(house.provider, Role.FINANCE, "Seconde")
        self.second.email = "seconde@fournisseur.example"
        db.session.commit()
        self.entity = db.session.scalars(db.select(LegalEntity.uid)).one()
        self.bank = Bank()
        self.customers: dict[str, Customer] = {}
        self.story: dict[date, Callable[[], None]] = {}

    def live(self, first: date, last: date) -> None:
        """Each morning: the worker's duties, what they ask for, the bank's statement, and the day's own."""
        day = first
        while day <= last:
            self.today = day
            self._at(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
            db.session.commit()
            with current_app.app_context():
                jobs.run_periodic()
            work()
            set_scope(EVERYTHING)
            self.finance, self.other = self.browser(self.house.finance), self.browser(self.second)
            if entries := self.bank.morning(day):
                self.give(self.bank.statement(day, *entries))
            self.story.get(day, lambda: None)()
            failed = db.session.scalars(db.select(Task).where(Task.state == TaskState.FAILED)).all()
            assert failed == [], [(task.kind, task.error) for task in failed]
            day += timedelta(days=1)

    # What people do

    def post(self, client: FlaskClient, path: str, **form: Any) -> Any:
        answer = client.post(path, data=form)
        assert answer.status_code == 303, (path, text_on(answer.text))
        work()
        set_scope(EVERYTHING)
        return answer

    def customer(self, name: str, values: dict[str, Any], accepted: str) -> Customer:
        usual = {"country": "FR", "postcode": "44000", "siren": None, "accepted": accepted}
        self.customers[name] = a_customer(self.house.reseller, name=name, **{**usual, **values})
        return self.customers[name]

    def order(self, customer: Customer, product: Product, quantity: int, method: str, **more: str) -> Order:
        form = {"product": product.uid, "quantity": str(quantity), "method": method, **more}
        placed = self.post(self.browser(self.house.sales), f"/customers/{customer.uid}/orders", **form)
        uid = placed.location.rpartition("/")[2]
        return db.session.scalars(db.select(Order).where(Order.uid == uid)).one()

    def withdraw(self, name: str) -> None:
        query = db.select(Subscription.uid).where(Subscription.customer_id == self.customers[name].id)
        uid = db.session.scalars(query).one()
        self.post(self.browser(self.house.owner), f"/subscriptions/{uid}/withdrawal")

    def run(self, month: str) -> None:
        """Looked at first, then started."""
        form = {"entity": self.entity, "month": month}
        asked = self.post(self.finance, "/billing/previews", **form)
        assert self.finance.get(asked.location).status_code == 200
        self.post(self.finance, "/billing/runs", **form)

    def hand_in(self, through: date) -> None:
        """Freeze, file, release by the other, and to the bank."""
        self.post(
            self.finance, "/sepa/batches", entity=self.entity, scheme="CORE", through=through.isoformat()
        )
        (batch,) = db.session.scalars(db.select(Batch).where(Batch.state == "exported")).all()
        at = f"/sepa/batches/{batch.uid}"
        assert self.finance.post(f"{at}/release").status_code == 422, "not the same person"
        self.post(self.other, f"{at}/release")
        self.bank.take(self.finance.post(f"{at}/file", buffered=True).data)
        self.post(self.finance, f"{at}/sending", on=str(self.today))

    def give(self, data: bytes) -> str:
        """Import a file of the bank; what is then said of it."""
        form = {"entity": self.entity, "file": (io.BytesIO(data), "releve.xml")}
        answer = self.post(self.finance, "/sepa/returns", **form)
        return text_on(self.finance.get(answer.location).text)

    def wire(self, name: str, cents: int, text: str, iban: str) -> str:
        self.bank.booked[name] += cents
        told = details(cents, text=text, payer=name.upper(), payer_iban=iban)
        named = {"side": "CRDT", "code": "RCDT/ESCT", "on": str(self.today), "reference": f"V{name}"[:35]}
        return entry(cents, told, **named)

    # What is read at the end

    def papers(self) -> dict[str, int]:
        """Cents billed less credited of each customer, as the papers say."""
        found: Counter[str] = Counter()
        names = {customer.id: name for name, customer in self.customers.items()}
        for invoice in db.session.scalars(db.select(Invoice)):
            found[names[invoice.customer_id]] += cents_on(content_of(invoice.document))
        for note in db.session.scalars(db.select(CreditNote)):
            found[names[note.invoice.customer_id]] -= cents_on(content_of(note.document))
        return found

    def invoices(self, name: str) -> list[Invoice]:
        query = db.select(Invoice).where(Invoice.customer_id == self.customers[name].id).order_by(Invoice.id)
        return list(db.session.scalars(query.execution_options(populate_existing=True)))

    def letters(self, name: str) -> list[tuple[str, date]]:
        query = db.select(LateLetter).where(LateLetter.customer_id == self.customers[name].id)
        return [(row.kind.value, row.sent_on) for row in db.session.scalars(query.order_by(LateLetter.id))]


def on_4_january(quarter: Quarter, entity: LegalEntity) -> dict[str, Order]:
    """Everybody orders; the month is billed. The orders that are to be paid by wire."""
    storage = a_product(
        quarter.house,
        code="NS-M",
        name="Stockage",
        terms_stack="numspot",
        plan=Plan.MONTHLY,
        billing_months=1,
        has_keys=False,
        unit_cents=30_000,
        price_includes_vat=False,
    )
    monthly, yearly = a_monthly_product(quarter.house), a_product(quarter.house)
    for name, values in DEBITED.items():
        customer = quarter.customer(name, values, "dropcloud")
        sign_now(customer, entity)
        if "accepted" in values:
            quarter.order(customer, storage, 3, "direct_debit", health="no")
        else:
            quarter.order(customer, monthly, 5, "direct_debit")
    orders = {}
    for name, (values, _iban) in BY_WIRE.items():
        customer = quarter.customer(name, values, "natso")
        if customer.vat_number:
            check = VatCheck(
                organisation=customer.organisation, customer_id=customer.id, number=customer.vat_number
            )
            check.state = CheckState.VALID
            db.session.add(check)
        more = {"outside_eu": "y"} if customer.country == "CH" else {}
        orders[name] = quarter.order(customer, yearly, 3, "wire", **more)
    quarter.run("2027-01")
    return orders


@pytest.mark.slow
@pytest.mark.words
@pytest.mark.timeout(300)
def test_a_quarter_of_mixed_customers_is_explained_to_the_cent(
    house: House, browser: Browser, at: At
) -> None:
    quarter = Quarter(house, browser, at)
    entity, orders = db.session.scalars(db.select(LegalEntity)).one(), {}
    did: dict[str, Any] = {}

    def begins() -> None:
        orders.update(on_4_january(quarter, entity))
        ladder = {f"{entity.uid}-{name}": value for name, value in LADDER.items()}
        quarter.post(quarter.finance, f"/late/settings/{entity.uid}", **ladder)
        rate = {"semester": "2027 S1", "rate": "2,15", "source": "BCE, 10/12/2026"}
        quarter.post(quarter.finance, "/billing/rates", **rate)

    def wires() -> None:
        """Five in one file, one of them a cent short; and the file once more."""
        entries = []
        for name, order in orders.items():
            assert order.proforma is not None
            cents = order.proforma.gross_cents - (name == "Ville de Saint-Martin")
            text = f"Règlement {order.proforma.number}"
            entries.append(quarter.wire(name, cents, text, BY_WIRE[name][1]))
        data = quarter.bank.statement(quarter.today, *entries)
        assert "5 virements reçus" in quarter.give(data)
        quarter.give(data)
        assert len(db.session.scalars(db.select(IncomingTransfer)).all()) == 5, "a doubled file is one"

    def owed_back() -> None:
        quarter.withdraw("Karl Weber")
        refund = db.session.scalars(db.select(Refund)).one()
        assert (refund.cents, refund.due_by) == (17_964, date(2027, 1, 26)), "fourteen days (L221-24)"
        account = {"iban": BY_WIRE["Karl Weber"][1], "holder": "Karl Weber"}
        quarter.post(quarter.finance, f"/refunds/{refund.uid}/account", **account)

    def given_back() -> None:
        """The account is a week old; two people, a file, and the bank books it the same day."""
        quarter.post(quarter.finance, "/refunds/files", entity=quarter.entity)
        file = db.session.scalars(db.select(RefundFile)).one()
        at_file = f"/refunds/files/{file.uid}"
        assert quarter.finance.post(f"{at_file}/release").status_code == 422, "not the same person"
        quarter.post(quarter.other, f"{at_file}/release")
        root = etree.fromstring(quarter.other.post(f"{at_file}/file").data)
        said = {etree.QName(each).localname: each.text for each in root.iter() if each.text}
        quarter.post(quarter.other, f"{at_file}/sending", on=str(quarter.today))
        cents = int(said["InstdAmt"].replace(".", ""))
        quarter.bank.booked["Karl Weber"] -= cents
        told = details(cents, end_to_end=said["EndToEndId"], lot=said["PmtInfId"])
        batch = (said["MsgId"], said["PmtInfId"], 1)
        booked = entry(cents, told, code="ICDT/ESCT", on=str(quarter.today), reference="T1", batch=batch)
        quarter.give(quarter.bank.statement(quarter.today, booked))

    def february() -> None:
        quarter.run("2027-02")
        quarter.hand_in(date(2027, 2, 3))  # what Studio Lune owes, once more

    def missed() -> None:
        """Nobody handed in the next presentation in time: the day's list says so, and it is called off."""
        assert "Prélèvement qui ne partira pas : FA-2027-000006" in text_on(quarter.finance.get("/").text)
        late = db.session.scalars(
            db.select(Collection)
            .where(Collection.reference == "FA-2027-000006")
            .order_by(Collection.id.desc())
        ).first()
        assert late is not None
        quarter.post(quarter.finance, f"/sepa/collections/{late.uid}/cancellation")

    def taken_back() -> None:
        """Seven weeks after 18 January, with a fee of the bank."""
        debit = next(each for lot in quarter.bank.lots for each in lot.debits if each.name == "Garage Ouest")
        back = quarter.bank.back(debit, "MD06", quarter.today, fee=500)
        assert "1 écriture : 1 rapprochée." in quarter.give(quarter.bank.statement(quarter.today, back))

    def pays_late() -> None:
        invoice = quarter.invoices("Atelier Brun")[0]
        paid = quarter.wire("Atelier Brun", 108_000, invoice.number, "FR7630001007941234567890185")
        quarter.give(quarter.bank.statement(quarter.today, paid))
        did["fees"] = [
            (charge.label, charge.unit_cents)
            for charge in db.session.scalars(
                db.select(Charge).where(Charge.origin.startswith("late-fee:")).order_by(Charge.id)
            )
        ]

    def close(month: str) -> Callable[[], None]:
        return lambda: quarter.post(quarter.finance, "/billing/closings", entity=quarter.entity, period=month)

    quarter.story = {
        date(2027, 1, 4): begins,
        date(2027, 1, 6): lambda: quarter.withdraw("Camille Petit"),
        date(2027, 1, 7): wires,
        date(2027, 1, 12): owed_back,
        date(2027, 1, 14): lambda: quarter.hand_in(date(2027, 1, 18)),
        date(2027, 1, 20): given_back,
        date(2027, 1, 28): lambda: quarter.hand_in(date(2027, 2, 1)),
        date(2027, 2, 1): february,
        date(2027, 2, 2): close("2027-01"),
        date(2027, 2, 11): lambda: quarter.hand_in(date(2027, 2, 15)),
        date(2027, 2, 20): missed,
        date(2027, 3, 1): lambda: quarter.run("2027-03"),
        date(2027, 3, 2): close("2027-02"),
        date(2027, 3, 8): taken_back,
        date(2027, 3, 10): pays_late,
        date(2027, 3, 11): lambda: quarter.hand_in(date(2027, 3, 15)),
        date(2027, 4, 1): close("2027-03"),
    }
    quarter.live(date(2027, 1, 4), date(2027, 4, 1))

    assert {name: quarter.invoices(name)[0].vat_cents for name in quarter.customers} == VAT
    papers, booked = quarter.papers(), quarter.bank.booked
    assert {name: cents for name in papers if (cents := papers[name] - booked[name])} == OWED
    assert set(booked) - set(papers) == {"fees"} and booked["fees"] == -500
    # 1 080.00 at 12.15 % from 2 February to 10 March: 37 days
    assert [cents for _label, cents in did["fees"]] == [1_330, 4_000]
    # each letter five days after the one before, and none while a debit of ours was announced
    # the invoices whose debit no file could take any more are late from the day of that debit
    assert quarter.letters("Atelier Brun") == letters(date(2027, 2, 6)) + letters(date(2027, 3, 6))
    assert quarter.letters("Garage Ouest") == letters(date(2027, 3, 9)) + letters(date(2027, 3, 20))
    first, second, third = (quarter.letters("Studio Lune")[n : n + 3] for n in (0, 3, 6))
    assert (first, second) == (letters(date(2027, 2, 20)), letters(date(2027, 3, 4)))
    assert third == [("reminder", date(2027, 4, 1))], "the presentation of 31 March was missed as well"
    suspended = {
        row.customer.name: (row.suspended_on, row.suspended_clause)
        for row in db.session.scalars(db.select(Subscription).where(Subscription.suspended_on.is_not(None)))
    }
    assert suspended == {
        "Atelier Brun": (date(2027, 2, 24), "003-15"),  # seven days after the notice of 16 February
        "Studio Lune": (date(2027, 3, 11), "001-45"),  # eight days of the house
        "Garage Ouest": (date(2027, 3, 28), "001-45"),
    }
    page = quarter.finance.get(f"/customers/{quarter.customers['Ville de Saint-Martin'].uid}").text
    assert "1 contrat, 12,47 € HT par mois" in text_on(page)
    closing = db.session.scalars(db.select(Closing).where(Closing.period == "2027-01")).one()
    figures = table(quarter.finance.get(f"/billing/closings/{closing.uid}/figures.csv").text)
    told = {row[0]: row[1:] for row in figures}
    assert told["Factures émises"] == ["13", "1998,50", "324,07", "2322,57"]
    assert told["Avoirs émis"] == ["2", "199,70", "39,94", "239,64"]
    assert told["Paiements reçus"] == ["11", "0,00", "0,00", "1182,56"]  # 838.31 by wire, 344.25 by debit
    assert told["Prélèvements revenus"][3] == "-60,00" and told["Remboursements faits"][3] == "179,64"
    assert told["TVA S à 8,50 %"][1:] == ["50,00", "4,25", "54,25"]
    assert told["TVA O à 0,00 %"][1] == "199,70" and told["TVA AE à 0,00 %"][1] == "149,70"


def letters(first: date) -> list[tuple[str, date]]:
    """The three letters of the ladder that is set here, from the day of the first."""
    return [
        (stage, first + timedelta(days=days))
        for stage, days in zip(("reminder", "second", "formal"), (0, 5, 10), strict=True)
    ]
