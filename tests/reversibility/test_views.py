"""A whole handover with a real repository, by link and in the customer's space."""

import hashlib
import io
import re
import subprocess
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from portal import jobs
from portal.access import Role
from portal.billing.models import Charge
from portal.blobs import Document, content_of
from portal.crypto.seals import check_seal
from portal.crypto.secrets import keyring
from portal.db import db
from portal.engine.installed import private_folder
from portal.engine.models import OpeningState
from portal.jobs import Task, TaskState
from portal.journal import JournalEntry
from portal.reversibility.calendar_jobs import accept_by_silence
from portal.reversibility.models import CaseState, ReversibilityCase
from tests import vaulting
from tests.builders import a_customer, a_user, an_outsider, stored, work
from tests.vaulting import fetch, link_in, unlock

C = CaseState
PAID = {"on": "2026-11-23", "reference": "VIR 1"}


def ask(client, subscription, vault, **values):
    data = {"vault": vault.uid, "reason": "copy", "received_on": "2026-11-23", **values}
    return client.post(f"/reversibility/new/{subscription.uid}", data=data)


def the_case() -> ReversibilityCase:
    return db.session.scalars(select(ReversibilityCase)).one()


@pytest.fixture
def owner(browser, house):
    return browser(house.owner)


@pytest.fixture
def case(owner, subscription, own_vault) -> ReversibilityCase:
    assert ask(owner, subscription, own_vault).status_code == 303
    return the_case()


@pytest.fixture
def ready(case, browser, agent) -> ReversibilityCase:
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    work()
    assert stored(case).state == C.READY
    return case


def test_what_a_kill_after_the_delivery_left_on_the_disk_goes(ready):
    place = private_folder("exports")
    assert list(place.iterdir()) == []
    left = place / f"{ready.uid}-{ready.round}"
    left.mkdir()
    (left / "MANIFEST.csv").write_text("names of the customer's files")
    before = [document.uid for document in exports(ready)]
    task = db.session.scalars(select(Task).where(Task.ref == ready.task_ref)).one()
    task.state = TaskState.QUEUED
    db.session.commit()
    work()
    assert list(place.iterdir()) == []
    assert stored(ready).state == C.READY and [one.uid for one in exports(ready)] == before


@pytest.fixture
def fetch_path(ready) -> str:
    return link_in(vaulting.last_mail(ready.uid))


@pytest.fixture
def passed(browser, fetch_path):
    """The customer's browser, after the code."""
    return pass_code(browser(), fetch_path)


def pass_code(client, path):
    assert client.post(f"{path}/code").status_code == 303
    mail = db.session.scalars(select(vaulting.Mail).order_by(vaulting.Mail.id.desc())).first()
    assert client.post(f"{path}/check", data={"code": vaulting.code_in(mail)}).status_code == 303
    return client


def exports(case) -> list[Document]:
    query = select(Document).where(Document.subject_uid == case.uid, Document.kind == "export")
    return list(db.session.scalars(query.order_by(Document.id)))


def checked(case, folder: Path) -> int:
    """Unzip what was handed over and let ``sha256sum -c`` judge; returns the number of files."""
    folder.mkdir(parents=True, exist_ok=True)
    for document in exports(case):
        if document.erased:
            continue
        assert hashlib.sha256(content_of(document)).hexdigest() == document.sha256
        if document.filename.endswith(".zip"):
            zipfile.ZipFile(io.BytesIO(content_of(document))).extractall(folder)
        else:
            (folder / document.filename).write_bytes(content_of(document))
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    return len((folder / "SHA256SUMS").read_text().splitlines())


def test_both_deadlines_are_on_the_page_with_their_clauses(owner, case):
    page = owner.get(f"/reversibility/{case.uid}").get_data(as_text=True)
    assert "001-50" in page and "15 déc. 2026" not in page
    assert case.delivery.value == date(2026, 12, 14)
    assert case.delivery.clauses == ("001-50",)
    assert case.validation.clauses == ("001-51",)
    assert case.erasure.value == date(2027, 1, 6)  # A5: the validation, not 20 December
    assert "001-48" in page and "001-51" in page


