"""Who holds the key, what the customer signed, and the yearly proof that the passphrase is not lost."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import DatabaseError

from portal import jobs
from portal.blobs import Document, content_of
from portal.crypto.seals import check_seal
from portal.crypto.secrets import keyring
from portal.custody.jobs import ask_for_proofs, due_on
from portal.custody.register import TEXT_VERSION, acknowledgement_of, note_custody, notes_of, shown_text
from portal.db import EVERYTHING, db, set_scope
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import key_agent
from portal.engine.models import Custody, OpeningPurpose, OpeningState, ProofState, openings_of
from portal.journal import SYSTEM, timeline
from portal.mail import mails_about
from tests import vaulting
from tests.builders import stored, work
from tests.conftest import MONDAY
from tests.vaulting import link_in, unlock

NOTE = {
    "custody": "escrow",
    "holder": "Étude et deux associés",
    "email": "etude@client.example",
    "since_on": "2026-11-01",
}
SIGNATURE = {"name": "Claude Exemple", "function": "gérance", "agreed": "y"}


def test_the_holder_is_noted_and_the_earlier_one_stays(browser, house, vault):
    client = browser(house.support)
    address = f"/vaults/{vault.uid}/custody"
    assert address in client.get(f"/vaults/{vault.uid}").text
    assert client.post(address, data=NOTE | {"custody": "reseller", "holder": "Atelier"}).status_code == 303
    assert client.post(address, data=NOTE).status_code == 303
    assert stored(vault).custody == Custody.ESCROW
    last, first = notes_of(vault)
    assert (first.custody, first.holder) == (Custody.RESELLER, "Atelier")
    assert (last.holder, last.email, last.since_on) == (NOTE["holder"], NOTE["email"], date(2026, 11, 1))
    assert last.noted_by == house.support.label
    events = [event for event in timeline(vault) if event.what == "note_custody"]
    assert [(event.before, event.after) for event in events] == [
        ("reseller", "escrow"),
        ("customer", "reseller"),
    ]
    page = client.get(f"/vaults/{vault.uid}").text
    assert "deux personnes sur trois" in page and "Atelier" in page


@pytest.mark.parametrize(
    "wrong", [{"since_on": "2026-11-24"}, {"since_on": ""}, {"holder": " "}, {"email": "x"}, {"custody": "x"}]
)
def test_a_wrong_note_is_refused(browser, house, vault, wrong):
    assert browser(house.support).post(f"/vaults/{vault.uid}/custody", data=NOTE | wrong).status_code == 422
    assert notes_of(vault) == [] and stored(vault).custody == Custody.CUSTOMER


def test_nobody_is_named_when_the_holder_is_unknown(browser, house, vault):
    data = NOTE | {"custody": "unknown", "holder": "", "email": ""}
    assert browser(house.support).post(f"/vaults/{vault.uid}/custody", data=data).status_code == 303
    assert stored(vault).custody == Custody.UNKNOWN


def test_the_customer_signs_and_a_sealed_paper_is_kept(browser, owner, vault):
    client, address = browser(owner), f"/vaults/{vault.uid}/acknowledgement"
    assert "pas encore signé" in client.get(f"/vaults/{vault.uid}").text
    page = client.get(address).text
    assert "sont perdues" in page and address in page
    assert client.post(address, data=SIGNATURE).status_code == 303
    row = acknowledgement_of(vault)
    assert (row.name, row.function, row.account) == ("Claude Exemple", "gérance", owner.label)
    assert (row.signed_at, row.address, row.text_version) == (MONDAY, "127.0.0.1", TEXT_VERSION)
    assert row.text == "\n".join(shown_text())
    paper = db.session.scalars(db.select(Document).where(Document.uid == row.document_uid)).one()
    seal = check_seal(content_of(paper), keyring().seal_certificate_pem)
    assert seal.is_sound and seal.signed_at == MONDAY
    page = client.get(f"/vaults/{vault.uid}").text
    assert "pas encore signé" not in page and f"/documents/{paper.uid}" in page
    assert client.get(f"/documents/{paper.uid}", buffered=True).mimetype == "application/pdf"
    assert client.post(address, data=SIGNATURE).status_code == 409


@pytest.mark.parametrize("missing", ["name", "function", "agreed"])
def test_an_incomplete_signature_is_none(browser, owner, vault, missing):
    data = {name: value for name, value in SIGNATURE.items() if name != missing}
    assert browser(owner).post(f"/vaults/{vault.uid}/acknowledgement", data=data).status_code == 422
    assert acknowledgement_of(vault) is None


@pytest.mark.parametrize("role", ["operator", "technician", "owner", "support", "reader"])
def test_staff_sign_nothing_for_the_customer(browser, house, vault, role):
    answer = browser(getattr(house, role)).post(f"/vaults/{vault.uid}/acknowledgement", data=SIGNATURE)
    assert answer.status_code == 403
    assert acknowledgement_of(vault) is None


# The yearly proof


def proof_asked(vault):
    return [one for one in openings_of(vault) if one.purpose == OpeningPurpose.PROOF]


def test_the_right_passphrase_is_a_proof_and_is_forgotten_at_once(browser, agent, house, vault):
    assert stored(vault).proof_state == ProofState.MISSING
    assert "jamais prouvée" in browser(house.support).get("/vaults").text
    browser(house.support).post(f"/vaults/{vault.uid}/proof")
    mail = vaulting.last_mail(vault.uid)
    assert "toujours la phrase" in mail.subject and "effacée aussitôt" in mail.body
    path, client = link_in(mail), browser()
    assert "essayée une fois" in client.get(path).text
    assert unlock(client, path).status_code == 303
    work()
    (opening,) = proof_asked(stored(vault))
    assert (opening.state, vault.proved_at) == (OpeningState.CLOSED, MONDAY)
    assert vault.proof_state == ProofState.GIVEN and vault.open_until is None
    with pytest.raises(EngineError) as gone:
        key_agent().get(opening.uid)
    assert gone.value.fault == EngineFault.KEY_GONE
    assert "Votre phrase est la bonne" in client.get(path).text
    assert "prouvée" in browser(house.support).get("/vaults").text


def test_a_wrong_passphrase_proves_nothing(browser, agent, house, vault):
    browser(house.support).post(f"/vaults/{vault.uid}/proof")
    path, client = link_in(vaulting.last_mail(vault.uid)), browser()
    unlock(client, path, "autre")
    work()
    assert stored(vault).proved_at is None
    assert "ouvre pas ce dépôt" in client.get(path).text


def test_the_customer_proves_it_in_her_own_space(browser, agent, owner, vault):
    client = browser(owner)
    answer = client.post(f"/vaults/{vault.uid}/proof")
    assert re.fullmatch(r"/vault-openings/\w{16}", answer.headers["Location"])
    assert unlock(client, answer.headers["Location"]).status_code == 303
    work()
    assert stored(vault).proof_state == ProofState.GIVEN


def test_a_proof_grows_old_after_a_year(vault, at):
    vault.proved_at = MONDAY
    at(MONDAY + timedelta(days=365, seconds=-1))
    assert vault.proof_state == ProofState.GIVEN
    at(MONDAY + timedelta(days=365))
    assert vault.proof_state == ProofState.OLD


def run(at, day: int) -> None:
    at(MONDAY + timedelta(days=day))
    ask_for_proofs()
    db.session.commit()


def test_it_is_asked_for_with_two_reminders_then_a_year_later(vault, at):
    sent = []
    for day in (29, 30, 31, 36, 37, 50, 51, 52, 200, 394, 395, 396, 402):
        run(at, day)
        sent.append((day, len(proof_asked(vault))))
    assert sent == [
        (29, 0),
        (30, 1),
        (31, 1),
        (36, 1),
        (37, 2),
        (50, 2),
        (51, 3),
        (52, 3),
        (200, 3),
        (394, 3),
        (395, 4),
        (396, 4),
        (402, 5),
    ]
    states = [one.state for one in proof_asked(vault)]
    assert states == [OpeningState.ASKED] + [OpeningState.CLOSED] * 4
    assert len(mails_about(vault)) == 5


def test_a_given_proof_is_asked_for_again_a_year_later(vault, at):
    vault.proved_at = MONDAY
    assert due_on(vault) == date(2027, 11, 23)
    run(at, 364)
    assert proof_asked(vault) == []
    run(at, 365)
    assert len(proof_asked(vault)) == 1


def test_nothing_is_asked_of_an_empty_or_erased_vault(vault, at):
    vault.snapshots = 0
    run(at, 40)
    vault.snapshots = 2
    vault.erase(by=SYSTEM)
    run(at, 41)
    assert proof_asked(vault) == []


def test_the_calendar_runs_it_once_a_day(vault, at):
    at(MONDAY + timedelta(days=30))
    for _ in range(2):
        jobs.run_periodic()
    set_scope(EVERYTHING)
    assert len(proof_asked(vault)) == 1


def test_a_restoration_is_a_proof_too(vault, agent, browser):
    from portal.customers.models import ContactRole
    from portal.engine.models import ask_for_key

    ask_for_key(vault, purpose=OpeningPurpose.RESTORE, subject=vault, role=ContactRole.TECHNICAL, by=SYSTEM)
    db.session.commit()
    unlock(browser(), link_in(vaulting.last_mail(vault.uid)))
    work()
    assert stored(vault).proof_state == ProofState.GIVEN
    assert vault.open_until is not None


@pytest.mark.parametrize(
    ("custody", "asked"),
    [
        (Custody.CUSTOMER, "gardienne@client.example"),
        (Custody.ESCROW, "gardienne@client.example"),
        (Custody.RESELLER, "contact@client.example"),
    ],
)
def test_who_holds_the_passphrase_is_asked_for_the_proof(vault, at, custody, asked):
    note_custody(
        vault, custody, holder="Étude", email="gardienne@client.example", since_on=MONDAY.date(), by=SYSTEM
    )
    run(at, 40)
    assert proof_asked(vault)[0].recipient == asked


@pytest.mark.parametrize("change", ["UPDATE custody_note SET holder = 'X'", "DELETE FROM custody_note"])
def test_the_database_keeps_the_register(vault, change):
    note_custody(vault, Custody.CUSTOMER, holder="A", email="", since_on=MONDAY.date(), by=SYSTEM)
    db.session.commit()
    with pytest.raises(DatabaseError, match=r"frozen|permission denied"), db.session.begin_nested():
        db.session.execute(db.text(change))


@pytest.mark.parametrize("change", ["UPDATE {} SET name = 'X'", "DELETE FROM {}"])
def test_the_database_keeps_what_was_signed(browser, owner, vault, change):
    browser(owner).post(f"/vaults/{vault.uid}/acknowledgement", data=SIGNATURE)
    with pytest.raises(DatabaseError, match=r"frozen|permission denied"), db.session.begin_nested():
        db.session.execute(db.text(change.format("loss_acknowledgement")))
