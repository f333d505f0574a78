"""What is handed back is looked at and chosen before the copy begins, or is the latest of all."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.blobs import content_of
from portal.db import EVERYTHING, db, set_scope
from portal.engine.installed import forget_passphrase
from portal.jobs import TaskState
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.privacy.jobs import ask_to_expire
from portal.reversibility.calendar_jobs import go_on_without_choice
from portal.reversibility.models import CaseState
from tests import vaulting
from tests.builders import stored, work
from tests.conftest import MONDAY
from tests.engine.builders import a_backup, a_repository
from tests.reversibility.test_older_points import page_of, rows, sweep
from tests.reversibility.test_views import ask, exports, pass_code, pdf_text, the_case
from tests.vaulting import SECRET, link_in, unlock

pytestmark = pytest.mark.slow
C = CaseState


@pytest.fixture
def points(tmp_path):
    """A container under two names, and a machine whose newest point holds one file of six."""
    web, data = tmp_path / "web", tmp_path / "data"
    for place, count in ((web, 2), (data, 6)):
        place.mkdir()
        for index in range(count):
            (place / f"f{index}.txt").write_text(f"{place.name} {index}\n" * 30)
    repo = a_repository(tmp_path / "depot", SECRET)
    made = {"whole": a_backup(repo, data, host="srv", secret=SECRET)}
    for index in range(1, 6):
        (data / f"f{index}.txt").unlink()
    (data / "f0.txt").write_text("chiffré")
    made["small"] = a_backup(repo, data, host="srv", secret=SECRET)
    made["old"] = a_backup(repo, web, host="web-a1", secret=SECRET)
    made["new"] = a_backup(repo, web, host="web-b2", secret=SECRET)
    return repo, made


@pytest.fixture
def case(points, browser, house, agent, customer, subscription):
    vault = vaulting.a_vault(customer, Path(points[0].location), subscription)
    ask(browser(house.owner), subscription, vault)
    case = the_case()
    yield case
    sweep(case.uid)


@pytest.fixture
def operator(browser, house):
    return lambda: browser(house.operator)


@pytest.fixture
def hers(browser, customer):
    return browser(vaulting.a_customer_user(customer))


def open_it(browser, case) -> None:
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    work()


@pytest.fixture
def choosing(case, hers, browser):
    """The customer has asked to choose, and her vault is open: srv is 0, web-a1 is 1, web-b2 is 2."""
    assert "Choisir ce qui est remis" in page_of(hers, case)
    assert hers.post(f"/reversibility/{case.uid}/choice/request").status_code == 303
    open_it(browser, case)
    assert stored(case).state == C.CHOOSING and not exports(case)
    return case


def test_what_will_be_handed_back_is_shown_with_what_deserves_a_look(choosing, hers):
    assert "/handover-choice/" in vaulting.last_mail(choosing.uid).body
    page = page_of(hers, choosing, "/choice")
    assert "2 noms semblent une seule machine" in page and "la plus récente, web-b2" in page
    assert page.count("Bien plus petit que le point d'avant (6 fichiers") == 1
    assert page.count("<select") == 3


def test_a_customer_leaves_a_machine_out_and_takes_an_older_point(choosing, hers, points, browser):
    made = points[1]
    path = f"/reversibility/{choosing.uid}/choice"
    assert hers.post(path, data={"point-0": "", "point-1": "", "point-2": ""}).status_code == 422
    assert hers.post(path, data={"point-0": "f" * 64}).status_code == 422
    assert hers.post(path, data={"before": "2020-01-01T00:00"}).status_code == 422
    assert stored(choosing).state == C.CHOOSING
    data = {"point-0": made["whole"].id, "one-0": "y"}
    assert hers.post(path, data=data).status_code == 303
    forget_passphrase(choosing.opening_uid)
    work()
    assert stored(choosing).state == C.WAITING_FOR_KEY, "what was chosen outlives the passphrase"
    open_it(browser, choosing)
    assert stored(choosing).state == C.READY and choosing.files == 8
    chosen = rows(choosing, "CHOICE.csv")
    assert [(row["machine"], row["decision"]) for row in chosen] == [("srv", "older"), ("web-a1", "left_out")]
    assert chosen[0]["point"] == made["whole"].time.isoformat() and chosen[0]["by"]
    assert "web-a1" in page_of(hers, choosing)
    fetch = link_in(vaulting.last_mail(choosing.uid))
    pass_code(browser(), fetch).post(f"{fetch}/acceptance", data={"when": "later"})
    work()
    certificate = " ".join(pdf_text(content_of(stored(choosing).return_certificate)).split())
    assert "Ce qui a été choisi" in certificate and "non remis" in certificate
    assert hers.post(path, data=data).status_code in (409, 422), "the copy has begun: the choice is frozen"


def the_code(case) -> str:
    return re.search(r"(\d{3}) (\d{3})", vaulting.last_mail(case.uid).body).expand(r"\1\2")


def test_001_50_who_has_no_account_chooses_by_her_link_and_a_code(choosing, browser, points):
    made, path = points[1], link_in(vaulting.last_mail(choosing.uid))
    somebody = browser()
    before = somebody.get(path)
    assert before.status_code == 200 and "web-b2" not in before.text and "Recevoir mon code" in before.text
    assert somebody.post(f"{path}/code").status_code == 303
    page = somebody.get(path).text
    assert page.count("<select") == 3 and "Bien plus petit que le point d'avant" in page
    data = {"point-0": made["whole"].id, "point-1": "", "name": "Jeanne Roux, gérante"}
    code = the_code(choosing)
    wrong = somebody.post(path, data=data | {"code": f"{(int(code) + 1) % 10**6:06d}"})
    assert wrong.status_code == 422 and stored(choosing).state == C.CHOOSING
    assert f'value="{made["whole"].id}" selected' in wrong.text, "what she chose is still there"
    older = somebody.post(path, data=data | {"code": code, "before": "2020-01-01T00:00"})
    assert older.status_code == 422 and stored(choosing).state == C.CHOOSING
    assert somebody.post(f"{path}/code").status_code == 303
    assert somebody.post(path, data=data | {"code": the_code(choosing)}).status_code == 303
    assert stored(choosing).choice.chosen_by.startswith("Jeanne Roux, gérante (")
    assert "Votre choix est gardé" in somebody.get(path).text
    assert somebody.post(path, data=data).status_code == 409
    work()
    assert stored(choosing).state == C.READY and choosing.files == 8


def test_c_civ_2224_names_in_a_choice_are_sealed_and_go_five_years_after(choosing, hers, at, operator):
    hers.post(f"/reversibility/{choosing.uid}/choice", data={"point-1": ""})
    assert "web-a1" not in vaulting.text_of_every_column()
    stored(choosing).cancel(by=SYSTEM)
    db.session.commit()
    for day, has_gone in ((24, False), (26, True)):
        at(datetime(2031, 11, day, 12, tzinfo=UTC))
        set_scope(EVERYTHING)
        ask_to_expire()
        work()
        set_scope(EVERYTHING)
        assert stored(choosing).choice.is_forgotten is has_gone
    assert choosing.choice.groups == [] and choosing.choice.chosen_by == ""
    assert "n'est plus gardé" in page_of(operator(), choosing, "/choice")
    assert "Choix de ce qui est rendu" in operator().get("/privacy/retention").text


def after(at, hours) -> None:
    at(MONDAY + timedelta(hours=hours))
    set_scope(EVERYTHING)
    go_on_without_choice()
    db.session.commit()
    work()
    set_scope(EVERYTHING)


def test_001_50_without_a_choice_in_time_the_latest_of_everything_leaves(case, hers, browser, at, points):
    (Path(points[0].location) / "snapshots" / points[1]["whole"].id).unlink()  # so that nothing has shrunk
    hers.post(f"/reversibility/{case.uid}/choice/request")
    open_it(browser, case)
    after(at, 47)
    assert stored(case).state == C.CHOOSING
    after(at, 49)
    assert stored(case).state == C.READY and case.files == 5
    assert "CHOICE.csv" not in {document.filename for document in exports(case)}


def test_001_50_a_shrunken_newest_point_holds_the_copy_then_both_leave(case, browser, at, operator, points):
    open_it(browser, case)
    assert stored(case).state == C.CHOOSING and not exports(case), "nobody has asked to choose"
    assert "bien plus petit que celui d'avant" in vaulting.last_mail(case.uid).body
    assert "un dernier point a bien rétréci" in operator().get("/").text
    after(at, 47)
    assert stored(case).state == C.CHOOSING and case.choice.reminded_at is None
    after(at, 49)
    assert stored(case).state == C.CHOOSING and case.choice.reminded_at is not None
    assert vaulting.last_mail(case.uid).kind == "reversibility/mail_shrunk"
    assert browser().get(link_in(vaulting.last_mail(case.uid))).status_code == 200
    after(at, 68)
    assert stored(case).state == C.CHOOSING
    after(at, 70)
    assert stored(case).state == C.READY and case.files == 11
    told = db.session.scalars(select(Mail).where(Mail.kind == "reversibility/mail_both_points")).one()
    assert "1 machine" in told.body
    (also,) = [row for row in rows(case, "CHOICE.csv") if row["decision"] == "also"]
    assert also["machine"] == "srv" and also["point"] == points[1]["whole"].time.isoformat()
    assert "aussi le point du" in page_of(operator(), case)


def test_only_she_chooses_or_the_operator_at_her_written_word(choosing, browser, house, points):
    path, made = f"/reversibility/{choosing.uid}/choice", points[1]
    data = {"point-0": made["whole"].id}
    refused = browser(house.owner).post(path, data=data | {"word": "x"})
    assert refused.status_code == 422 and "Seul le client choisit" in refused.text
    operator = browser(house.operator)
    silent = operator.post(path, data=data)
    assert silent.status_code == 422 and "Recopiez la demande écrite" in silent.text
    assert operator.post(path, data=data | {"word": "Prenez l'état du 20"}).status_code == 303
    work()
    assert stored(choosing).state == C.READY
    (row,) = rows(choosing, "CHOICE.csv")
    assert row["word"] == "Prenez l'état du 20" and "operator" in row["by"].lower()


def test_a_chosen_point_that_has_gone_is_said_and_nothing_takes_its_place(choosing, hers, points, browser):
    repo, made = points
    hers.post(f"/reversibility/{choosing.uid}/choice", data={"point-0": made["whole"].id})
    gone = Path(repo.location) / "snapshots" / made["whole"].id
    content = gone.read_bytes()
    gone.unlink()
    work()
    assert stored(choosing).state == C.EXPORTING and choosing.task.state == TaskState.FAILED
    assert not exports(choosing)
    page = page_of(hers, choosing)
    assert "Ce point de restauration n'existe plus" in page and "choisir de nouveau" in page
    assert hers.post(f"/reversibility/{choosing.uid}/choice/again").status_code == 303
    work()
    assert stored(choosing).state == C.CHOOSING and len(choosing.choice.groups[0].points) == 1
    gone.write_bytes(content)


def test_many_groups_wait_for_a_look_although_nobody_has_asked(case, browser, app, monkeypatch):
    monkeypatch.setitem(app.config, "CHOICE_GROUPS", 2)
    open_it(browser, case)
    assert stored(case).state == C.CHOOSING


def test_nobody_is_asked_where_nobody_wanted_to_be(case, browser, points):
    (Path(points[0].location) / "snapshots" / points[1]["whole"].id).unlink()  # so that nothing has shrunk
    open_it(browser, case)
    assert stored(case).state == C.READY and case.files == 5
