"""The customer types the passphrase; nobody else, nowhere else."""

import base64
import re
import shutil
from datetime import timedelta

import pytest

from portal import clock
from portal.customers.models import ContactRole
from portal.db import db
from portal.engine.browser_seal import seal
from portal.engine.installed import key_agent
from portal.engine.jobs import PASSING_ATTEMPTS
from portal.engine.models import OpeningPurpose, OpeningState, Vault, VaultOpening, VaultState, ask_for_key
from portal.jobs import find_task
from portal.journal import SYSTEM, JournalEntry
from portal.mail import Mail
from tests import vaulting
from tests.builders import an_outsider, stored, work
from tests.conftest import MONDAY
from tests.engine.servers import rest_server
from tests.vaulting import link_in, unlock

O = OpeningState  # noqa: E741

ALLOWED = {  # copied from the procedure of an opening, not from the code
    (O.ASKED, "consent"),
    (O.CHECKING, "confirm"),
    (O.CHECKING, "refuse"),
    (O.CHECKING, "block"),
    (O.ASKED, "close"),
    (O.CHECKING, "close"),
    (O.OPEN, "close"),
}


@pytest.fixture
def opening(vault) -> VaultOpening:
    row = ask_for_key(
        vault, purpose=OpeningPurpose.RESTORE, subject=vault, role=ContactRole.TECHNICAL, by=SYSTEM
    )
    db.session.commit()
    return row


@pytest.fixture
def path(opening, vault) -> str:
    return link_in(vaulting.last_mail(vault.uid))


@pytest.mark.parametrize("state", OpeningState)
@pytest.mark.parametrize("step", VaultOpening.steps)
def test_only_the_listed_steps_of_an_opening_exist(app, state, step):
    assert VaultOpening(organisation=_Nobody(), state=state).can(step) == ((state, step) in ALLOWED)


@pytest.mark.parametrize(("state", "can"), [(VaultState.ACTIVE, True), (VaultState.ERASED, False)])
def test_only_an_active_vault_is_erased(app, state, can):
    assert Vault(organisation=_Nobody(), state=state).can("erase") is can


class _Nobody:
    id, org_path = 1, "/x/"


def test_the_right_passphrase_opens_the_vault(browser, agent, opening, path):
    client = browser()
    assert "Phrase secrète" in client.get(path).get_data(as_text=True)
    assert unlock(client, path).status_code == 303
    waiting = client.get(path)
    assert waiting.headers["Refresh"] == "2"
    work()
    assert stored(opening).state == O.OPEN
    assert opening.consented_by == "contact@client.example"
    assert opening.consent_address == "127.0.0.1"
    assert opening.vault.open_until == MONDAY + timedelta(hours=4)
    assert len(opening.vault.repository_id) == 64
    assert "Votre coffre est ouvert" in client.get(path).get_data(as_text=True)


def test_an_opening_ends_by_itself(browser, agent, opening, path, at):
    unlock(browser(), path)
    work()
    at(MONDAY + timedelta(hours=5))
    assert opening.vault.open_until is None
    assert not opening.is_open


def test_a_wrong_passphrase_may_be_typed_five_times(browser, agent, opening, path):
    client = browser()
    for left in (4, 3, 2):
        unlock(client, path, "autre")
        work()
        page = client.get(path).get_data(as_text=True)
        assert "ouvre pas ce dépôt" in page
        assert f"Il reste {left} essais" in page
    for _ in range(2):
        unlock(client, path, "autre")
        work()
    assert stored(opening).state == O.BLOCKED
    assert "Trop d" in client.get(path).get_data(as_text=True)
    assert unlock(client, path).status_code == 409


def test_a_place_that_is_no_repository_is_said_clearly(browser, agent, opening, path, tmp_path):
    opening.vault.location = str(tmp_path)
    db.session.commit()
    client = browser()
    unlock(client, path)
    work()
    assert "Aucun dépôt de sauvegarde" in client.get(path).get_data(as_text=True)
    assert stored(opening).state == O.ASKED