def test_the_export_is_one_zip_that_checks(ready, tmp_path):
    names = [document.filename for document in exports(ready)]
    assert names == ["export-001.zip", "MANIFEST.csv", "SHA256SUMS", "VOLUMES.sha256"]
    assert checked(ready, tmp_path / "out") >= 62
    assert ready.opening.state == OpeningState.CLOSED
    assert ready.files == 62


def test_the_customer_needs_the_code(browser, ready, fetch_path):
    client, uid = browser(), exports(ready)[0].uid
    assert uid not in client.get(fetch_path).get_data(as_text=True)
    assert client.get(f"{fetch_path}/{uid}").status_code == 403
    client.post(f"{fetch_path}/code")
    assert client.post(f"{fetch_path}/check", data={"code": "000000x"}).status_code == 422
    assert client.get(f"{fetch_path}/{uid}").status_code == 403


def test_a_forwarded_link_asks_for_a_code_again(browser, ready, passed, fetch_path):
    uid = exports(ready)[0].uid
    assert fetch(passed, f"{fetch_path}/{uid}").status_code == 200
    assert browser().get(f"{fetch_path}/{uid}").status_code == 403


def test_downloads_are_ranged_counted_and_journaled(passed, ready, fetch_path):
    document = exports(ready)[0]
    where = f"{fetch_path}/{document.uid}"
    part = fetch(passed, where, Range="bytes=100-199")
    assert part.status_code == 206 and len(part.data) == 100
    assert part.data == content_of(document)[100:200]
    assert fetch(passed, where).data == content_of(document)
    entries = db.session.scalars(select(JournalEntry).where(JournalEntry.what == "download")).all()
    assert [(one.subject_uid, one.by_label) for one in entries] == [(document.uid, "contact@client.example")]
    page = passed.get(fetch_path).get_data(as_text=True)
    assert document.sha256[48:] in page and "téléchargé une fois" in page and "sha256sum -c" in page


def test_an_expired_or_replaced_link_is_gone(browser, owner, ready, fetch_path, at):
    owner.post(f"/reversibility/{ready.uid}/link")
    assert browser().get(fetch_path).status_code == 410
    newer = link_in(vaulting.last_mail(ready.uid))
    at(datetime(2026, 12, 24, 9, tzinfo=UTC))
    assert browser().get(newer).status_code == 410


def test_staff_never_download_what_was_in_the_vault(browser, house, ready):
    uid = exports(ready)[0].uid
    for person in (house.operator, house.owner, house.technician, house.reader):
        client = browser(person)
        assert client.get(f"/documents/{uid}").status_code == 403
        assert client.get(f"/handed-over/{uid}").status_code == 403


def test_the_signed_in_customer_downloads_and_accepts(browser, customer, ready):
    client = browser(vaulting.a_customer_user(customer))
    uid = exports(ready)[0].uid
    assert fetch(client, f"/handed-over/{uid}", Range="bytes=0-9").status_code == 206
    page = client.get(f"/reversibility/{ready.uid}").get_data(as_text=True)
    assert "J'accepte" in page.replace("&#39;", "'")
    assert client.post(f"/reversibility/{ready.uid}/acceptance", data={}).status_code == 422
    assert client.post(f"/reversibility/{ready.uid}/acceptance", data={"when": "later"}).status_code == 303
    assert client.post(f"/reversibility/{ready.uid}/acceptance", data={"when": "now"}).status_code == 409
    assert stored(ready).state == C.ACCEPTED and ready.erase_now is False


def release(client, case):
    return client.post(f"/reversibility/{case.uid}/erasure", data={"confirm": case.vault.name})


