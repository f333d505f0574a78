"""Bank files booked once, matched, and followed by what each reason asks for."""

import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.billing.models import Invoice, InvoiceState, add_charge
from portal.billing.run import bill_customers
from portal.catalogue.models import Method
from portal.db import db
from portal.errors import Refused
from portal.i18n import eur
from portal.journal import SYSTEM
from portal.mail import mails_about
from portal.resellers.models import LegalEntity
from portal.sepa.formats.bank_answers import BankFileError
from portal.sepa.models import Batch, Collection, CollectionState, MandateState
from portal.sepa.models.bank import BankFile, BankRecord, RecordState
from portal.sepa.returns.book import import_bank_file
from portal.sepa.returns.decide import dismiss, match_by_hand
from tests.builders import House, a_customer, stored, work
from tests.sepa.bank_files import Back, camt, on_its_day, pain002
from tests.sepa.people import IBAN, a_collection, a_signed_mandate, freeze_batch, the_entity
from tests.test_csv_file import table

Browser = Callable[..., FlaskClient]
SIRENS = ("732829320", "404833048", "552100554", "775670417")


def exported(
    house: House,
    count: int = 1,
    before: Callable[[Collection], object] = lambda row: None,
    due_rule: str | None = None,
) -> tuple[Batch, list[Collection]]:
    """Invoices of customers of their own, whose debits are in a file that the bank has.

    before: what is done to each announced debit first. due_rule: of the contract.
    """
    for number in range(count):
        customer = a_customer(house.reseller, name=f"Client {number}", siren=SIRENS[number])
        a_signed_mandate(house, customer)
        add_charge(
            customer,
            origin=f"r{number}",
            label="Abonnement",
            quantity=1,
            unit_cents=1_000 + number,
            includes_vat=True,
            method=Method.DIRECT_DEBIT,
            due_rule=due_rule,
        )
        bill_customers([customer], the_entity(), date(2026, 11, 23))
    for row in db.session.scalars(db.select(Collection)).all():
        before(row)
    freeze_batch(the_entity(), "CORE", date(2026, 12, 31), SYSTEM)
    work()
    rows = db.session.scalars(db.select(Collection).order_by(Collection.id)).all()
    assert {row.state for row in rows} == {CollectionState.EXPORTED}
    return db.session.scalars(db.select(Batch)).one(), list(rows)


def book(data: bytes) -> dict[str, object]:
    with on_its_day(data):
        result = import_bank_file(the_entity(), data, "retour.xml", by=SYSTEM).as_dict()
        db.session.commit()
        work()
    return result


def invoice_of(collection: Collection) -> Invoice:
    return stored(db.session.scalars(db.select(Invoice).where(Invoice.uid == collection.debt_uid)).one())


def back(collection: Collection, reason: str = "AM04", **values: object) -> bytes:
    return camt([Back(collection.end_to_end_id, collection.amount_cents, reason, **values)])  # type: ignore[arg-type]


def test_a_credit_pays_the_invoice_until_it_comes_back(house: House) -> None:
    _batch, (row,) = exported(house)
    book(camt([Back(row.end_to_end_id, row.amount_cents, credited=True)]))
    row = stored(row)
    assert (row.state, row.settled_on) == (CollectionState.SETTLED, date(2026, 12, 10))
    assert row.final_on == date(2027, 2, 5), "eight weeks, then final"
    assert row.contestable_through == date(2028, 1, 10), "thirteen months where no mandate allowed it"
    assert invoice_of(row).state == InvoiceState.PAID
    result = book(back(row, "MD06", booked_on=date(2027, 1, 20)))
    assert result["reactions"] == {"suspend_mandate": 1}
    row = stored(row)
    assert (row.state, row.return_reason) == (CollectionState.RETURNED, "MD06")
    assert invoice_of(row).state == InvoiceState.ISSUED and invoice_of(row).paid_on is None


def credited(row: Collection) -> bytes:
    return camt([Back(row.end_to_end_id, row.amount_cents, credited=True, booked_on=row.due_on)])