def test_without_the_agent_nothing_is_recorded(browser, opening, path):
    answer = unlock(browser(), path)
    assert answer.status_code == 422
    assert "ne fonctionne pas en ce moment" in answer.get_data(as_text=True)
    assert stored(opening).state == O.ASKED
    assert opening.consented_by is None


def test_without_consent_the_passphrase_is_not_used(browser, agent, opening, path):
    client = browser()
    sealed = vaulting.sealed_for(client.get(path).text, vaulting.SECRET)
    answer = client.post(path, data={"sealed": sealed})
    assert answer.status_code == 422
    assert vaulting.SECRET not in answer.get_data(as_text=True)
    assert stored(opening).state == O.ASKED


def test_twice_is_refused(browser, agent, opening, path):
    client = browser()
    assert unlock(client, path).status_code == 303
    assert unlock(client, path).status_code == 409


@pytest.mark.parametrize("role", ["technician", "owner", "support", "operator"])
def test_staff_cannot_type_it_even_with_the_link(browser, house, agent, opening, path, role):
    client = browser(getattr(house, role))
    assert client.get(path).status_code == 403
    assert unlock(client, path).status_code == 403
    assert client.get(f"/vault-openings/{opening.uid}").status_code == 403
    assert stored(opening).state == O.ASKED


def test_the_customer_may_type_it_in_her_own_space(browser, agent, opening, customer):
    user = vaulting.a_customer_user(customer)
    client = browser(user)
    where = f"/vault-openings/{opening.uid}"
    assert client.get(where).status_code == 200
    assert unlock(client, where).status_code == 303
    work()
    assert stored(opening).state == O.OPEN
    assert opening.consented_by == user.name


def test_an_unknown_or_expired_link_opens_nothing(browser, opening, path, at):
    assert browser().get("/unlock/nothing").status_code == 404
    at(MONDAY + timedelta(days=8))
    assert browser().get(path).status_code == 410


def test_what_was_sealed_for_another_opening_is_refused(browser, agent, vault, opening, path):
    client = browser()
    other = ask_for_key(
        vault, purpose=OpeningPurpose.RESTORE, subject=opening, role=ContactRole.TECHNICAL, by=SYSTEM
    )
    point = key_agent().point(other.uid, 60)
    stolen = base64.urlsafe_b64encode(seal(point, other.uid, vaulting.SECRET.encode())).decode()
    for nonsense in (stolen, "", "????", "AAAA", vaulting.SECRET):
        answer = client.post(path, data={"sealed": nonsense, "consent": "y"})
        assert answer.status_code == 422, nonsense
        assert "field-error" in answer.text
    assert stored(opening).state == O.ASKED and opening.tries == 0


def test_the_page_has_no_field_that_carries_the_passphrase(browser, agent, opening, path):
    page = browser().get(path).text
    typed = re.search(r"<input[^>]*data-passphrase[^>]*>", page)[0]
    assert "name=" not in typed
    assert re.search(r"<button[^>]*disabled", page), "without its script the form sends nothing"


def test_the_passphrase_is_nowhere_but_in_the_agent(browser, agent, app, opening, path, caplog):
    unlock(browser(), path)
    work()
    assert vaulting.SECRET not in vaulting.text_of_every_column()
    assert vaulting.SECRET not in caplog.text
    secret = vaulting.SECRET.encode()
    for file in app.config["DATA_DIR"].rglob("*"):
        if file.is_file():
            assert secret not in file.read_bytes(), file
    with pytest.raises(TypeError):
        __import__("pickle").dumps(key_agent().get(opening.uid))


def test_staff_see_the_wall_and_outsiders_a_missing_page(browser, house, vault):
    assert vault.name in browser(house.support).get("/vaults").get_data(as_text=True)
    assert browser(house.owner).get(f"/vaults/{vault.uid}").status_code == 200
    assert browser(an_outsider(house)).get(f"/vaults/{vault.uid}").status_code == 404
    assert browser(house.finance).get("/vaults").status_code == 403