def test_a_whole_life_ends_with_one_sealed_certificate(browser, house, passed, ready, fetch_path, own_vault):
    place, operator = Path(own_vault.location), browser(house.operator)
    assert release(operator, ready).status_code == 409
    assert passed.post(f"{fetch_path}/acceptance", data={"when": "now"}).status_code == 303
    assert browser(house.owner).post(f"/reversibility/{ready.uid}/erasure").status_code == 403
    wrong = operator.post(f"/reversibility/{ready.uid}/erasure", data={"confirm": "x"})
    assert wrong.status_code == 422 and place.exists()
    assert release(operator, ready).status_code == 303
    assert release(operator, ready).status_code == 409
    work()
    assert stored(ready).state == C.ERASED and not place.exists()
    assert all(document.erased for document in exports(ready))
    assert stored(own_vault).state == "erased"
    certificate, back = ready.certificate, ready.return_certificate
    assert ready.return_number == "CR-2026-000001" and "CR-2026-000001" in pdf_text(content_of(back))
    assert check_seal(content_of(back), keyring().seal_certificate_pem).is_sound
    assert ready.certificate_number == "CE-2026-000001" and certificate.filename == "CE-2026-000001.pdf"
    assert check_seal(content_of(certificate), keyring().seal_certificate_pem).is_sound
    text = pdf_text(content_of(certificate))
    for said in ("Boulangerie Martin", own_vault.repository_id, "CE-2026-000001", "contact@client.example"):
        assert said in text, said
    mail = vaulting.last_mail(ready.uid)
    assert mail.attachments == [certificate.uid] and "la copie qui vous a été remise" in mail.body
    assert fetch(browser(house.owner), f"/documents/{certificate.uid}").status_code == 200
    assert passed.get(fetch_path).status_code == 410