def test_a_split_debit_pays_the_invoice_with_its_last_part(house: House) -> None:
    halves = {"before": lambda row: row.split(400, date(2026, 12, 21), by=SYSTEM)}
    _batch, (first, second) = exported(house, **halves)
    book(credited(first))
    assert invoice_of(first).state == InvoiceState.ISSUED, "half of it is not there yet"
    book(credited(second))
    assert invoice_of(first).state == InvoiceState.PAID
    for part in (second, first):
        assert book(back(part, booked_on=date(2026, 12, 22)))["reactions"] == {"retry": 1}
        assert invoice_of(first).state == InvoiceState.ISSUED
    again = db.session.scalars(db.select(Collection).where(Collection.attempt == 2)).all()
    assert sorted(row.amount_cents for row in again) == [400, 600]
    assert {row.debt_uid for row in again} == {first.debt_uid}


def test_a_lowered_debit_leaves_the_rest_owed(house: House) -> None:
    _batch, (row,) = exported(house, before=lambda row: row.lower(999, by=SYSTEM))
    book(credited(row))
    assert (stored(row).state, invoice_of(row).state) == (CollectionState.SETTLED, InvoiceState.ISSUED)


def test_insufficient_funds_are_presented_twice_more_under_new_ids(house: House) -> None:
    _batch, (row,) = exported(house)
    assert book(back(row))["reactions"] == {"retry": 1}
    first, second = db.session.scalars(db.select(Collection).order_by(Collection.id)).all()
    assert (second.attempt, second.amount_cents, second.state) == (
        2,
        first.amount_cents,
        CollectionState.ANNOUNCED,
    )
    assert second.end_to_end_id != first.end_to_end_id
    assert second.due_on >= date(2026, 12, 17), "five TARGET days after the return"
    told = [mail for mail in mails_about(first) if "revenu" in mail.subject]
    assert len(told) == 1 and told[0].recipient == "contact@client.example"
    assert "solde du compte" in told[0].body and "de nouveau" in told[0].body


def test_a_contested_debit_stops_the_mandate_and_calls_people_not_the_debtor(house: House) -> None:
    _batch, (row,) = exported(house)
    book(back(row, "MD01"))
    row = stored(row)
    assert row.mandate.state == MandateState.REVOKED and row.mandate.problem(date(2027, 1, 4))
    assert not [mail for mail in mails_about(row) if "revenu" in mail.subject]
    (record,) = db.session.scalars(db.select(BankRecord)).all()
    assert record.state == RecordState.TO_REVIEW and "MD01" in record.why


def test_a_closed_account_suspends_the_mandate_and_asks_for_another(house: House) -> None:
    _batch, (row,) = exported(house)
    book(back(row, "AC04"))
    assert stored(row).mandate.problem(date(2027, 1, 4)) is not None
    (mail,) = [mail for mail in mails_about(row) if "revenu" in mail.subject]
    assert "un autre compte" in mail.body
    assert len(db.session.scalars(db.select(Collection)).all()) == 1, "no retry"


def test_an_unknown_reason_is_looked_at(house: House) -> None:
    _batch, (row,) = exported(house)
    assert book(back(row, "ZZ99"))["reactions"] == {"hold_mandate": 1}
    assert db.session.scalars(db.select(BankRecord)).one().state == RecordState.TO_REVIEW


def test_importing_twice_changes_nothing(house: House) -> None:
    _batch, (row,) = exported(house)
    data = back(row)
    first, again = book(data), book(data)
    assert (first["matched"], first["duplicates"]) == (1, 0)
    nothing: dict[str, int] = {}
    counts = {"entries": 1, "matched": 0, "unmatched": 0, "duplicates": 1}
    assert again == {**counts, "transfers": 0, "skipped": nothing, "reactions": nothing}
    other_file = camt([Back(row.end_to_end_id, row.amount_cents, reference="ELSEWHERE")], "camt.053.001.08")
    assert book(other_file)["duplicates"] == 1, "the same return told by a statement"
    assert len(db.session.scalars(db.select(Collection)).all()) == 2
    assert len(db.session.scalars(db.select(BankRecord)).all()) == 1


def test_a_whole_file_rejected_brings_back_every_debit(house: House) -> None:
    batch, rows = exported(house, 3)
    result = book(pain002(batch.msg_id, status="RJCT", reason="FF01"))
    assert (result["entries"], result["matched"], result["reactions"]) == (3, 3, {"people": 3})
    assert {stored(row).state for row in rows} == {CollectionState.RETURNED}
    assert all(row.mandate.state == MandateState.SIGNED for row in rows), "our fault, not theirs"


