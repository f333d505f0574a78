"""The bank's answer to a file of refunds: what it did not pay is owed again, once, to another account."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from lxml import etree

from portal import clock
from portal.access import Role
from portal.billing.balance import position_of
from portal.billing.credit_models import Refund, RefundFile, RefundFileState, RefundState
from portal.billing.models import Invoice
from portal.blobs import content_of
from portal.db import db
from portal.refunds.accounts import enter_account
from portal.refunds.answers import RefundAnswer
from portal.refunds.files import make_file
from portal.sepa.models.bank import BankRecord
from portal.wires.models import IncomingTransfer
from tests.builders import House, a_user, an_entity, stored, work
from tests.refunds.test_giving_back import CONSUMER, by_wire, credit, one, the_entity, withdraw
from tests.sepa.people import IBAN, OTHER_IBAN
from tests.sepa.raw_bank_files import assert_valid, camt, details, entry, judged, pain
from tests.sepa.test_creditor_by_two import kinds_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
LEFT = datetime(2026, 12, 7, 9, tzinfo=UTC)


def a_released_file(house: House, at: At) -> RefundFile:
    """One refund of 179.64, in a file that two people have let go on 7 December."""
    refund = one(Refund)
    enter_account(refund.customer, OTHER_IBAN, "Camille Martin", by=house.finance)
    db.session.commit()
    at(LEFT)
    return a_file(house)


def a_file(house: House) -> RefundFile:
    file = make_file(the_entity(), by=house.finance)
    second = a_user(house.provider, Role.FINANCE, "Seconde")
    second.email = f"{file.uid}@fournisseur.example"
    db.session.flush()
    file.release(by=second)
    db.session.commit()
    return file


@pytest.fixture
def file(house: House, browser: Browser, at: At) -> RefundFile:
    subscription = by_wire(house, **CONSUMER)
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    withdraw(browser(house.owner), subscription)
    return a_released_file(house, at)


def upload(client: FlaskClient, data: bytes, name: str = "answer.xml") -> str:
    """Through the page; what it says when it is done."""
    if b"pain.002.001.03" not in data:  # the schema that a test may read is the newer one
        assert_valid(data)
    form = {"entity": the_entity().uid, "file": (io.BytesIO(data), name)}
    answer = client.post("/sepa/returns", data=form)
    assert answer.status_code == 303, answer.text
    work()
    db.session.rollback()
    return client.get(answer.location).text


def transfers_in(file: RefundFile) -> dict[str, str]:
    """EndToEndId and account of each transfer, as the file has them."""
    root = etree.fromstring(content_of(file.document))
    ends, accounts = root.iter("{*}EndToEndId"), root.iter("{*}CdtrAcct")
    return {end.text: account.findtext(".//{*}IBAN") for end, account in zip(ends, accounts, strict=True)}


def answers() -> list[tuple[str, str]]:
    rows = db.session.scalars(db.select(RefundAnswer).order_by(RefundAnswer.id))
    return [(row.outcome, row.reason) for row in rows]


@pytest.mark.parametrize("version", ["pain.002.001.10", "pain.002.001.03"])
def test_a_transfer_that_the_bank_rejects_is_owed_again_to_another_account(
    house: House, browser: Browser, at: At, file: RefundFile, version: str
) -> None:
    """EPC125-05, AC04: a closed account. Once, however often it is told; then paid once, elsewhere."""
    client, refund = browser(house.finance), one(Refund)
    client.post(f"/refunds/files/{file.uid}/sending", data={"on": "2026-12-07"})
    (end,) = transfers_in(file)
    report = pain(file.msg_id, "PART", judged(end, "RJCT", "AC04"), lot=f"{file.msg_id}-1")
    report = report.replace(b"pain.002.001.10", version.encode())
    page = upload(client, report)
    assert file.msg_id in page, "the bank file leads to the file of refunds"
    assert stored(refund).state == RefundState.OWED and refund.file_id is None
    assert (refund.account_refused_on, position_of(refund.invoice).rest) == (date(2026, 12, 7), -17_964)
    assert stored(file).state == RefundFileState.REJECTED, "nothing of it was paid"
    shown = client.get(f"/refunds/{refund.uid}").text
    assert "AC04" in shown and "demandez un autre compte" in shown
    assert "Demander un autre compte" in client.get("/").text
    assert db.session.scalars(db.select(BankRecord)).all() == [], "no debit is meant"
    again = report.replace(b"P1", b"P2")
    upload(client, again)
    assert answers() == [("rejected", "AC04")]
    assert client.post("/refunds/files", data={"entity": the_entity().uid}).status_code == 422
    account = {"iban": IBAN, "holder": "Camille Martin"}
    assert client.post(f"/refunds/{refund.uid}/account", data=account).status_code == 303
    at(LEFT + timedelta(8))
    client = browser(house.finance)
    assert client.post("/refunds/files", data={"entity": the_entity().uid}).status_code == 303
    second = db.session.scalars(db.select(RefundFile).order_by(RefundFile.id.desc())).first()
    assert second is not None and list(transfers_in(second).values()) == [IBAN]
    assert end not in transfers_in(second), "what the bank says of one transfer is not said of the other"
    upload(client, report.replace(b"P1", b"P3").replace(b"AC04", b"AC06"))
    assert stored(refund).state == RefundState.IN_FILE, "an answer to the first file moves nothing now"


def test_a_file_that_the_bank_rejects_whole_is_owed_again_and_never_leaves_twice(
    house: House, browser: Browser, file: RefundFile
) -> None:
    """FF01 before anybody noted that the bank got it: the released file can be neither taken nor sent."""
    client, refund = browser(house.finance), one(Refund)
    upload(client, pain(file.msg_id, "RJCT", reason="FF01"))
    assert (stored(refund).state, stored(file).state) == (RefundState.OWED, RefundFileState.REJECTED)
    assert refund.account_refused_on is None, "the account is not at fault"
    assert answers() == [("rejected", "FF01"), ("rejected", "FF01")]
    assert client.post(f"/refunds/files/{file.uid}/file").status_code == 422
    assert client.post(f"/refunds/files/{file.uid}/sending", data={"on": "2026-12-07"}).status_code == 409
    made = client.post("/refunds/files", data={"entity": the_entity().uid})
    assert made.status_code == 303 and stored(refund).state == RefundState.IN_FILE


def test_what_the_bank_accepts_and_debits_is_noted(house: House, browser: Browser, file: RefundFile) -> None:
    client, refund = browser(house.finance), one(Refund)
    upload(client, pain(file.msg_id, "ACSP"))
    booked = entry(17_964, code="ICDT/ESCT", batch=(file.msg_id, f"{file.msg_id}-1", 1))
    upload(client, camt(booked), "statement.xml")
    assert answers() == [("accepted", ""), ("booked", "")]
    assert stored(refund).state == RefundState.IN_FILE
    assert client.post(f"/refunds/files/{file.uid}/sending", data={"on": "2026-12-07"}).status_code == 303
    assert stored(refund).state == RefundState.REFUNDED
    page = client.get(f"/refunds/files/{file.uid}").text
    assert "accepté" in page and "débité" in page


def test_a_transfer_that_comes_back_reopens_its_refund_once(
    house: House, browser: Browser, at: At, file: RefundFile
) -> None:
    """A camt.053 credit that returns our transfer is no wire of a customer, and no debit."""
    client, refund = browser(house.finance), one(Refund)
    client.post(f"/refunds/files/{file.uid}/sending", data={"on": "2026-12-07"})
    (end,) = transfers_in(file)
    at(LEFT + timedelta(3))
    client = browser(house.finance)
    told = details(17_964, end_to_end=end, reason="AC01")
    back = entry(17_964, told, side="CRDT", code="ICDT/RRTN", on="2026-12-10", reference="B1")
    upload(client, camt(back))
    assert (stored(refund).state, refund.account_refused_on) == (RefundState.OWED, date(2026, 12, 10))
    upload(client, camt(back, message="M2", version="camt.054.001.08"))
    assert answers() == [("returned", "AC01")]
    assert db.session.scalars(db.select(IncomingTransfer)).all() == []
    assert db.session.scalars(db.select(BankRecord)).all() == []


def test_what_is_not_clear_moves_nothing_and_waits_for_somebody(
    house: House, browser: Browser, file: RefundFile
) -> None:
    """AM05: the bank has it already. And a return of another sum than was sent."""
    client, refund = browser(house.finance), one(Refund)
    upload(client, pain(file.msg_id, "RJCT", reason="AM05"))
    assert (stored(refund).state, stored(file).state) == (RefundState.IN_FILE, RefundFileState.RELEASED)
    client.post(f"/refunds/files/{file.uid}/sending", data={"on": "2026-12-07"})
    (end,) = transfers_in(file)
    less = details(10_000, end_to_end=end, reason="AC04")
    upload(client, camt(entry(10_000, less, side="CRDT", code="ICDT/RRTN")), "statement.xml")
    assert stored(refund).state == RefundState.REFUNDED
    assert "refund.answer" in kinds_of(client)
    page = client.get(f"/refunds/files/{file.uid}").text
    assert "il en était attendu" in page
    for row in db.session.scalars(db.select(RefundAnswer)).all():
        assert client.post(f"/refunds/answers/{row.uid}/closing").status_code == 303
    assert "refund.answer" not in kinds_of(client)


def test_a_file_that_nobody_released_is_never_freed_by_a_report(
    house: House, browser: Browser, at: At
) -> None:
    by_wire(house)
    client = browser(house.finance)
    assert credit(client, one(Invoice)).status_code == 303
    refund = one(Refund)
    enter_account(refund.customer, IBAN, "Martin", by=house.finance).since = clock.today() - timedelta(8)
    made = make_file(the_entity(), by=house.finance)
    db.session.commit()
    upload(client, pain(made.msg_id, "RJCT", reason="FF01"))
    assert stored(refund).state == RefundState.IN_FILE
    assert client.post(f"/refunds/{refund.uid}/return", data={"note": "x"}).status_code == 409


def test_a_report_on_the_refunds_of_another_creditor_is_refused(
    house: House, browser: Browser, file: RefundFile
) -> None:
    client, other = browser(house.finance), an_entity(house.provider)
    other.mandate_prefix = "NC"
    db.session.commit()
    report = pain(file.msg_id, "RJCT", reason="FF01")
    form = {"entity": other.uid, "file": (io.BytesIO(report), "a.xml")}
    answer = client.post("/sepa/returns", data=form)
    assert answer.status_code == 422 and file.msg_id in answer.text
    assert stored(one(Refund)).state == RefundState.IN_FILE