def test_measuring_needs_no_key(vault, tmp_path):
    from portal import jobs
    from portal.db import EVERYTHING, set_scope
    from portal.engine.jobs import measure_every_vault

    measure_every_vault()
    db.session.commit()
    work()
    assert stored(vault).snapshots == 2
    assert vault.bytes_stored > 1000
    assert vault.measured_at == MONDAY
    vault.location = str(tmp_path / "nothing")
    jobs.enqueue("vault.measure", f"{vault.uid}:again", vault.customer.organisation)
    db.session.commit()
    work()
    set_scope(EVERYTHING)
    assert "Aucun dépôt" in stored(vault).measure_problem
    assert clock.now() == MONDAY


# The storage fails, not the phrase


def at_a_server(vault, address):
    vault.location = address
    db.session.commit()
    return vault


def test_a_server_that_wants_a_password_opens_with_the_providers_own(
    browser, agent, vault, opening, path, repository, monkeypatch
):
    monkeypatch.setenv("VAULT_RESTIC_REST_USERNAME", "coffres")
    monkeypatch.setenv("VAULT_RESTIC_REST_PASSWORD", "canari p/@:é%")
    with rest_server(repository, "--user", "coffres", "--pass", "canari p/@:é%") as address:
        at_a_server(vault, address)
        unlock(browser(), path)
        work()
        assert stored(opening).state == O.OPEN and len(opening.vault.repository_id) == 64


def test_a_fault_of_the_storage_costs_no_try(browser, agent, vault, opening, path, repository):
    client = browser()
    with rest_server(repository, "--user", "coffres", "--pass", "canari-77") as address:
        at_a_server(vault, address)
        for _ in range(7):
            assert unlock(client, path).status_code == 303
            work()
            assert stored(opening).state == O.ASKED and opening.tries_left == 5
    said = client.get(path).text
    assert "refuse l&#39;accès" in said and "Cet essai ne compte pas" in said and "canari-77" not in said
    at_a_server(vault, str(repository))
    for left in (4, 3):
        unlock(client, path, "autre")
        work()
        assert stored(opening).tries_left == left
    assert "Cet essai ne compte pas" not in client.get(path).text
    unlock(client, path)
    work()
    assert stored(opening).state == O.OPEN


def test_wrong_phrases_still_end_after_spared_ones(browser, agent, vault, opening, path, repository):
    client = browser()
    for place, times in ((repository / "nothing", 2), (repository, 5)):
        at_a_server(vault, str(place))
        for _ in range(times):
            unlock(client, path, "autre")
            work()
    assert stored(opening).state == O.BLOCKED


def test_a_server_that_does_not_answer_is_tried_again_first(browser, agent, vault, opening, path):
    at_a_server(vault, "rest:http://127.0.0.1:1/")
    unlock(browser(), path)
    work()
    assert stored(opening).state == O.CHECKING, "put off, not refused"
    task = find_task("vault.open", f"{opening.uid}:1")
    task.put_off, task.not_before = PASSING_ATTEMPTS, 0
    db.session.commit()
    work()
    assert stored(opening).state == O.ASKED and opening.tries_left == 5


def test_a_repository_that_opens_as_another_vault_is_told(
    browser, house, agent, vault, opening, path, tmp_path, repository
):
    """A copy that was brought to another format has another config; its id stays."""
    shutil.copytree(repository, tmp_path / "copy")
    twin = vaulting.a_vault(vault.customer, tmp_path / "copy")
    twin.repository_id = vaulting.repository_id(repository)
    db.session.commit()
    unlock(browser(), path)
    work()
    assert stored(opening).state == O.OPEN
    told = db.session.scalars(db.select(JournalEntry).where(JournalEntry.what == "is_shared")).one()
    assert told.subject_uid == vault.uid
    assert (
        twin.uid
        in db.session.scalars(db.select(Mail).where(Mail.recipient == house.operator.email)).one().body
    )
