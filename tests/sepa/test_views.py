"""The screens of staff: they work, and each refusal."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal import jobs
from portal.access import Role
from portal.db import EVERYTHING, db, set_scope
from portal.sepa.models import Batch, Mandate, MandateEvent
from tests.builders import House, a_customer, an_outsider, stored
from tests.conftest import MONDAY
from tests.sepa.people import a_collection, a_mandate, a_signed_mandate, freeze_batch, last_mail, the_entity

DUE = date(2026, 12, 7)
NOWHERE = "aaaaaaaaaaaaaaaa"


def freeze(client, through: str = "2026-12-07", **changes: str):
    data = {"entity": the_entity().uid, "scheme": "CORE", "through": through} | changes
    return client.post("/sepa/batches", data=data)


def the_batch() -> Batch:
    set_scope(EVERYTHING)
    return db.session.scalars(select(Batch)).one()


def test_a_mandate_is_asked_for_from_the_customers_page(house: House, browser) -> None:
    customer = a_customer(house.reseller)
    client = browser(house.sales)
    page = client.get(f"/sepa/mandates/new/{customer.uid}")
    for words in ("contact@client.example", "DROPCLOUD SAS", "FR15ZZZ588627", "Boulangerie Martin"):
        assert words in page.text
    answer = client.post(f"/sepa/mandates/new/{customer.uid}", data={"scheme": "CORE"})
    set_scope(EVERYTHING)
    mandate = db.session.scalars(select(Mandate)).one()
    assert answer.location == f"/sepa/mandates/{mandate.uid}"
    assert "/sign/" in last_mail(mandate).body
    again = client.post(f"/sepa/mandates/new/{customer.uid}", data={"scheme": "CORE"})
    assert again.status_code == 422
    assert "attend déjà" in client.get(f"/sepa/mandates/new/{customer.uid}").text


def test_an_unknown_scheme_is_refused(house: House, browser) -> None:
    customer = a_customer(house.reseller)
    assert (
        browser(house.owner).post(f"/sepa/mandates/new/{customer.uid}", data={"scheme": "X"}).status_code
        == 422
    )


def test_the_lists_and_pages_open(house: House, browser) -> None:
    sent, _ = a_mandate(house, a_customer(house.reseller, name="Deux", siren=None))
    mandate = a_signed_mandate(house)
    a_collection(mandate)
    client = browser(house.finance)
    assert freeze(client).status_code == 303
    batch = the_batch()
    pages = [
        "/sepa/mandates",
        "/sepa/mandates?state=signed",
        f"/sepa/mandates/{sent.uid}",
        f"/sepa/mandates/{mandate.uid}",
        "/sepa/collections",
        "/sepa/batches",
        f"/sepa/batches/{batch.uid}",
    ]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "FR7630006000011234567890189" not in answer.text.replace(" ", "")
    assert "Chaîne intacte" in client.get(f"/sepa/mandates/{mandate.uid}").text


@pytest.mark.parametrize("state", ["", "sent", "nonsense"])
def test_mandates_are_shown_25_at_a_time(house: House, browser, state: str) -> None:
    for n in range(27):
        a_mandate(house, a_customer(house.reseller, name=f"Client {n}", siren=None))
    client = browser(house.reader)
    first = client.get(f"/sepa/mandates?state={state}", headers={"HX-Request": "true"}).text
    assert first.count("/sepa/mandates/") == 25
    assert "<html" not in first
    more = re.search(r'href="(/sepa/mandates\?[^"]*after=[^"]*)"', first).group(1).replace("&amp;", "&")
    assert client.get(more).text.count('data-rank="1"') == 3  # the head, and two


def test_a_broken_chain_is_shouted(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    slipped_in = dict(mandate_id=mandate.id, seq=99, event={"what": "x"}, previous_hash="0", hash="0")
    db.session.add(MandateEvent(organisation=mandate.customer.organisation, **slipped_in))
    db.session.commit()
    assert "rompue" in browser(house.finance).get(f"/sepa/mandates/{mandate.uid}").text


def test_a_link_is_sent_again_while_it_may_be(house: House, browser) -> None:
    mandate, _ = a_mandate(house)
    client, path = browser(house.owner), f"/sepa/mandates/{mandate.uid}/link"
    before = last_mail(mandate).uid
    assert client.post(path).status_code == 303
    assert last_mail(mandate).uid != before
    signed = a_signed_mandate(house, a_customer(house.reseller, name="Deux", siren=None))
    assert client.post(f"/sepa/mandates/{signed.uid}/link").status_code == 409


def test_a_mandate_is_revoked_once(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    client, path = browser(house.owner), f"/sepa/mandates/{mandate.uid}/revocation"
    for wrong in (
        {},
        {"received_on": "23/11", "notice_months": "1"},
        {"received_on": "2026-11-24", "notice_months": "1"},
        {"received_on": "2026-11-23", "notice_months": "7"},
    ):
        assert client.post(path, data=wrong).status_code == 422
    data = {"received_on": "2026-11-23", "notice_months": "0"}
    assert client.post(path, data=data).status_code == 303
    assert (stored(mandate).state, mandate.revoked_on) == ("revoked", date(2026, 11, 23))
    assert client.post(path, data=data).status_code == 409


def test_the_bank_confirms_a_b2b_mandate(house: House, browser) -> None:
    mandate = a_signed_mandate(house, scheme="B2B")
    client, path = browser(house.owner), f"/sepa/mandates/{mandate.uid}/bank-confirmation"
    assert client.post(path, data={"on": "2026-11-24"}).status_code == 422
    assert client.post(path, data={"on": ""}).status_code == 422
    assert client.post(path, data={"on": "2026-11-23"}).status_code == 303
    assert stored(mandate).bank_confirmed_on == date(2026, 11, 23)


def test_the_cockpit_says_what_is_due_and_what_is_stopped(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    a_collection(mandate, source_uid="1")
    a_collection(mandate, source_uid="2", reference="FA-2026-000999", amount_cents=100).remittance = "日本"
    db.session.commit()
    page = browser(house.finance).get("/sepa/collections").text.replace("\u00a0", " ")
    assert "Figer la remise" in page
    assert "FA-2026-000999" in page
    assert "libellé" in page
    assert "Figer la remise" not in browser(house.operator).get("/sepa/collections").text


def test_a_batch_is_frozen_once_and_its_file_downloaded(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    a_collection(mandate)
    client = browser(house.finance)
    assert client.get("/sepa/collections").status_code == 200
    assert freeze(client).status_code == 303
    assert freeze(client).status_code == 422
    batch = the_batch()
    uid = batch.uid
    waiting = client.get(f"/sepa/batches/{batch.uid}/progress", headers={"HX-Request": "true"})
    assert waiting.status_code == 200
    assert 'hx-trigger="every 2s"' in waiting.text
    jobs.drain()
    done = client.get(f"/sepa/batches/{uid}/progress", headers={"HX-Request": "true"})
    assert done.status_code == 286
    assert "hx-trigger" not in done.text
    assert f"/sepa/batches/{uid}/file" in done.text
    assert client.post(f"/sepa/batches/{uid}/export").status_code == 422


@pytest.mark.parametrize(
    "changes", [{"scheme": "X"}, {"through": "demain"}, {"through": ""}, {"through": "2026-11-01"}]
)
def test_a_wrong_freeze_is_refused(house: House, browser, changes: dict[str, str]) -> None:
    a_collection(a_signed_mandate(house))
    assert freeze(browser(house.finance), **changes).status_code == 422
    assert freeze(browser(house.finance), entity=NOWHERE).status_code == 404


def test_a_failed_file_says_which_row_and_is_tried_again(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    row = a_collection(mandate)
    client = browser(house.finance)
    freeze(client)
    batch, mandate_id = the_batch(), mandate.id
    end_to_end_id, uid = row.end_to_end_id, batch.uid
    mandate.debtor_name = "日本"
    db.session.commit()
    jobs.drain()
    page = client.get(f"/sepa/batches/{uid}").text
    assert end_to_end_id in page
    assert client.get(f"/sepa/batches/{uid}/progress").status_code == 286
    set_scope(EVERYTHING)
    db.session.get_one(Mandate, mandate_id).debtor_name = "Boulangerie Martin"
    db.session.commit()
    assert client.post(f"/sepa/batches/{uid}/export").status_code == 303
    jobs.drain()
    set_scope(EVERYTHING)
    assert the_batch().state == "exported"


def test_a_debit_is_cancelled_or_put_off(house: House, browser, at) -> None:
    mandate = a_signed_mandate(house)
    first, second = a_collection(mandate, source_uid="1"), a_collection(mandate, source_uid="2")
    at(MONDAY + timedelta(hours=1))
    client = browser(house.finance)
    assert client.post(f"/sepa/collections/{first.uid}/cancellation").status_code == 303
    assert client.post(f"/sepa/collections/{first.uid}/cancellation").status_code == 409
    assert client.post(f"/sepa/collections/{second.uid}/new-date").status_code == 303
    assert (stored(first).state, stored(second).state) == ("cancelled", "announced")
    assert client.post(f"/sepa/collections/{first.uid}/new-date").status_code == 409


def test_the_customers_page_shows_its_mandates_and_debits(house: House, browser) -> None:
    from portal.sepa.mandates.views import panel

    mandate = a_signed_mandate(house)
    row = a_collection(mandate)
    template, context = panel(mandate.customer)
    assert template == "sepa/_panel.html"
    assert context == {"mandates": [mandate], "debits": [row]}


READS = ["/sepa/mandates/{mandate}", "/sepa/mandates/new/{customer}"]
WRITES = [
    "/sepa/mandates/new/{customer}",
    "/sepa/mandates/{mandate}/link",
    "/sepa/mandates/{mandate}/revocation",
    "/sepa/mandates/{mandate}/bank-confirmation",
]
BATCH_READS = ["/sepa/batches/{batch}", "/sepa/batches/{batch}/rows.csv", "/sepa/batches/{batch}/progress"]
BATCH_WRITES = [
    "/sepa/batches/{batch}/file",
    "/sepa/batches/{batch}/reading",
    "/sepa/batches/{batch}/release",
    "/sepa/batches/{batch}/sending",
    "/sepa/batches/{batch}/cancellation",
    "/sepa/collections/{collection}/cancellation",
    "/sepa/collections/{collection}/new-date",
    "/sepa/batches/{batch}/export",
]


@pytest.fixture
def uids(house: House) -> dict[str, str]:
    mandate = a_signed_mandate(house)
    row = a_collection(mandate, source_uid="1")
    from portal.journal import SYSTEM

    batch = freeze_batch(the_entity(), "CORE", DUE, SYSTEM)
    db.session.commit()
    return {
        "mandate": mandate.uid,
        "customer": mandate.customer.uid,
        "batch": batch.uid,
        "collection": row.uid,
    }


@pytest.mark.parametrize("path", WRITES)
def test_a_colleague_who_only_reads_cannot_write(house: House, browser, uids, path: str) -> None:
    assert browser(house.reader).post(path.format(**uids)).status_code == 403


@pytest.mark.parametrize("path", [*BATCH_READS, "/sepa/collections", "/sepa/batches"])
def test_resellers_that_bill_nobody_see_no_batches(house: House, browser, uids, path: str) -> None:
    assert browser(house.owner).get(path.format(**uids)).status_code == 404
    assert browser(house.technician).get(path.format(**uids)).status_code == 403


@pytest.mark.parametrize("path", [*BATCH_WRITES, "/sepa/batches"])
def test_only_finance_moves_money(house: House, browser, uids, path: str) -> None:
    assert browser(house.operator).post(path.format(**uids)).status_code == 403
    assert browser(house.owner).post(path.format(**uids)).status_code == 404


@pytest.mark.parametrize("path", ["/sepa/mandates", *READS])
def test_a_technician_has_no_business_with_mandates(house: House, browser, uids, path: str) -> None:
    assert browser(house.support).get(path.format(**uids)).status_code == 403


def test_a_stranger_signs_in_first(house: House, browser) -> None:
    for path in ("/sepa/mandates", "/sepa/collections", "/sepa/batches"):
        assert browser().get(path).status_code == 303


def masked(page: str) -> str:
    """A page without what changes at every answer."""
    return re.sub(r'(name="csrf[-_]token" (?:value|content)=")[^"]*', r"\1", page)


@pytest.mark.parametrize(("method", "path"), [*(("GET", p) for p in READS), *(("POST", p) for p in WRITES)])
def test_another_resellers_row_is_a_missing_row(house: House, browser, uids, method: str, path: str) -> None:
    client = browser(an_outsider(house))
    foreign = client.open(path.format(**uids), method=method)
    missing = client.open(path.format(**dict.fromkeys(uids, NOWHERE)), method=method)
    assert foreign.status_code == missing.status_code == 404
    assert masked(foreign.text).replace(path.format(**uids), "") == masked(missing.text).replace(
        path.format(**dict.fromkeys(uids, NOWHERE)), ""
    )


def test_everybody_of_the_other_reseller_sees_an_empty_list(house: House, browser, uids) -> None:
    page = browser(an_outsider(house, Role.SALES)).get("/sepa/mandates").text
    assert "Pas encore de mandat" in page