def pdf_text(content: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return re.sub(r"\s+", " ", done.stdout.decode())


def test_the_erasure_is_held_until_the_date_of_the_contract(browser, house, passed, ready, fetch_path, at):
    passed.post(f"{fetch_path}/acceptance", data={"when": "later"})
    operator = browser(house.operator)
    assert release(operator, ready).status_code == 422
    at(datetime(2026, 12, 20, 9, tzinfo=UTC))
    assert release(browser(house.operator), ready).status_code == 303


def test_silence_accepts_after_the_delay_and_not_before(ready, at):
    for day, state in (((2026, 12, 14), C.READY), ((2026, 12, 15), C.ACCEPTED)):
        at(datetime(*day, 9, tzinfo=UTC))
        accept_by_silence()
        db.session.commit()
        work()
        assert stored(ready).state == state, day
    assert ready.accepted_by == "portail" and ready.erase_now is False


def test_a_backup_that_came_after_the_copy_is_told(browser, house, passed, ready, fetch_path, own_vault):
    operator, told = browser(house.operator), "après cette copie"
    own_vault.newest_at = ready.delivered_at - timedelta(hours=1)
    db.session.commit()
    assert told not in passed.get(fetch_path).text
    stored(own_vault).newest_at = ready.delivered_at + timedelta(hours=1)
    db.session.commit()
    assert "contestez la remise" in passed.get(fetch_path).text
    passed.post(f"{fetch_path}/acceptance", data={"when": "now"})
    assert "Elle serait effacée" in operator.get(f"/reversibility/{ready.uid}").text
    release(operator, ready)
    work()
    assert told not in operator.get(f"/reversibility/{ready.uid}").text


def test_a_contested_export_is_done_again(browser, owner, passed, ready, fetch_path):
    first = {document.uid for document in exports(ready)}
    assert passed.post(f"{fetch_path}/contestation", data={"reason": ""}).status_code == 422
    assert passed.post(f"{fetch_path}/contestation", data={"reason": "il manque 2024"}).status_code == 303
    assert stored(ready).state == C.CONTESTED
    assert owner.post(f"/reversibility/{ready.uid}/export").status_code == 303
    assert browser().get(fetch_path).status_code == 410
    unlock(browser(), link_in(vaulting.last_mail(ready.uid)))
    work()
    assert stored(ready).state == C.READY and ready.round == 2
    kept = {document.uid for document in exports(ready) if not document.erased}
    assert kept and not kept & first


def test_a_destruction_waits_for_the_customers_word(browser, house, owner, subscription, own_vault):
    ask(owner, subscription, own_vault, reason="destroy")
    case = the_case()
    assert case.state == C.REQUESTED
    operator = browser(house.operator)
    assert operator.post(f"/reversibility/{case.uid}/payment", data=PAID).status_code == 422
    assert operator.post(f"/reversibility/{case.uid}/losses").status_code == 422
    assert release(operator, case).status_code == 409
    path = link_in(vaulting.last_mail(case.uid))
    client = pass_code(browser(), path)
    assert "confirme la destruction" in client.get(path).get_data(as_text=True)
    client.post(f"{path}/acceptance", data={"when": "now"})
    assert release(operator, case).status_code == 303
    work()
    assert stored(case).state == C.ERASED and not Path(own_vault.location).exists()
    assert "copie" not in vaulting.last_mail(case.uid).body, "none was handed over"


def test_a_lost_passphrase_asks_the_customer_again(case, browser, agent, app):
    path = link_in(vaulting.last_mail(case.uid))
    unlock(browser(), path)
    first = case.opening_uid
    work_until_exporting(case)
    vaulting.KeyAgent(Path(app.config["KEY_AGENT_SOCKET"])).forget(first)
    work()
    assert stored(case).state == C.WAITING_FOR_KEY and case.opening_uid != first
    assert case.task.state == TaskState.WAITING
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    work()
    assert stored(case).state == C.READY


def work_until_exporting(case):
    from flask import current_app

    from portal.db import EVERYTHING, set_scope

    for _ in range(20):
        db.session.commit()
        with current_app.app_context():
            assert jobs.run_one()
        set_scope(EVERYTHING)
        db.session.refresh(case)
        if case.state == C.EXPORTING:
            return


def test_a_missing_repository_is_told_and_can_be_retried(
    browser, house, passed, ready, fetch_path, own_vault
):
    place, operator = Path(own_vault.location), browser(house.operator)
    passed.post(f"{fetch_path}/acceptance", data={"when": "now"})
    aside = place.with_name("aside")
    place.rename(aside)
    release(operator, ready)
    work()
    page = operator.get(f"/reversibility/{ready.uid}").get_data(as_text=True)
    assert "Aucun dépôt de sauvegarde" in page and stored(ready).state == C.ERASING
    aside.rename(place)
    operator.post(f"/reversibility/{ready.uid}/retry")
    work()
    assert stored(ready).state == C.ERASED


@pytest.mark.parametrize(
    ("reason", "cents"), [("copy", 150_000), ("switch", 12_345), ("in_house", 12_345), ("destroy", 150_000)]
)
def test_the_fee_is_owed_once_and_the_law_caps_a_switch(browser, house, repository, reason, cents):
    customer = a_customer(house.reseller, accepted="dobaas")
    subscription = vaulting.a_subscription(customer, terms="dobaas", ends_on=date(2026, 12, 24))
    vault = vaulting.a_vault(customer, repository, subscription)
    operator = browser(house.operator)
    assert ask(operator, subscription, vault, reason=reason, cost="123,45").status_code == 303
    case = the_case()
    charge = db.session.scalars(select(Charge).where(Charge.origin == f"reversibility:{case.uid}")).one()
    assert charge.unit_cents == cents and charge.clause == "002-20"
    assert case.delivery is None or case.delivery.value == date(2027, 1, 22)
    assert case.erasure.clauses == ("002-23",)
    assert case.erasure.value == (date(2027, 1, 11) if reason == "destroy" else date(2027, 1, 22))  # A4
    page = operator.get(f"/reversibility/{case.uid}").get_data(as_text=True)
    assert ("L5" in page) and "002-20" in page


def test_one_case_at_a_time_for_a_vault(owner, case, subscription, own_vault):
    assert ask(owner, subscription, own_vault).status_code == 409


def test_a_running_contract_has_nothing_to_hand_back(owner, customer, repository):
    running = vaulting.a_subscription(customer)
    vault = vaulting.a_vault(customer, repository, running)
    assert ask(owner, running, vault).status_code == 422
    page = owner.get(f"/reversibility/new/{running.uid}").get_data(as_text=True)
    assert "pas de date de fin" in page


def test_two_vaults_of_one_name_are_told_apart(owner, customer, subscription, own_vault, repository):
    other = vaulting.a_vault(customer, repository, subscription)
    other.bytes_stored, other.newest_at = 5_000_000_000, datetime(2026, 3, 4, 12, tzinfo=UTC)
    db.session.commit()
    page = owner.get(f"/reversibility/new/{subscription.uid}").get_data(as_text=True)
    labels = re.findall(r"Serveur de fichiers · ([^<]*)", page)
    assert len(labels) == len(set(labels)) == 2 and any("4 mars 2026" in each for each in labels)


def test_after_the_window_only_the_provider_may_still_ask(browser, house, subscription, own_vault, at):
    at(datetime(2026, 12, 28, 9, tzinfo=UTC))
    late = {"received_on": "2026-12-28"}
    assert ask(browser(house.owner), subscription, own_vault, **late).status_code == 422
    assert ask(browser(house.operator), subscription, own_vault, **late).status_code == 303


def test_others_cannot(browser, house, case, subscription, own_vault):
    outsider, reader = browser(an_outsider(house)), browser(house.reader)
    base = f"/reversibility/{case.uid}"
    assert outsider.get(base).status_code == 404
    assert outsider.get(f"/reversibility/new/{subscription.uid}").status_code == 404
    assert ask(outsider, subscription, own_vault).status_code == 404
    assert outsider.post(f"{base}/cancellation").status_code == 404
    assert reader.get(base).status_code == 200
    for verb in (
        "cancellation",
        "key",
        "export",
        "link",
        "erasure",
        "quote",
        "payment",
        "losses",
        "retry",
        "acceptance",
    ):
        assert reader.post(f"{base}/{verb}").status_code == 403
    assert stored(case).state == C.WAITING_FOR_KEY


def test_the_queue_panels_and_progress_are_shown(browser, house, case, customer, owner):
    assert "Coffre 500 Go" in browser(house.operator).get("/reversibility").get_data(as_text=True)
    htmx = {"HX-Request": "true"}
    where = f"/reversibility/{case.uid}/progress"
    assert owner.get(f"{where}?seen=waiting_for_key", headers=htmx).status_code == 200
    assert "HX-Redirect" in owner.get(f"{where}?seen=exporting", headers=htmx).headers
    owner.post(f"/reversibility/{case.uid}/cancellation")
    assert owner.get(f"{where}?seen=cancelled", headers=htmx).status_code == 286


def test_the_customers_page_lists_vaults_restores_and_cases(browser, house, case, customer):
    page = browser(house.reader).get(f"/customers/{customer.uid}").get_data(as_text=True)
    assert "Serveur de fichiers" in page and f"/reversibility/{case.uid}" in page
    assert f"/restore-requests/new/{case.vault.uid}" not in page  # she only reads


@pytest.mark.parametrize("who", ["owner", "customer"])
def test_a_request_without_a_choice_is_answered_beside_the_choice(
    browser, house, customer, subscription, own_vault, who
):
    """The browser leaves the check to the portal, whose sentence stays on the page."""
    person = house.owner if who == "owner" else a_user(customer.organisation, Role.CUSTOMER)
    db.session.commit()
    client = browser(person)
    page = client.get(f"/reversibility/new/{subscription.uid}").text
    assert re.search(r'<form class="panel" method="post" novalidate', page)
    data = {"vault": own_vault.uid, "form": "readable", "received_on": "2026-11-23"}
    answer = client.post(f"/reversibility/new/{subscription.uid}", data=data)
    assert answer.status_code == 422
    assert re.search(r'id="reason-error-1">.*Choisissez une réponse\.', answer.text, re.S)
    assert 'name="received_on"' in page if who == "owner" else 'name="received_on"' not in page
