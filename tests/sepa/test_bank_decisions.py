"""What people do about a line of the bank: choose its debits, say whether the money is there."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.billing.models import Invoice, InvoiceState
from portal.customers.models import ContactRole
from portal.db import db
from portal.mail import Mail
from portal.sepa.models import Collection, CollectionState
from portal.sepa.models.bank import BankFile, BankRecord, RecordState
from tests.builders import House, stored, work
from tests.sepa.people import IBAN, freeze_batch, the_entity
from tests.sepa.raw_bank_files import camt, details, entry, judged, pain
from tests.sepa.test_kinds_of_bank_files import (
    ARRIVES,
    LOT_CENTS,
    OTHER,
    Lot,
    a_lot,
    back,
    credit,
    imported,
    lot_credit,
    rum_only,
    said,
    unknown,
)
from tests.test_csv_file import table

Browser = Callable[..., FlaskClient]


def upload(window: FlaskClient, data: bytes, name: str = "retour.xml") -> Any:
    form = {"entity": the_entity().uid, "file": (io.BytesIO(data), name)}
    answer = window.post("/sepa/returns", data=form)
    work()
    return answer


def waiting() -> BankRecord:
    """The one line that waits for somebody."""
    (row,) = [each for each in said() if each.state in (RecordState.UNMATCHED, RecordState.TO_REVIEW)]
    return row


def press(window: FlaskClient, row: BankRecord, what: str, **data: Any) -> Any:
    return window.post(f"/sepa/returns/records/{row.uid}/{what}", data=data)


def page_of(window: FlaskClient, row: BankRecord) -> str:
    return window.get(f"/sepa/returns/records/{row.uid}").text.replace("\u00a0", " ").replace("\u202f", " ")


def invoice_of(debit: Collection) -> Invoice:
    return stored(db.session.scalars(db.select(Invoice).where(Invoice.uid == debit.debt_uid)).one())


def planned() -> list[Collection]:
    db.session.rollback()
    query = db.select(Collection).where(Collection.attempt == 2).order_by(Collection.id)
    return list(db.session.scalars(query))


def refused_and_credited(window: FlaskClient, lot: Lot) -> BankRecord:
    upload(window, pain(lot.msg, "PART", judged(lot.e2e(), "RJCT", "MS03"), lot=lot.id))
    upload(window, camt(credit(lot), message="M2"))
    return waiting()


def test_money_of_a_debit_that_had_come_back_is_there(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    row = refused_and_credited(window, lot)
    assert [each.state for each in planned()] == [CollectionState.CANCELLED], "nobody pays twice"
    assert len(called_off()) == 1
    assert "L'argent est arrivé" in page_of(window, row)
    assert press(window, row, "arrival", on="2027-01-01").status_code == 422
    assert press(window, row, "arrival", on="").status_code == 422
    assert press(window, row, "arrival", on="2026-12-07").status_code == 303
    debit = stored(lot.debits[0])
    assert (debit.state, debit.settled_on) == (CollectionState.SETTLED, date(2026, 12, 7))
    assert (debit.returned_on, debit.return_reason) == (None, None)
    assert invoice_of(debit).state == InvoiceState.PAID
    assert stored(row).state == RecordState.DONE
    assert "Arrivée de l'argent confirmée" in window.get(f"/sepa/collections/{debit.uid}").text.replace(
        "&#39;", "'"
    )
    assert press(window, row, "arrival", on="2026-12-07").status_code == 422
    assert "L'argent est arrivé" not in page_of(window, row)


def called_off() -> list[Mail]:
    db.session.rollback()
    kind = Mail.kind == "sepa/mail_called_off"
    return list(db.session.scalars(db.select(Mail).where(kind).order_by(Mail.id)))


@pytest.mark.parametrize(("language", "word"), [("fr", "rien à payer"), ("en", "nothing is left to pay")])
def test_a_new_presentation_that_a_wire_makes_needless_is_called_off_in_one_mail(
    house: House, browser: Browser, at: Any, language: str, word: str
) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, pain(lot.msg, "PART", judged(lot.e2e(), "RJCT", "AM04"), lot=lot.id))
    (again,) = planned()
    customer = again.mandate.customer
    customer.language = language
    db.session.commit()
    wire = {"on": "2026-12-07", "reference": "VIR 7"}
    paid = window.post(f"/billing/invoices/{invoice_of(again).uid}/payment", data=wire)
    assert paid.status_code == 303, paid.text
    (mail,) = called_off()
    assert stored(again).state == CollectionState.CANCELLED
    assert word in mail.body and again.reference in mail.body
    assert mail.recipient == customer.contact(ContactRole.BILLING).email


def test_money_that_is_not_there_is_asked_for_again(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    row = refused_and_credited(window, lot)
    assert press(window, row, "absence").status_code == 303
    first, second = planned()
    assert (first.state, second.state) == (CollectionState.CANCELLED, CollectionState.ANNOUNCED)
    assert second.debt_uid == lot.debits[0].debt_uid and second.amount_cents == 7_200
    assert stored(lot.debits[0]).state == CollectionState.RETURNED
    assert press(window, row, "absence").status_code == 422
    assert len(planned()) == 2


def test_a_new_presentation_at_the_bank_is_never_forgotten(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, pain(lot.msg, "PART", judged(lot.e2e(), "RJCT", "MS03"), lot=lot.id))
    freeze_batch(the_entity(), "CORE", date(2027, 1, 31), house.finance)
    work()
    upload(window, camt(credit(lot), message="M2"))
    row = waiting()
    assert "déjà dans une remise" in row.why
    refused = press(window, row, "arrival", on="2026-12-07")
    assert refused.status_code == 422 and "deux fois" in refused.text
    assert stored(lot.debits[0]).state == CollectionState.RETURNED


def test_a_credit_of_a_debit_that_was_called_back_holds_it(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house)
    lot.batch.cancel(by=house.finance)
    db.session.commit()
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, camt(credit(lot)))
    row = waiting()
    assert (stored(lot.debits[0]).state, "aucune remise" in row.why) == (CollectionState.HELD, True)
    assert press(window, row, "arrival", on="2026-12-07").status_code == 303
    assert (stored(lot.debits[0]).state, invoice_of(lot.debits[0]).state) == ("settled", "paid")


def test_a_refused_double_may_be_a_true_refusal(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, pain(lot.msg, "RJCT", reason="DU01"))
    row = waiting()
    assert "suit son cours" in page_of(window, row) and "double refusé" in page_of(window, row)
    assert press(window, row, "match", end_to_end_id=lot.e2e()).status_code == 422
    assert press(window, row, "absence").status_code == 303
    work()
    assert {stored(each).state for each in lot.debits} == {CollectionState.RETURNED}
    assert sum(each.amount_cents or 0 for each in said()) == LOT_CENTS
    assert "Remise déclarée refusée" in window.get(f"/sepa/returns/{row.bank_file.uid}").text
    again = press(window, row, "absence")
    assert again.status_code == 422 and planned() == []


def test_one_debit_refused_as_a_double_is_settled_by_who_looks(
    house: House, browser: Browser, at: Any
) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, pain(lot.msg, "PART", judged(lot.e2e(), "RJCT", "DU04"), lot=lot.id))
    assert stored(lot.debits[0]).state == CollectionState.EXPORTED
    row = waiting()
    assert press(window, row, "absence").status_code == 303
    assert (stored(lot.debits[0]).state, stored(row).state) == (CollectionState.RETURNED, RecordState.DONE)


def test_a_debit_that_the_bank_only_quotes_comes_back_when_somebody_says_so(
    house: House, browser: Browser, at: Any
) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, camt(entry(7_200, details(7_200, end_to_end=lot.e2e()), code="NDDT+109")))
    row = waiting()
    assert press(window, row, "absence").status_code == 303
    debit = stored(lot.debits[0])
    assert (debit.state, debit.mandate.state) == (CollectionState.RETURNED, "suspended")
    assert "Argent déclaré absent" in window.get(f"/sepa/collections/{debit.uid}").text


def test_fifty_euros_pay_no_invoice_of_seventy_two_by_a_button_either(
    house: House, browser: Browser, at: Any
) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, camt(credit(lot, cents=5_000)))
    row = waiting()
    assert "L'argent est arrivé" not in page_of(window, row)
    assert press(window, row, "arrival", on="2026-12-07").status_code == 422
    assert press(window, row, "dismissal", note="Rendu par la banque").status_code == 303
    assert (stored(lot.debits[0]).state, invoice_of(lot.debits[0]).state) == ("exported", "issued")


def test_an_early_credit_counts_once_somebody_confirms_its_day(
    house: House, browser: Browser, at: Any
) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, camt(credit(lot, on="2026-12-03")))
    row = waiting()
    assert "avant l'échéance" in row.why
    assert press(window, row, "arrival", on="2026-11-20").status_code == 422, "before it was announced"
    assert press(window, row, "arrival", on="2026-12-03").status_code == 303
    assert stored(lot.debits[0]).settled_on == date(2026, 12, 3)


def test_the_queue_proposes_the_one_debit_that_fits(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, camt(rum_only(lot, 0, end_to_end="BANK-99", on="2026-12-08")))
    row = waiting()
    assert stored(lot.debits[0]).state == CollectionState.EXPORTED, (
        "proposed, not done: the bank names another"
    )
    button = f"Rapprocher de {lot.debits[0].reference}, 72,00 €"
    queue = window.get("/sepa/returns").text.replace("\u00a0", " ").replace("\u202f", " ")
    assert button in queue and button in page_of(window, row)
    assert button not in browser(house.auditor).get("/sepa/returns").text.replace("\u00a0", " ")
    assert press(window, row, "match", end_to_end_id=lot.e2e()).status_code == 303
    assert stored(lot.debits[0]).state == CollectionState.RETURNED
    assert len(planned()) == 1
    again = camt(rum_only(lot, 0, end_to_end="BANK-99", on="2026-12-08"), message="M2")
    upload(window, again)
    assert len(said()) == 1, "the same line again is no new one"


def test_two_debits_that_fit_are_not_guessed(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house, (36_000, 36_000))
    lot.debits[1].mandate_id = lot.debits[0].mandate_id
    db.session.commit()
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, camt(rum_only(lot, 1).replace(lot.rum(1), lot.rum(0))))
    row = waiting()
    assert "choisissez" in row.why and "Proposé" not in page_of(window, row)


def test_a_credit_is_matched_to_several_debits_of_its_lot(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, camt(lot_credit(lot, 43_200)))
    row = waiting()
    page = page_of(window, row)
    assert all(f'value="{debit.end_to_end_id}"' in page for debit in lot.debits)
    wrong = press(window, row, "match", debit=[lot.e2e(1), lot.e2e(2)])
    assert wrong.status_code == 422 and "720,00" in wrong.text and "432,00" in wrong.text
    assert press(window, row, "match", debit=[]).status_code == 422
    assert press(window, row, "match", end_to_end_id=f"{lot.e2e(0).lower()}, FA-NONE").status_code == 422
    assert {stored(debit).state for debit in lot.debits} == {CollectionState.EXPORTED}
    typed = {"end_to_end_id": lot.e2e(0).lower(), "debit": [lot.e2e(2)]}
    assert press(window, row, "match", **typed).status_code == 303
    assert [stored(debit).state.value[0] for debit in lot.debits] == ["s", "e", "s"]
    assert sorted(each.amount_cents or 0 for each in said()) == [7_200, 36_000]
    upload(window, camt(lot_credit(lot, 43_200), message="M2"))
    assert len(said()) == 2, "told again, it is a duplicate"


def test_a_file_page_says_what_was_left_out_and_what_the_bank_kept(
    house: House, browser: Browser, at: Any
) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    fee = details(7_500, end_to_end=lot.e2e(), reason="AM04", instructed=7_200, fee=300)
    mine = [
        entry(7_500, fee),
        credit(lot, 1, status="PDNG"),
        entry(100, side="CRDT", code="MCRD/POSP"),
        entry(100, side="CRDT", code="RCDT/ESCT"),
        entry(100, side="CRDT", code="RCDT/ESCT", currency="CHF"),
    ]
    done = upload(window, camt((IBAN, mine), (OTHER, [unknown(), unknown()])))
    page = window.get(done.location).text.replace("\u00a0", " ").replace("&#39;", "'")
    for words in (
        "<b>1</b> pas encore comptabilisées",
        "<b>2</b> d'un autre compte",
        "<b>1</b> en devise",
        "<b>1</b> autres que des prélèvements",
        "1 virement reçu",
        "Frais gardés par la banque dans ce fichier : 3,00 €",
    ):
        assert words in page.replace("\u202f", " "), words
    assert "information" not in page.partition('id="records"')[2].partition("<table")[0]
    inform = upload(window, camt(back(lot, 1), version="camt.052.001.08", message="M9"))
    page = window.get(inform.location).text.replace("\u00a0", " ")
    assert "Ce fichier est un camt.052" in page and "<b>1</b> pour information" in page
    assert stored(lot.debits[1]).state == CollectionState.EXPORTED


def test_records_of_a_lot_sum_to_what_was_received(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    done = upload(window, camt(lot_credit(lot)))
    head, *lines = table(window.get(f"{done.location}/records.csv").text)
    assert sum(int(line[head.index("amount_cents")]) for line in lines) == LOT_CENTS


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        ([(OTHER, [])], ["FR14…2606"]),
        ([(OTHER, [unknown()]), ("DE89370400440532013000", [])], ["FR14…2606", "DE89…3000"]),
    ],
)
def test_a_file_of_other_accounts_names_them(
    house: House, browser: Browser, statements: Any, named: list[str]
) -> None:
    window = browser(house.finance)
    answer = upload(window, camt(*statements))
    assert answer.status_code == 422
    assert all(each in answer.text for each in named)
    assert db.session.scalars(db.select(BankFile)).all() == []


@pytest.mark.parametrize("code", ["FF01", "DU01"])
def test_a_report_on_the_file_of_nobody_waits_in_the_queue(
    house: House, browser: Browser, at: Any, code: str
) -> None:
    at(ARRIVES)
    window = browser(house.finance)
    upload(window, pain("REM-NOBODY", "RJCT", reason=code))
    row = waiting()
    assert "Aucun prélèvement" in row.why and page_of(window, row)
    assert press(window, row, "absence").status_code == 422


def test_a_hostile_file_beside_a_sound_one_leaves_nothing(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    window = browser(house.finance)
    sound = camt(back(lot))
    hostile = sound.replace(b"?>\n", b'?>\n<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n')
    for data in (
        sound + hostile,
        sound + b"<Document>",
        sound + b"junk",
        hostile,
        sound.replace(b"72.00", b"1e3"),
        sound.decode().encode("utf-16")[:-9],
    ):
        answer = upload(window, data)
        assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert said() == []
    assert stored(lot.debits[0]).state == CollectionState.EXPORTED


def test_a_colleague_who_only_reads_decides_nothing(house: House, browser: Browser, at: Any) -> None:
    lot = a_lot(house)
    at(ARRIVES)
    upload(browser(house.finance), camt(credit(lot, on="2026-12-03")))
    row = waiting()
    assert "L'argent est arrivé" not in page_of(browser(house.auditor), row)
    assert press(browser(house.auditor), row, "arrival", on="2026-12-03").status_code == 403


def test_the_file_of_a_batch_that_a_worker_made_first_is_told_by_export(
    house: House, app: Flask, tmp_path: Path
) -> None:
    """``freeze && export`` beside a worker: whoever is faster, the command says the same."""
    a_lot(house, (7_200,))  # the worker has made its file
    asked = ["sepa", "export", "--creditor", the_entity().uid, "--on", "2026-12-31", "--json"]
    first = app.test_cli_runner().invoke(args=asked)
    assert first.exit_code == 0, first.output
    assert '"state": "exported"' in first.output
    again = app.test_cli_runner().invoke(args=asked)
    assert again.output == first.output


def test_the_creditor_is_found_by_any_account_that_the_file_has(
    house: House, app: Flask, tmp_path: Path, at: Any
) -> None:
    lot = a_lot(house)
    at(datetime(2026, 12, 8, 9, 0, tzinfo=UTC))
    shown = imported(app, tmp_path / "x.xml", camt((OTHER, [unknown()]), (IBAN, [back(lot)])))
    assert (shown["matched"], shown["skipped"]) == (1, {"other_account": 1})
