"""A whole restore, with a real repository, and everything that may go wrong on the way."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.billing.models import Charge
from portal.blob_stores import store
from portal.blobs import Document
from portal.db import db
from portal.jobs import TaskState
from portal.restore_requests.inventory import Inventory, file_of
from portal.restore_requests.models import RestoreRequest, RestoreState
from tests import vaulting
from tests.builders import a_customer, an_outsider, stored, work
from tests.conftest import MONDAY
from tests.vaulting import link_in, unlock

R = RestoreState
WANTED = "/compta/Été à Lyon.txt"


def ask(client, vault, **values):
    data = {"what": "une photo", "cause": "lost_by_user", "kind": "simple", **values}
    return client.post(f"/restore-requests/new/{vault.uid}", data=data)


def the_request() -> RestoreRequest:
    return db.session.scalars(select(RestoreRequest)).one()


@pytest.fixture
def technician(browser, house):
    return browser(house.support)


@pytest.fixture
def row(technician, vault) -> RestoreRequest:
    assert ask(technician, vault).status_code == 303
    return the_request()


@pytest.fixture
def browsing(row, browser, agent) -> RestoreRequest:
    work()
    unlock(browser(), link_in(vaulting.last_mail(row.uid)))
    work()
    assert stored(row).state == R.BROWSING
    return row


def chosen(row) -> dict[str, str]:
    inventory = Inventory(row.uid)
    entry = inventory.search("ete a lyon")[0]
    return {"listing": inventory.mark, "only": f"e{entry.id}"}


def fetch(client, row, **values):
    return client.post(f"/restore-requests/{row.uid}/file", data={**chosen(row), **values})


def test_asking_mails_the_customer_a_link(row):
    mail = vaulting.last_mail(row.uid)
    assert mail.recipient == "contact@client.example"
    assert link_in(mail).startswith("/unlock/")
    assert row.state == R.REQUESTED


def test_the_names_are_read_and_browsed(browsing, technician):
    where = f"/restore-requests/{browsing.uid}/files"
    assert stat.S_IMODE(file_of(browsing.uid).stat().st_mode) == 0o600
    page = technician.get(where).get_data(as_text=True)
    assert "accueil" in page and "compta" in page
    found = technician.get(f"{where}?q=ETE").get_data(as_text=True)
    assert "Été à Lyon.txt" in found and "facture-01" not in found
    entry = Inventory(browsing.uid).search("facture-01")[0]
    inside = technician.get(where, query_string={"snapshot": entry.snapshot, "folder": entry.folder})
    assert "facture-01.txt" in inside.get_data(as_text=True)


def test_a_file_goes_to_the_customer_alone(browsing, technician, browser, house, app):
    assert fetch(technician, browsing).status_code == 303
    work()
    assert stored(browsing).state == R.DONE
    document = db.session.scalars(select(Document).where(Document.kind == "restore")).one()
    assert technician.get(f"/documents/{document.uid}").status_code == 403
    assert technician.get(f"/handed-over/{document.uid}").status_code == 403
    assert not file_of(browsing.uid).exists()
    assert stored(browsing).vault.open_until is None
    mail = vaulting.last_mail(browsing.uid)
    assert browsing.vault.name in mail.subject and document.filename in mail.body
    client, path = browser(), link_in(mail)
    assert client.get(f"{path}/{document.uid}").status_code == 403
    client.post(f"{path}/code")
    code = db.session.scalars(select(vaulting.Mail).order_by(vaulting.Mail.id.desc())).first()
    client.post(f"{path}/check", data={"code": vaulting.code_in(code)})
    assert vaulting.fetch(client, f"{path}/{document.uid}").data == b"souvenirs"


def test_the_whole_life_is_billed_once(browsing, technician, vault, customer):
    fetch(technician, browsing)
    work()
    base = f"/restore-requests/{browsing.uid}"
    assert technician.post(f"{base}/check").status_code == 303
    assert technician.post(f"{base}/check").status_code == 409
    refused = technician.post(f"{base}/billing", data={"billed": "yes", "price": "beaucoup"})
    assert refused.status_code == 422 and "illisible" in refused.get_data(as_text=True)
    paid = {"billed": "yes", "price": "90,00"}
    assert technician.post(f"{base}/billing", data=paid).status_code == 303
    assert technician.post(f"{base}/billing", data=paid).status_code == 409
    charge = db.session.scalars(select(Charge).where(Charge.origin == f"restore:{browsing.uid}")).one()
    assert charge.unit_cents == 9000 and not charge.includes_vat
    assert stored(browsing).price_on == MONDAY.date()
    work()
    document = db.session.scalars(select(Document).where(Document.kind == "restore")).one()
    assert document.erased
    with pytest.raises(FileNotFoundError):
        store().open(document.storage_key)


@pytest.mark.parametrize(
    ("terms", "cause", "expected"),
    [
        ("dobaas", "lost_by_user", "oui, au prix du jour"),
        ("dobaas", "hosted_equipment", "La cause est une panne du matériel hébergé"),
        ("natso", "lost_by_user", "Le contrat est muet"),
    ],
)
def test_the_page_says_what_the_contract_bills(house, repository, technician, terms, cause, expected):
    customer = a_customer(house.reseller, accepted=terms)
    subscription = vaulting.a_subscription(customer, terms=terms)
    vault = vaulting.a_vault(customer, repository, subscription)
    ask(technician, vault, cause=cause)
    page = technician.get(f"/restore-requests/{the_request().uid}").get_data(as_text=True)
    assert expected in page
    if terms == "dobaas":
        assert "002-08" in page


def test_without_a_charge_the_request_is_closed(browsing, technician):
    fetch(technician, browsing)
    work()
    technician.post(f"/restore-requests/{browsing.uid}/check")
    technician.post(f"/restore-requests/{browsing.uid}/billing", data={"billed": "no"})
    assert stored(browsing).state == R.CLOSED
    assert db.session.scalars(select(Charge)).all() == []


@pytest.mark.parametrize("only", ["e999999", "ex", "m" + "0" * 64, "h1", "", "/etc/passwd"])
def test_only_what_the_inventory_holds_is_fetched(browsing, technician, only):
    assert fetch(technician, browsing, only=only).status_code == 422
    assert stored(browsing).state == R.BROWSING


def test_a_choice_from_an_older_reading_is_refused(browsing, technician):
    refused = fetch(technician, browsing, listing="of yesterday")
    assert refused.status_code == 422 and "relu" in refused.get_data(as_text=True)


def test_another_restore_point_may_be_read(browsing, technician):
    wanted = Inventory(browsing.uid).snapshots()[0].id
    where = f"/restore-requests/{browsing.uid}/listing"
    assert technician.post(where, data={"snapshot": "0" * 64}).status_code == 422
    assert technician.post(where, data={"snapshot": wanted}).status_code == 303
    work()
    assert stored(browsing).state == R.BROWSING
    assert [one.id for one in Inventory(browsing.uid).snapshots() if one.is_listed] == [wanted]


def test_a_lost_passphrase_waits_and_then_goes_on(browsing, technician, browser, app):
    key = browsing.opening_uid
    vaulting.KeyAgent(Path(app.config["KEY_AGENT_SOCKET"])).forget(key)
    fetch(technician, browsing)
    work()
    assert stored(browsing).state == R.RESTORING
    assert browsing.task.state == TaskState.WAITING
    page = technician.get(f"/restore-requests/{browsing.uid}").get_data(as_text=True)
    assert "Rien n'est perdu" in page.replace("&#39;", "'")
    technician.post(f"/restore-requests/{browsing.uid}/key")
    assert stored(browsing).opening_uid != key
    unlock(browser(), link_in(vaulting.last_mail(browsing.uid)))
    work()
    assert stored(browsing).state == R.DONE


def test_the_progress_is_polled_until_the_end(row, technician):
    where = f"/restore-requests/{row.uid}/progress"
    htmx = {"HX-Request": "true"}
    assert technician.get(f"{where}?seen=requested-0", headers=htmx).status_code == 200
    moved = technician.get(f"{where}?seen=listing-1", headers=htmx)
    assert moved.headers["HX-Redirect"].endswith(row.uid)
    technician.post(f"/restore-requests/{row.uid}/cancellation")
    assert technician.get(f"{where}?seen=cancelled-0", headers=htmx).status_code == 286


def test_the_passphrase_is_in_no_process_and_no_file(browsing, technician, app, caplog):
    fetch(technician, browsing)
    work()
    assert vaulting.SECRET not in vaulting.text_of_every_column()
    assert vaulting.SECRET not in caplog.text
    secret = vaulting.SECRET.encode()
    for file in app.config["DATA_DIR"].rglob("*"):
        if file.is_file() and not file.name.endswith(".sock"):
            assert secret not in file.read_bytes(), file


def test_others_cannot(browser, house, row):
    outsider, reader = browser(an_outsider(house)), browser(house.reader)
    base = f"/restore-requests/{row.uid}"
    assert outsider.get(base).status_code == 404
    assert outsider.post(f"{base}/cancellation").status_code == 404
    assert outsider.post(f"{base}/file").status_code == 404
    assert reader.get(base).status_code == 200
    for verb in ("cancellation", "file", "check", "billing", "key", "listing", "retry"):
        assert reader.post(f"{base}/{verb}").status_code == 403
    assert stored(row).state == R.REQUESTED


def test_the_customer_asks_but_does_not_browse(browser, customer, vault):
    client = browser(vaulting.a_customer_user(customer))
    assert ask(client, vault).status_code == 303
    row = the_request()
    assert client.get(f"/restore-requests/{row.uid}").status_code == 200
    assert client.get(f"/restore-requests/{row.uid}/files").status_code == 403
    assert client.post(f"/restore-requests/{row.uid}/check").status_code == 403


def test_an_invalid_form_says_why(technician, vault):
    answer = ask(technician, vault, what="")
    assert answer.status_code == 422
    assert "Dites ce qui manque" in answer.get_data(as_text=True)
    tomorrow = (MONDAY + timedelta(days=1)).date().isoformat()
    assert "futur" in ask(technician, vault, lost_on=tomorrow).get_data(as_text=True)


def test_cancelling_twice_is_refused(row, technician):
    where = f"/restore-requests/{row.uid}/cancellation"
    assert technician.post(where).status_code == 303
    assert technician.post(where).status_code == 409
    assert stored(row).state == R.CANCELLED