def test_a_lot_is_credited_by_its_payment_information(house: House) -> None:
    batch, rows = exported(house, 2)
    lot = f"{batch.msg_id}-1"
    result = book(camt([Back("", sum(row.amount_cents for row in rows), credited=True, lot=lot)]))
    assert result["matched"] == 2
    assert {stored(row).state for row in rows} == {CollectionState.SETTLED}


def test_a_status_report_accepts_then_rejects_one(house: House) -> None:
    batch, rows = exported(house, 2)
    book(pain002(batch.msg_id, status="ACCP"))
    assert {stored(row).state for row in rows} == {CollectionState.ACCEPTED}
    book(pain002(batch.msg_id, rows=[Back(rows[0].end_to_end_id, rows[0].amount_cents, "AC01")]))
    assert [stored(row).state for row in rows] == [CollectionState.RETURNED, CollectionState.ACCEPTED]


def test_what_nobody_knows_waits_and_is_matched_by_hand(house: House) -> None:
    _batch, (row,) = exported(house)
    result = book(camt([Back("NOBODY-1", 1_000)]))
    assert (result["matched"], result["unmatched"]) == (0, 1)
    record = db.session.scalars(db.select(BankRecord)).one()
    match_by_hand(record, row, by=house.finance)
    db.session.commit()
    assert (record.state, stored(row).state) == (RecordState.DONE, CollectionState.RETURNED)
    with pytest.raises(Refused, match="n'attend plus"):
        match_by_hand(record, row, by=house.finance)


def test_a_record_is_closed_only_with_a_reason(house: House) -> None:
    exported(house)
    book(camt([Back("NOBODY-1", 1_000)]))
    record = db.session.scalars(db.select(BankRecord)).one()
    with pytest.raises(Refused, match="pourquoi"):
        dismiss(record, " ", by=house.finance)
    dismiss(record, "double de la banque", by=house.finance)
    assert record.state == RecordState.DISMISSED


def test_another_amount_is_booked_and_looked_at(house: House) -> None:
    _batch, (row,) = exported(house)
    book(camt([Back(row.end_to_end_id, row.amount_cents + 15, "MD06")]))
    record = db.session.scalars(db.select(BankRecord)).one()
    assert record.state == RecordState.TO_REVIEW and "montant" in record.why
    assert stored(row).state == CollectionState.RETURNED


def test_a_second_return_of_the_same_debit_is_looked_at(house: House) -> None:
    _batch, (row,) = exported(house)
    book(back(row, "AC04"))
    book(back(row, "MD06", booked_on=date(2026, 12, 20)))
    records = db.session.scalars(db.select(BankRecord).order_by(BankRecord.id)).all()
    assert [each.state for each in records] == [RecordState.DONE, RecordState.TO_REVIEW]
    assert "déjà revenu" in records[1].why


def test_a_file_of_another_account_or_batch_leaves_nothing(house: House) -> None:
    _batch, (row,) = exported(house)
    foreign = camt([Back(row.end_to_end_id, row.amount_cents)], iban="FR1420041010050500013M02606")
    with pytest.raises(Refused, match="autre compte"):
        import_bank_file(the_entity(), foreign, "x.xml", by=SYSTEM)
    db.session.rollback()
    with pytest.raises(BankFileError):
        import_bank_file(the_entity(), back(row)[:-30], "x.xml", by=SYSTEM)
    db.session.rollback()
    assert db.session.scalars(db.select(BankFile)).all() == []
    assert stored(row).state == CollectionState.EXPORTED


def test_finance_imports_on_the_page_and_reads_the_queue(house: House, browser: Browser) -> None:
    _batch, (row,) = exported(house)
    window = browser(house.finance)
    entity: LegalEntity = the_entity()
    upload = (io.BytesIO(back(row, "ZZ99")), "retour.xml")
    done = window.post("/sepa/returns", data={"entity": entity.uid, "file": upload})
    assert done.status_code == 303
    work()
    page = window.get(done.location)
    assert row.end_to_end_id in page.text and "ZZ99" in page.text
    assert row.end_to_end_id in window.get("/sepa/returns").text
    text, known = window.get(f"{done.location}/records.csv").text, row.end_to_end_id
    assert known in text
    assert "retour.xml" in window.get("/sepa/returns?imported_from=2026-01-01").text
    assert "retour.xml" not in window.get("/sepa/returns?imported_to=2026-01-01").text
    assert "retour.xml" in window.get("/lists/bank-files/file.csv").text
    refused = window.post("/sepa/returns", data={"entity": entity.uid, "file": (io.BytesIO(b"x"), "x.xml")})
    assert refused.status_code == 422 and "incomplet" in refused.text
    assert browser(house.owner).get("/sepa/returns").status_code == 404


