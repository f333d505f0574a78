"""The bank profile of a creditor: who changes it, what is refused, what the file becomes."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from portal import jobs
from portal.blobs import content_of
from portal.db import EVERYTHING, db, set_scope
from portal.errors import Refused
from portal.journal import JournalEntry
from portal.sepa.batches.export import write_batch
from portal.sepa.formats import pain008
from portal.sepa.formats.iban import mask
from portal.sepa.models import Collection, request_mandate
from portal.sepa.models.amendment import MandateAmendment
from portal.sepa.models.creditor_change import open_creditor_change
from tests.builders import House, a_customer, stored, work
from tests.conftest import MONDAY
from tests.sepa.people import OTHER_IBAN, SWISS_IBAN, a_collection, a_signed_mandate, freeze_batch, the_entity
from tests.sepa.test_batch import DUE, TODAY
from tests.sepa.test_oracle import canonical_rows
from tests.subscriptions.builders import a_monthly_product
from tests.test_csv_file import table

PROFILE = {
    "ics": "fr15 zzz 588627",
    "iban": "",
    "bank_name": "Banque",
    "lead_days": "2",
    "cutoff_hour": "24",
    "message_version": "08",
    "max_rows": "50000",
    "max_bytes": "50000000",
    "one_booking": "y",
    "two_people_over_cents": "10 000,00",
    "freeze_day": "",
    "file_writer": "portal",
}


def test_creditors_are_a_list_that_shows_no_whole_account(house: House, browser) -> None:
    client, entity = browser(house.finance), the_entity()
    save(client, freeze_day="5")
    page = client.get("/sepa/creditors?freeze=day").text
    assert f'href="/sepa/creditors/{entity.uid}"' in page and "10\u202f000,00" in page and "le 5" in page
    assert entity.name not in client.get("/sepa/creditors?freeze=person").text.partition('id="list"')[2]
    head, row = table(client.get("/lists/creditors/file.csv").text)
    assert dict(zip(head, row, strict=True))["Compte"] == mask(entity.iban)
    assert entity.iban not in client.get("/lists/creditors/file.csv").text + page
    assert browser(house.owner).get("/lists/creditors/file.csv").status_code == 403


def save(client, **changes: str):
    values = {name: value for name, value in (PROFILE | changes).items() if value is not None}
    return client.post(f"/sepa/creditors/{the_entity().uid}", data=values)


def answer(client, change, said: str):
    data = {"answer": said, "change": change.uid}
    return client.post(f"/sepa/creditors/{the_entity().uid}/change", data=data)


@pytest.mark.parametrize("role", ["operator", "finance"])
def test_the_profile_is_seen_changed_and_recorded(house: House, browser, role: str) -> None:
    client, entity = browser(getattr(house, role)), the_entity()
    assert "0189" in client.get(f"/sepa/creditors/{entity.uid}").text
    assert entity.name in client.get("/sepa/creditors").text
    assert save(client).status_code == 303
    query = select(JournalEntry).where(JournalEntry.what == "profile")
    assert db.session.scalars(query).all() == []  # nothing changed
    assert save(client, lead_days="3", iban=OTHER_IBAN, freeze_day="5").status_code == 303
    assert (stored(entity).lead_days, entity.freeze_day) == (3, 5)
    assert entity.iban != OTHER_IBAN  # by two people alone
    changed = db.session.scalars(query).one().details["changed"]
    assert changed["lead_days"] == [2, 3]
    assert OTHER_IBAN not in str(changed)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ics": "FR14ZZZ588627"}, "ICS"),
        ({"ics": ""}, "ICS"),
        ({"iban": "FR7630006000011234567890180"}, "IBAN"),
        ({"iban": "FR0630006000011234567890188"}, "RIB"),
        ({"lead_days": "0"}, "de 1 à 10"),
        ({"cutoff_hour": "25"}, "de 1 à 24"),
        ({"max_rows": "0"}, "1"),
        ({"message_version": "03"}, ""),
        ({"freeze_day": "32"}, "de 1 à 31"),
        ({"two_people_over_cents": "-1"}, "négatif"),
        ({"two_people_over_cents": "peu"}, "illisible"),
        ({"max_bytes": "x"}, "10"),
        ({"file_writer": "other"}, ""),
    ],
)
def test_what_is_wrong_is_said_next_to_the_field(house: House, browser, changes, said: str) -> None:
    answer = save(browser(house.finance), **changes)
    assert answer.status_code == 422
    assert said in answer.text.replace("\u202f", " ")


def test_no_change_while_a_file_is_being_made(house: House, browser) -> None:
    a_collection(a_signed_mandate(house))
    freeze_batch(the_entity(), "CORE", DUE, house.finance)
    db.session.commit()
    assert save(browser(house.finance), lead_days="3").status_code == 422
    work()
    assert save(browser(house.finance), lead_days="3").status_code == 303


def the_file(house: House, **profile) -> bytes:
    for name, value in profile.items():
        setattr(the_entity(), name, value)
    batch = freeze_batch(the_entity(), "CORE", DUE, house.finance)
    db.session.commit()
    work()
    return content_of(stored(batch).document)


def test_version_02_has_no_address_and_is_valid(house: House, tmp_path) -> None:
    a_collection(a_signed_mandate(house))
    abroad = a_collection(a_signed_mandate(house, a_customer(house.other), iban=SWISS_IBAN), source_uid="ch")
    content = the_file(house, message_version="02")
    assert b"pain.008.001.02" in content
    assert b"PstlAdr" not in content
    (tmp_path / "file.xml").write_bytes(content)
    assert pain008.validate(tmp_path / "file.xml", "02").count == 1
    with pytest.raises(pain008.Refused):
        pain008.validate(tmp_path / "file.xml", "08")
    assert "version 02" in stored(abroad).problem(TODAY)


def test_hybrid_addresses_and_single_credits(house: House) -> None:
    a_collection(a_signed_mandate(house, iban=SWISS_IBAN))
    content = the_file(house, hybrid_addresses=True, one_booking=False)
    assert b"<AdrLine>3 rue du Four</AdrLine>" in content
    assert b"StrtNm" not in content
    assert b"<BtchBookg>false</BtchBookg>" in content


def test_the_first_debit_of_a_mandate_is_marked_once(house: House) -> None:
    mandate = a_signed_mandate(house)
    first = a_collection(mandate, source_uid="1")
    second = a_collection(mandate, source_uid="2")
    content = the_file(house, writes_first=True)
    assert (stored(first).sequence_type, stored(second).sequence_type) == ("FRST", "RCUR")
    assert content.count(b"<PmtInf>") == 2
    third = a_collection(mandate, source_uid="3")
    the_file(house)
    assert stored(third).sequence_type == "RCUR"


@pytest.mark.parametrize(("hour", "is_late"), [(10, False), (11, True)])
def test_after_the_cut_off_the_bank_counts_tomorrow(house: House, at, hour: int, is_late: bool) -> None:
    row = a_collection(a_signed_mandate(house))
    the_entity().cutoff_hour = 11
    db.session.commit()
    at(MONDAY + timedelta(days=row.hand_in_by.toordinal() - TODAY.toordinal(), hours=hour - 10))
    assert bool(db.session.scalars(select(Collection)).one().problem(row.hand_in_by)) is is_late


@pytest.mark.parametrize("role", ["technician", "owner", "sales", "reader"])
def test_nobody_else(house: House, browser, role: str) -> None:
    assert save(browser(getattr(house, role))).status_code == 403


def test_small_files_through_sepaxml_have_the_same_debits(house: House, tmp_path) -> None:
    a_collection(a_signed_mandate(house, iban=SWISS_IBAN))
    mandate = a_signed_mandate(house, a_customer(house.other))
    a_collection(mandate, source_uid="2", remittance="Facture n° 2, œuvre & été")
    batch = freeze_batch(the_entity(), "CORE", DUE, house.finance)
    db.session.commit()
    files = []
    for writer in ("portal", "sepaxml", "sepaxml"):
        the_entity().file_writer = writer
        with (tmp_path / "file.xml").open("wb") as out:
            write_batch(batch, out)
        assert pain008.validate(tmp_path / "file.xml").count == 2
        files.append((tmp_path / "file.xml").read_bytes())
    ours, theirs, again = files
    assert theirs == again  # the same bytes, whenever it is written
    assert b"InitgPty><Nm" in theirs.replace(b"\n", b"") and ours != theirs
    assert canonical_rows(ours) == canonical_rows(theirs)
    for name in (b"MsgId", b"PmtInfId", b"CreDtTm", b"CtrlSum"):
        found = re.compile(b"<" + name + b">([^<]*)<")
        assert found.findall(ours) == found.findall(theirs)


def test_a_file_that_sepaxml_cannot_write_is_written_by_the_portal(house: House) -> None:
    row = a_collection(a_signed_mandate(house))
    content = the_file(house, file_writer="sepaxml", one_booking=False)
    assert b"<BtchBookg>false</BtchBookg>" in content and row.end_to_end_id.encode() in content


OTHER_ICS = "FR72ZZZ123456"


def by_two(house: House, browser, at, **changes: str) -> None:
    """Asked by one, agreed by another one, and a day later it counts."""
    assert save(browser(house.finance), **changes).status_code == 303
    change = open_creditor_change(the_entity())
    assert answer(browser(house.operator), change, "agree").status_code == 303
    at(stored(change).counts_at)
    jobs.run_periodic()
    set_scope(EVERYTHING)
    work()
    assert stored(change).state == "applied"


def test_a_new_identifier_is_told_with_the_next_debit_of_each_mandate(house: House, browser, at) -> None:
    mandate = a_signed_mandate(house)
    a_collection(mandate, source_uid="1")
    former = the_entity().ics
    by_two(house, browser, at, ics=OTHER_ICS)
    content = the_file(house)
    assert f"<OrgnlCdtrSchmeId><Id><PrvtId><Othr><Id>{former}".encode() in content
    assert OTHER_ICS.encode() in content
    page = browser(house.finance).get(f"/sepa/mandates/{mandate.uid}").text
    assert former in page


def test_an_identifier_changed_back_or_in_its_business_code_is_no_news(house: House, browser, at) -> None:
    a_collection(a_signed_mandate(house), source_uid="1")
    former = the_entity().ics
    by_two(house, browser, at, ics=former[:4] + "ABC" + former[7:])
    assert db.session.scalars(select(MandateAmendment)).all() == []
    by_two(house, browser, at, ics=OTHER_ICS)
    by_two(house, browser, at, ics=former)
    content = the_file(house)
    assert b"AmdmntInd" not in content or b"<AmdmntInd>false" in content
    assert b"OrgnlCdtrSchmeId" not in content


def test_an_issuer_without_ics_is_paid_in_other_ways_and_may_get_one_but_loses_none(
    house: House, browser
) -> None:
    entity, product = the_entity(), a_monthly_product(house)
    customer = a_customer(house.reseller, accepted="dropcloud")
    entity.ics = ""  # as it was entered
    db.session.commit()
    client = browser(house.owner)
    order = {"product": product.uid, "quantity": "1", "method": "direct_debit"}
    refused = client.post(f"/customers/{customer.uid}/orders", data=order)
    assert refused.status_code == 422 and "ne prélève personne" in unescape(refused.text)
    with pytest.raises(Refused, match="ICS"):
        request_mandate(customer, the_entity(), by=house.owner)
    db.session.rollback()
    assert save(browser(house.finance), ics="", freeze_day="5").status_code == 303
    assert save(browser(house.finance)).status_code == 303
    change = open_creditor_change(the_entity())
    assert change is not None and change.asked()["ics"] == "FR15ZZZ588627"
    the_entity().ics = "FR15ZZZ588627"
    db.session.commit()
    gone = save(browser(house.finance), ics="")
    assert gone.status_code == 422 and "il ne se retire pas" in unescape(gone.text)
