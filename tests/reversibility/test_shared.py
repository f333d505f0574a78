"""A repository that is somebody else's vault too is never destroyed."""

from pathlib import Path

import pytest

from portal.db import db
from portal.engine.models import VaultState, register_vault
from portal.engine.sole import twins_of
from portal.jobs import TaskState, find_task
from portal.mail import Mail
from portal.reversibility.models import CaseState as C
from tests import vaulting
from tests.builders import a_customer, stored, work
from tests.reversibility.test_views import ask, pass_code, release, the_case
from tests.vaulting import link_in


@pytest.fixture
def accepted(browser, house, subscription, own_vault):
    """The customer wants the vault destroyed, now."""
    ask(browser(house.owner), subscription, own_vault, reason="destroy")
    path = link_in(vaulting.last_mail(the_case().uid))
    pass_code(browser(), path).post(f"{path}/acceptance", data={"when": "now"})
    return the_case()


@pytest.fixture
def neighbour(house):
    return a_customer(house.other, name="Étude du Port", siren=None)


def from_before(customer, location):
    """Attached when nobody looked whether the repository was a vault already."""
    vault = register_vault(customer, name="Archives", location=str(location))
    vault.place_index = None
    db.session.commit()
    return vault


def files_in(vault):
    return sum(one.is_file() for one in Path(vault.location).rglob("*"))


def test_the_order_is_refused_and_names_the_other_to_the_operator_alone(
    browser, house, accepted, own_vault, neighbour
):
    from_before(neighbour, own_vault.location)
    answer = release(browser(house.operator), accepted)
    assert answer.status_code == 422
    assert "Étude du Port" in answer.text and "Archives" in answer.text
    assert stored(accepted).state == C.ACCEPTED
    work()
    assert files_in(own_vault)


@pytest.mark.parametrize("known_by", ["place", "identity", "repository_id"])
def test_a_twin_that_comes_later_stops_the_work_itself(
    browser, house, accepted, own_vault, neighbour, tmp_path, known_by
):
    assert release(browser(house.operator), accepted).status_code == 303
    assert stored(accepted).state == C.ERASING
    (tmp_path / "alias").symlink_to(own_vault.location)
    twin = from_before(neighbour, tmp_path / ("alias" if known_by == "place" else "elsewhere"))
    if known_by == "identity":
        own = stored(own_vault)
        own.identify(vaulting.fingerprint(own.repo))
        twin.identity_index, own.identity_index = own.identity_index, None
    if known_by == "repository_id":
        twin.repository_id = own_vault.repository_id = "ab" * 32
    db.session.commit()
    before = files_in(own_vault)
    work()
    case = stored(accepted)
    assert case.state == C.ERASING and files_in(own_vault) == before > 0
    task = find_task(case.task_kind, case.task_ref)
    assert task.state == TaskState.FAILED
    for page in (browser(house.operator), browser(house.owner)):
        text = page.get(f"/reversibility/{case.uid}").text
        assert "rien n'est détruit" in text.replace("&#39;", "'") and "Étude" not in text
    mail = db.session.scalars(db.select(Mail).where(Mail.recipient == house.operator.email)).one()
    assert twin.uid in mail.body
    twin.state = VaultState.ERASED
    db.session.commit()
    assert browser(house.operator).post(f"/reversibility/{case.uid}/retry").status_code == 303
    work()
    assert stored(accepted).state == C.ERASED and not Path(own_vault.location).exists()


def test_a_vault_alone_has_no_twin(accepted, own_vault):
    assert twins_of(own_vault) == []