def test_a_wrong_creditor_id_stops_the_batches_until_somebody_has_looked(house: House) -> None:
    _batch, (row,) = exported(house)
    assert book(back(row, "BE05"))["reactions"] == {"stop_batches": 1}
    a_collection(row.mandate, source_uid="next")
    with pytest.raises(Refused, match="BE05"):
        freeze_batch(the_entity(), "CORE", date(2026, 12, 31), SYSTEM)
    db.session.rollback()
    dismiss(db.session.scalars(db.select(BankRecord)).one(), "ICS corrigé chez la banque", by=SYSTEM)
    db.session.commit()
    assert freeze_batch(the_entity(), "CORE", date(2026, 12, 31), SYSTEM).count == 1


def test_finance_changes_a_reaction(house: House, browser: Browser) -> None:
    _batch, (row,) = exported(house)
    window, entity = browser(house.finance), the_entity()
    address = f"/sepa/returns/reactions/{entity.uid}/AM04"
    form = {"retries": "0", "after": "5", "mandate": "keep", "debtor": "nothing", "people": "y"}
    assert window.post(address, data={**form, "retries": "9"}).status_code == 422
    assert window.post(address, data=form).status_code == 303
    assert book(back(row))["reactions"] == {"people": 1}
    assert len(db.session.scalars(db.select(Collection)).all()) == 1


def test_the_command_books_and_reacts_at_once(house: House, app: Flask, tmp_path: Path) -> None:
    _batch, (row,) = exported(house)
    path = tmp_path / "retour.xml"
    path.write_bytes(back(row, "AC04"))
    with on_its_day(path.read_bytes()):
        answer = app.test_cli_runner().invoke(args=["sepa", "import-returns", str(path), "--json"])
    assert answer.exit_code == 0, answer.output
    shown = json.loads(answer.output)
    assert shown == {
        "entries": 1,
        "matched": 1,
        "unmatched": 0,
        "duplicates": 0,
        "transfers": 0,
        "skipped": {},
        "reactions": {"suspend_mandate": 1},
    }
    assert stored(row).state == CollectionState.RETURNED
    again = json.loads(
        app.test_cli_runner().invoke(args=["sepa", "import-returns", str(path), "--json"]).output
    )
    assert (again["matched"], again["duplicates"]) == (0, 1)
    path.write_bytes(b"<a/>")
    assert app.test_cli_runner().invoke(args=["sepa", "import-returns", str(path)]).exit_code == 1
    assert IBAN not in answer.output


def test_all_that_the_bank_said_is_one_list_with_a_total(house: House, browser: Browser) -> None:
    _batch, (row,) = exported(house)
    import_bank_file(the_entity(), back(row, "ZZ99"), "retour.xml", by=SYSTEM)
    db.session.commit()
    work()
    window = browser(house.finance)
    assert 'href="/sepa/returns/records"' in window.get("/sepa/returns").text
    record = db.session.scalars(db.select(BankRecord)).one()
    address = f'href="/sepa/returns/records/{record.uid}"'
    assert address in window.get("/sepa/returns/records?state=waiting").text
    assert address not in window.get("/sepa/returns/records?state=dismissed").text
    assert address not in window.get("/sepa/returns/records?reason=AM04").text
    page = window.get(f"/sepa/returns/records?booked_from={record.booked_on}").text
    assert address in page and str(eur(record.amount_cents)) in page.partition('id="list-sum"')[2]
    head, line = table(window.get("/lists/bank-records/file.csv").text)
    assert dict(zip(head, line, strict=True))["Fichier"] == "retour.xml"
    assert browser(house.owner).get("/lists/bank-records/file.csv").status_code == 403
