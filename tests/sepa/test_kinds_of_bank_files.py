"""What banks write, kind by kind: read from a file, booked, followed by what it asks for; counts and euros.

Each kind is imported by the command, after three debits of 72.00, 360.00 and 360.00 went out in one lot.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.billing.models import Invoice, InvoiceState, add_charge
from portal.billing.run import bill_customers
from portal.blobs import keep
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.journal import SYSTEM
from portal.sepa.batches.export import write_batch
from portal.sepa.formats.values import Address
from portal.sepa.models import Batch, Collection, MandateState
from portal.sepa.models.bank import BankFile, BankRecord, RecordState
from portal.wires.matching import proposals
from portal.wires.models import IncomingTransfer
from tests.builders import SIRENS, House, a_customer
from tests.sepa.bank_files import Back
from tests.sepa.bank_files import camt as an_old_camt
from tests.sepa.people import IBAN, VISITOR, a_mandate, freeze_batch, the_entity
from tests.sepa.raw_bank_files import assert_valid, camt, details, entry, judged, pain

pytestmark = pytest.mark.words  # the databases are told apart by test_returns and test_bank_decisions

PRICES = (7_200, 36_000, 36_000)
LOT_CENTS = sum(PRICES)
OTHER = "FR1420041010050500013M02606"
ARRIVES = datetime(2026, 12, 8, 9, 0, tzinfo=UTC)  # the debits are due on 7 December


@dataclass
class Lot:
    """What went to the bank."""

    batch: Batch
    debits: list[Collection]

    @property
    def msg(self) -> str:
        return self.batch.msg_id

    @property
    def id(self) -> str:
        return f"{self.msg}-1"

    def e2e(self, number: int = 0) -> str:
        return self.debits[number].end_to_end_id

    def rum(self, number: int = 0) -> str:
        return self.debits[number].mandate.rum


def a_lot(house: House, prices: tuple[int, ...] = PRICES) -> Lot:
    for number, cents in enumerate(prices):
        customer = a_customer(house.reseller, name=f"Client {number}", siren=SIRENS[number])
        _signed(house, customer)
        add_charge(
            customer,
            origin=f"k{number}",
            label="Abonnement",
            quantity=1,
            unit_cents=cents,
            includes_vat=True,
            method=Method.DIRECT_DEBIT,
        )
        bill_customers([customer], the_entity(), date(2026, 11, 23))
    batch = freeze_batch(the_entity(), "CORE", date(2026, 12, 31), SYSTEM)
    db.session.commit()
    _export(batch)
    debits = list(db.session.scalars(db.select(Collection).order_by(Collection.id)))
    assert {(row.state.value, row.due_on) for row in debits} == {("exported", date(2026, 12, 7))}
    return Lot(batch, debits)


def _signed(house: House, customer: Customer) -> None:
    """A mandate that counts, without the papers of its signature, which these tests do not read."""
    mandate, _token = a_mandate(house, customer)
    address = Address(street="3 rue du Four", postcode="75006", town="Paris", country="FR")
    mandate.enter_account(iban=IBAN, name=mandate.debtor_name, address=address, visitor=VISITOR)
    mandate.state, mandate.signed_on = MandateState.SIGNED, date(2026, 11, 20)
    db.session.commit()


def _export(batch: Batch) -> None:
    """Its file, as the task makes it; mails and other tasks may wait."""
    file = io.BytesIO()
    write_batch(batch, file)
    document = keep(
        file.getvalue(),
        owner=batch.organisation,
        subject=batch,
        kind="batch",
        filename="remise.xml",
        media_type="application/xml",
    )
    batch.finish(document)
    db.session.commit()
    db.session.expire_all()


@dataclass
class Kind:
    """files: in their order. counts: entries, matched, unmatched, duplicates of the last one. recorded: cents
    of all records; paid: of the invoices that are paid; planned: debits that are presented again; waiting:
    records that wait for somebody."""

    name: str
    files: Callable[[Lot], list[bytes]]
    counts: tuple[int, int, int, int]
    states: str  # first letters of the debits' states
    skipped: dict[str, int] = field(default_factory=dict)
    recorded: int = 0
    paid: int = 0
    planned: int = 0
    waiting: int = 0
    fees: int = 0
    says: str = ""  # in the line that waits
    on: date | None = None  # Paris day on which the first debit is settled
    proposed: int = 0  # transfers that wait, with the invoice that they quote


def back(lot: Lot, number: int = 0, reason: str = "AM04", **values: Any) -> str:
    """An ordinary return of one debit."""
    cents = PRICES[number]
    return entry(
        cents, details(cents, end_to_end=lot.e2e(number), reason=reason), reference=f"R{number}", **values
    )


def credit(lot: Lot, number: int = 0, cents: int = 0, **values: Any) -> str:
    cents = cents or PRICES[number]
    tx = details(cents, end_to_end=lot.e2e(number))
    known = {"code": "IDDT/PMDD", "reference": f"C{number}"}
    return entry(cents, tx, side="CRDT", **{**known, **values})


def lot_credit(lot: Lot, cents: int = LOT_CENTS, **values: Any) -> str:
    batch = (lot.msg, lot.id, 3)
    return entry(cents, side="CRDT", code="IDDT/PMDD", batch=batch, reference="LOT", **values)


def rum_only(lot: Lot, number: int, on: str = "2026-12-07", **values: str) -> str:
    cents = PRICES[number]
    tx = details(cents, rum=lot.rum(number), reason="MS03", **values)
    return entry(cents, tx, reference="NONREF", on=on)


def unknown(on: str = "2026-12-07", cents: int = 36_000, rum: str = "OLD-0009") -> str:
    return entry(cents, details(cents, rum=rum, reason="MS03"), reference="nonref", on=on)


def bare(lot: Lot, code: str, **values: Any) -> str:
    return entry(
        7_200, details(7_200, end_to_end=lot.e2e(), rum=lot.rum()), code=code, reference="R", **values
    )


def old_camt(lot: Lot) -> bytes:
    row = Back(lot.e2e(), 7_200, booked_on=date(2026, 12, 7))
    return an_old_camt([row], "camt.053.001.02")


KINDS = [
    Kind(
        "M-K03 a debit with the bank's own code alone",
        lambda lot: [camt(bare(lot, "NDDT+109"))],
        (1, 1, 0, 0),
        "eee",
        recorded=7_200,
        waiting=1,
        says="sans dire",
    ),
    Kind(
        "M-K04 a return as IDDT/RCDD",
        lambda lot: [camt(bare(lot, "IDDT/RCDD"))],
        (1, 1, 0, 0),
        "ree",
        recorded=7_200,
        waiting=1,
    ),
    Kind(
        "M-K05 a return as IDDT/OTHR",
        lambda lot: [camt(bare(lot, "IDDT/OTHR"))],
        (1, 1, 0, 0),
        "ree",
        recorded=7_200,
        waiting=1,
    ),
    Kind(
        "M-K05b the bank's fee for a return is no return",
        lambda lot: [camt(bare(lot, "IDDT/CHRG").replace("72.00", "3.00"))],
        (1, 1, 0, 0),
        "eee",
        recorded=300,
        waiting=1,
    ),
    Kind(
        "M-K05c a debit that bears only our RUM",
        lambda lot: [camt(entry(300, details(300, rum=lot.rum()), code="MCRD/CHRG"))],
        (1, 0, 1, 0),
        "eee",
        recorded=300,
        waiting=1,
    ),
    Kind(
        "M-K05d a debit that bears only our lot",
        lambda lot: [camt(entry(300, code="MCRD/CHRG", batch=(lot.msg, lot.id, 1)))],
        (1, 0, 1, 0),
        "eee",
        recorded=300,
        waiting=1,
    ),
    Kind(
        "M-K06 a file refused as a double (AM05), then its lot credited",
        lambda lot: [pain(lot.msg, "RJCT", reason="AM05"), camt(lot_credit(lot))],
        (3, 3, 0, 0),
        "sss",
        recorded=LOT_CENTS,
        paid=LOT_CENTS,
        waiting=1,
        says="double",
    ),
    Kind(
        "M-K07 several returns with a RUM and nothing else",
        lambda lot: [camt(rum_only(lot, 1), rum_only(lot, 2), unknown("2026-12-08"))],
        (3, 2, 1, 0),
        "err",
        recorded=3 * 36_000,
        planned=2,
        waiting=1,
    ),
    Kind(
        "M-K07b several unknown ones at one price, and the same file with one more",
        lambda lot: [
            camt(unknown(), unknown(), unknown(rum="OLD-0010")),
            camt(unknown(), unknown(), unknown(rum="OLD-0010"), unknown(), message="M2"),
        ],
        (4, 0, 1, 3),
        "eee",
        recorded=4 * 36_000,
        waiting=4,
    ),
    Kind(
        "M-K52 the same in two files of two days",
        lambda lot: [camt(unknown(rum="")), camt(unknown("2026-12-08", rum=""), message="M2")],
        (1, 0, 1, 0),
        "eee",
        recorded=2 * 36_000,
        waiting=2,
    ),
    Kind(
        "M-K08 a return with NOTPROVIDED and our RUM",
        lambda lot: [camt(rum_only(lot, 0, end_to_end="NotProvided"), version="camt.054.001.08")],
        (1, 1, 0, 0),
        "ree",
        recorded=7_200,
        planned=1,
    ),
    Kind(
        "M-K08b the same told again by the statement",
        lambda lot: [
            camt(rum_only(lot, 0, end_to_end="NOTPROVIDED"), version="camt.054.001.08"),
            camt(rum_only(lot, 0, end_to_end="NOTPROVIDED"), message="M2"),
        ],
        (1, 0, 0, 1),
        "ree",
        recorded=7_200,
        planned=1,
    ),
    Kind(
        "M-K09b two accounts in one file",
        lambda lot: [camt((IBAN, [back(lot)]), (OTHER, [unknown(), unknown()]))],
        (1, 1, 0, 0),
        "ree",
        skipped={"other_account": 2},
        recorded=7_200,
        planned=1,
    ),
    Kind(
        "M-K11 our IBAN in groups of four and small letters",
        lambda lot: [camt(back(lot)).replace(IBAN.encode(), b"fr76 3000 6000 0112 3456 7890 189")],
        (1, 1, 0, 0),
        "ree",
        recorded=7_200,
        planned=1,
    ),
    Kind(
        "M-K12 a return with the bank's fee in its amount",
        lambda lot: [
            camt(
                entry(
                    7_500,
                    details(7_500, end_to_end=lot.e2e(), reason="AM04", instructed=7_200, fee=300),
                    reference="R12",
                )
            )
        ],
        (1, 1, 0, 0),
        "ree",
        recorded=7_500,
        planned=1,
        fees=300,
    ),
    Kind(
        "M-K12b a fee that does not explain the amount",
        lambda lot: [
            camt(entry(7_800, details(7_800, end_to_end=lot.e2e(), reason="MD06", instructed=7_200, fee=300)))
        ],
        (1, 1, 0, 0),
        "ree",
        recorded=7_800,
        waiting=1,
        fees=300,
        says="montant",
    ),
    *(
        Kind(
            f"M-K13 {side} {status}",
            lambda lot, side=side, status=status: [
                camt((back if side == "DBIT" else credit)(lot, status=status))
            ],
            (0, 0, 0, 0),
            "eee",
            skipped={"not_booked": 1},
        )
        for side, status in [("DBIT", "PDNG"), ("CRDT", "PDNG"), ("DBIT", "INFO"), ("CRDT", "FUTR")]
    ),
    *(
        Kind(
            f"M-K13b {status} as the versions 02 write it",
            lambda lot, status=status: [old_camt(lot).replace(b"<Sts>BOOK", f"<Sts>{status}".encode())],
            (1, 1, 0, 0) if status == "BOOK" else (0, 0, 0, 0),
            "ree" if status == "BOOK" else "eee",
            skipped={} if status == "BOOK" else {"not_booked": 1},
            recorded=7_200 if status == "BOOK" else 0,
            planned=1 if status == "BOOK" else 0,
        )
        for status in ("BOOK", "PDNG")
    ),
    Kind(
        "M-K14 the lot only in Btch, beside details that name nothing",
        lambda lot: [
            camt(
                entry(
                    LOT_CENTS, details(LOT_CENTS), side="CRDT", code="IDDT/PMDD", batch=(lot.msg, lot.id, 3)
                )
            )
        ],
        (3, 3, 0, 0),
        "sss",
        recorded=LOT_CENTS,
        paid=LOT_CENTS,
    ),
    Kind(
        "M-K15 an entry in francs beside a return",
        lambda lot: [
            camt(
                back(lot),
                entry(
                    1_200, details(1_200, end_to_end="OTHER", reason="AM04", currency="CHF"), currency="CHF"
                ),
                entry(900, side="CRDT", code="RCDT/ESCT", currency="CHF"),
            )
        ],
        (2, 1, 1, 0),
        "ree",
        skipped={"other_currency": 1},
        recorded=7_200,
        planned=1,
        waiting=1,
        says="CHF 12.00",
    ),
    Kind(
        "M-K15b a return of ours in francs",
        lambda lot: [
            camt(
                entry(
                    7_200, details(7_200, end_to_end=lot.e2e(), reason="AM04", currency="CHF"), currency="CHF"
                )
            )
        ],
        (1, 1, 0, 0),
        "eee",
        waiting=1,
        says="CHF 72.00",
    ),
    Kind(
        "M-K16 ids in small letters",
        lambda lot: [camt(back(lot).replace(lot.e2e(), lot.e2e().lower()))],
        (1, 1, 0, 0),
        "ree",
        recorded=7_200,
        planned=1,
    ),
    Kind(
        "M-K20 a positive report whose transactions have no status",
        lambda lot: [pain(lot.msg, "ACSP", judged(lot.e2e(0)), judged(lot.e2e(1)), lot=lot.id)],
        (3, 3, 0, 0),
        "aaa",
        recorded=36_000,
    ),
    Kind(
        "M-K20b a lot refused, one transaction of it without a status, the file accepted in part",
        lambda lot: [
            pain(lot.msg, "PART", judged(lot.e2e(0)), lot=lot.id, lot_status="RJCT", lot_reason="MS03")
        ],
        (3, 3, 0, 0),
        "rrr",
        recorded=LOT_CENTS - 7_200,
        planned=3,
    ),
    Kind(
        "M-K20c a transaction that waits in an accepted file",
        lambda lot: [
            pain(lot.msg, "PART", judged(lot.e2e(0), "PDNG"), judged(lot.e2e(1), "ACSP"), lot=lot.id)
        ],
        (1, 1, 0, 0),
        "eae",
        skipped={"not_booked": 1},
    ),
    Kind(
        "M-K20d a report without any status that gives a reason",
        lambda lot: [pain(lot.msg, "", judged(lot.e2e(0), "", "MS03"), lot=lot.id)],
        (1, 1, 0, 0),
        "ree",
        planned=1,
    ),
    Kind(
        "M-K21 a wire that quotes an invoice",
        lambda lot: [
            camt(
                entry(
                    7_200,
                    details(7_200, end_to_end="NOTPROVIDED", text=lot.debits[0].reference),
                    side="CRDT",
                    code="RCDT/ESCT",
                    reference="R21",
                )
            )
        ],
        (0, 0, 0, 0),
        "eee",
        proposed=1,
    ),
    Kind(
        "M-K30 two documents one behind the other",
        lambda lot: [camt(back(lot)) + b"\n" + camt(credit(lot, 1), message="M2")],
        (2, 2, 0, 0),
        "rse",
        recorded=43_200,
        paid=36_000,
        planned=1,
    ),
    Kind(
        "M-K30b two documents in one wrapper",
        lambda lot: [
            b"<Files>"
            + b"".join(each.partition(b"\n")[2] for each in (camt(back(lot)), camt(credit(lot, 1))))
            + b"</Files>"
        ],
        (2, 2, 0, 0),
        "rse",
        recorded=43_200,
        paid=36_000,
        planned=1,
    ),
    Kind(
        "M-K34 booked at 23:30 UTC, which is the next day in Paris",
        lambda lot: [camt(credit(lot, on="2026-12-07T23:30:00Z"))],
        (1, 1, 0, 0),
        "see",
        on=date(2026, 12, 8),
        recorded=7_200,
        paid=7_200,
    ),
    Kind(
        "M-K36 50.00 credited for 72.00",
        lambda lot: [camt(credit(lot, cents=5_000))],
        (1, 1, 0, 0),
        "eee",
        recorded=5_000,
        waiting=1,
        says="50,00",
    ),
    Kind(
        "M-K36b 50.00, then the whole of it",
        lambda lot: [camt(credit(lot, cents=5_000)), camt(credit(lot), message="M2")],
        (1, 1, 0, 0),
        "see",
        recorded=12_200,
        paid=7_200,
        waiting=1,
    ),
    Kind(
        "M-K36c 69.00 credited, the bank's fee of 3.00 told",
        lambda lot: [
            camt(
                entry(
                    6_900,
                    details(6_900, end_to_end=lot.e2e(), instructed=7_200, fee=300),
                    side="CRDT",
                    code="IDDT/PMDD",
                )
            )
        ],
        (1, 1, 0, 0),
        "see",
        recorded=6_900,
        paid=7_200,
        fees=300,
    ),
    Kind(
        "M-K36d 50.00 taken back of 72.00",
        lambda lot: [camt(entry(5_000, details(5_000, end_to_end=lot.e2e(), reason="AM04")))],
        (1, 1, 0, 0),
        "eee",
        recorded=5_000,
        waiting=1,
    ),
    Kind(
        "M-K50 100.00 credited for a lot of 792.00",
        lambda lot: [camt(lot_credit(lot, 10_000))],
        (1, 0, 1, 0),
        "eee",
        recorded=10_000,
        waiting=1,
        says="792,00",
    ),
    Kind(
        "M-K50b the lot credited in full, told by notification and statement",
        lambda lot: [camt(lot_credit(lot), version="camt.054.001.08"), camt(lot_credit(lot), message="M2")],
        (3, 0, 0, 3),
        "sss",
        recorded=LOT_CENTS,
        paid=LOT_CENTS,
    ),
    Kind(
        "M-K50c one refused before, the rest of the lot credited",
        lambda lot: [
            pain(lot.msg, "PART", judged(lot.e2e(), "RJCT", "MS03"), lot=lot.id),
            camt(lot_credit(lot, LOT_CENTS - 7_200)),
        ],
        (2, 2, 0, 0),
        "rss",
        recorded=LOT_CENTS - 7_200,
        paid=LOT_CENTS - 7_200,
        planned=1,
    ),
    Kind(
        "M-K50d one credited alone, then the lot in full by the statement",
        lambda lot: [camt(credit(lot)), camt(lot_credit(lot), message="M2")],
        (3, 2, 0, 1),
        "sss",
        recorded=LOT_CENTS,
        paid=LOT_CENTS,
    ),
    Kind(
        "M-K51 one refused, then credited all the same",
        lambda lot: [
            pain(lot.msg, "PART", judged(lot.e2e(), "RJCT", "MS03"), lot=lot.id),
            camt(credit(lot), message="M2"),
        ],
        (1, 1, 0, 0),
        "ree",
        recorded=7_200,
        waiting=1,
        says="présentation est annulée",
    ),
    *(
        Kind(
            f"M-K54 a « reason » {code} of what went well",
            lambda lot, code=code: [
                camt(entry(7_200, details(7_200, end_to_end=lot.e2e(), own_reason=code), reference="R54"))
            ],
            (1, 1, 0, 0),
            "eee",
            recorded=7_200,
            waiting=1,
        )
        for code in ("0000", "000")
    ),
    Kind(
        "M-K54b a credit with the « reason » 0000",
        lambda lot: [
            camt(
                entry(
                    7_200,
                    details(7_200, end_to_end=lot.e2e(), own_reason="0000"),
                    side="CRDT",
                    code="IDDT/PMDD",
                )
            )
        ],
        (1, 1, 0, 0),
        "see",
        recorded=7_200,
        paid=7_200,
    ),
    *(
        Kind(
            f"M-K55 a file accepted, its double refused ({code})",
            lambda lot, code=code: [pain(lot.msg, "ACCP"), pain(lot.msg, "RJCT", reason=code, message="P2")],
            (1, 0, 1, 0),
            "aaa",
            recorded=LOT_CENTS,
            waiting=1,
            says="double",
        )
        for code in ("DU01", "AM05")
    ),
    Kind(
        "M-K55b a lot refused as a double (DU02)",
        lambda lot: [pain(lot.msg, "PART", lot=lot.id, lot_status="RJCT", lot_reason="DU02")],
        (1, 0, 1, 0),
        "eee",
        waiting=1,
        says="double",
    ),
    Kind(
        "M-K55c each debit refused as a double",
        lambda lot: [
            pain(lot.msg, "RJCT", judged(lot.e2e(0)), judged(lot.e2e(1)), lot=lot.id, reason="DU04")
        ],
        (3, 2, 1, 0),
        "eee",
        waiting=3,
        says="double",
    ),
    *(
        Kind(
            f"M-K57 a credit booked on {on}",
            lambda lot, on=on: [camt(credit(lot, on=on))],
            (1, 1, 0, 0),
            "eee",
            recorded=7_200,
            waiting=1,
        )
        for on in ("2020-01-01", "2026-11-21", "2026-12-04", "2027-03-01")
    ),
    Kind(
        "M-K57b a credit booked on the day before its due day",
        lambda lot: [camt(credit(lot, on="2026-12-06+01:00"))],
        (1, 1, 0, 0),
        "see",
        recorded=7_200,
        paid=7_200,
    ),
    Kind(
        "M-K57c a whole statement of a day to come",
        lambda lot: [camt(back(lot, on="2026-12-24"), lot_credit(lot, on="2026-12-24"))],
        (2, 1, 1, 0),
        "eee",
        recorded=7_200 + LOT_CENTS,
        waiting=2,
        says="future",
    ),
    Kind(
        "camt.052 informs",
        lambda lot: [camt(back(lot), lot_credit(lot), version="camt.052.001.08")],
        (0, 0, 0, 0),
        "eee",
        skipped={"informational": 2},
    ),
    Kind(
        "a credit by the bank's own code alone",
        lambda lot: [camt(credit(lot, code="NDDT+104"))],
        (1, 1, 0, 0),
        "eee",
        recorded=7_200,
        waiting=1,
    ),
    Kind(
        "credits of debits that name nothing at all",
        lambda lot: [
            camt(entry(7_200, side="CRDT", code="IDDT/PMDD"), entry(7_200, side="CRDT", code="IDDT/PMDD"))
        ],
        (2, 0, 2, 0),
        "eee",
        recorded=14_400,
        waiting=2,
    ),
]


def imported(app: Flask, path: Path, data: bytes) -> dict[str, Any]:
    path.write_bytes(data)
    answer = app.test_cli_runner().invoke(args=["sepa", "import-returns", str(path), "--json"])
    assert answer.exit_code == 0, answer.output
    shown: dict[str, Any] = json.loads(answer.output)
    return shown


def said() -> list[BankRecord]:
    db.session.rollback()
    return list(db.session.scalars(db.select(BankRecord).order_by(BankRecord.id)))


@pytest.mark.parametrize("kind", KINDS, ids=[each.name for each in KINDS])
def test_a_kind_of_bank_file(kind: Kind, house: House, app: Flask, tmp_path: Path, at: Any) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    shown: dict[str, Any] = {}
    for number, data in enumerate(kind.files(lot)):
        if not data.startswith(b"<Files>") and data.count(b"<?xml") == 1 and b"fr76 " not in data:
            assert_valid(data)
        shown = imported(app, tmp_path / f"{number}.xml", data)
    records = said()
    counts = tuple(shown[name] for name in ("entries", "matched", "unmatched", "duplicates"))
    assert (counts, shown["skipped"]) == (kind.counts, kind.skipped)
    debits = [db.session.get_one(Collection, row.id) for row in lot.debits]
    assert "".join(row.state.value[0] for row in debits) == kind.states
    assert kind.on in (None, debits[0].settled_on)
    assert sum(row.amount_cents or 0 for row in records) == kind.recorded
    assert sum(row.fee_cents for row in records) == kind.fees
    invoices = db.session.scalars(db.select(Invoice).where(Invoice.state == InvoiceState.PAID))
    assert sum(row.gross_cents for row in invoices) == kind.paid
    again = db.select(Collection).where(Collection.attempt == 2, Collection.state == "announced")
    assert len(db.session.scalars(again).all()) == kind.planned
    waiting = [row for row in records if row.state in (RecordState.UNMATCHED, RecordState.TO_REVIEW)]
    assert len(waiting) == kind.waiting
    assert not waiting or kind.says in " ".join(row.why for row in waiting).replace("\u00a0", " ")
    last = db.session.scalars(db.select(BankFile).order_by(BankFile.id.desc())).first()
    assert last is not None
    assert shown["transfers"] == last.transfers == kind.proposed
    transfers = db.session.scalars(db.select(IncomingTransfer)).all()
    quoted = [proposals(row)[0].target.owed for row in transfers]
    assert [each.number for each in quoted] == [lot.debits[0].reference] * kind.proposed
    assert {name: getattr(last, name) for name in kind.skipped} == kind.skipped
