"""A damaged vault: completed from older points before anybody gives something up, in figures that agree."""

import csv
import shutil
from pathlib import Path

import pytest

from portal.blobs import content_of
from portal.engine.installed import private_folder
from portal.jobs import TaskState
from portal.reversibility.models import CaseState
from tests import vaulting
from tests.builders import stored, work
from tests.engine.builders import a_backup, a_repository
from tests.engine.test_salvage import node_at, spoil
from tests.reversibility.test_views import ask, checked, exports, pass_code, pdf_text, the_case
from tests.vaulting import SECRET, link_in, unlock

pytestmark = pytest.mark.slow
C = CaseState


@pytest.fixture
def points(tmp_path):
    """One machine with two points: eight files, then one more, and no list of the newer folder."""
    source = tmp_path / "srv"
    for folder in ("etc", "many"):
        (source / folder).mkdir(parents=True)
        for index in range(4):
            (source / folder / f"{folder}{index}.txt").write_text(f"{folder} {index}\n" * 9)
    repo = a_repository(tmp_path / "depot", SECRET)
    first = a_backup(repo, source, host="srv-a", secret=SECRET)
    (source / "neuf.txt").write_text("neuf")
    second = a_backup(repo, source, host="srv-a", secret=SECRET)
    return repo, source, first, second, node_at(repo, second.id, source, SECRET)["subtree"]


@pytest.fixture
def damaged(points, browser, house, agent, customer, subscription):
    """A case whose export has met the damage."""
    repo, broken = points[0], points[-1]
    spoil(repo, broken, SECRET)
    vault = vaulting.a_vault(customer, Path(repo.location), subscription)
    ask(browser(house.owner), subscription, vault)
    case = the_case()
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    work()
    assert stored(case).state == C.EXPORTING and case.task.state == TaskState.FAILED
    yield case
    sweep(case.uid)


def sweep(uid: str) -> None:
    """The folder of exports serves other tests: nothing of an unfinished one stays."""
    for path in private_folder("exports").glob(f"{uid}-*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def rows(case, name: str) -> list[dict[str, str]]:
    document = next(one for one in exports(case) if one.filename == name)
    return list(csv.DictReader(content_of(document).decode().splitlines()))


def page_of(client, case, below: str = "") -> str:
    text = client.get(f"/reversibility/{case.uid}{below}").text
    return " ".join(text.replace("&#39;", "'").replace("’", "'").replace("\u00a0", " ").split())


def test_the_older_points_are_offered_first_and_no_number_of_files_is_told(browser, house, damaged):
    page = page_of(browser(house.operator), damaged)
    assert "1 dossier au contenu inconnu" in page and "fichiers du coffre ne se lisent plus" not in page
    assert page.index("Compléter par les points plus anciens") < page.index("Remettre ce qui est lisible")
    assert browser(house.owner).post(f"/reversibility/{damaged.uid}/completion").status_code == 403
    assert "Compléter" not in page_of(browser(house.owner), damaged)


def test_what_is_missing_comes_from_the_older_point_and_every_figure_agrees(
    browser, house, damaged, points, tmp_path
):
    case, first = damaged, points[2]
    operator = browser(house.operator)
    assert operator.post(f"/reversibility/{case.uid}/completion").status_code == 303
    work()
    assert stored(case).state == C.READY and not case.with_losses
    assert (case.files, case.older_files, case.older_folders, case.unreadable) == (8, 8, 1, None)
    manifest, older = rows(case, "MANIFEST.csv"), rows(case, "OLDER.csv")
    assert len(manifest) == case.files
    assert {row["older_point"] for row in manifest} == {first.time.isoformat()}
    assert [row["type"] for row in older].count("file") == case.older_files
    assert "LOST.csv" not in {document.filename for document in exports(case)}
    assert checked(case, tmp_path / "out") >= 8
    page = page_of(operator, case)
    assert "8 de points plus anciens" in page and "le contenu d'1 dossier" in page
    path = link_in(vaulting.last_mail(case.uid))
    client = pass_code(browser(), path)
    assert "8 de points plus anciens" in client.get(path).text.replace("\u00a0", " ")
    client.post(f"{path}/acceptance", data={"when": "later"})
    work()
    certificate = " ".join(pdf_text(content_of(stored(case).return_certificate)).split())
    assert "De points plus anciens 8 fichiers" in certificate and "OLDER.csv" in certificate
    assert "pas pu être rendu" not in certificate


def test_what_no_point_gives_waits_for_a_decision_on_true_figures(browser, house, damaged, points):
    repo, source, first, _second, _broken = points
    case, operator = damaged, browser(house.operator)
    spoil(repo, node_at(repo, first.id, source / "many", SECRET)["subtree"], SECRET)
    operator.post(f"/reversibility/{case.uid}/completion")
    work()
    assert stored(case).state == C.EXPORTING and case.awaits_decision and not exports(case)
    assert (case.unreadable, case.unknown_folders, case.older_files) == (1, 1, 4)
    page = page_of(operator, case)
    assert "1 dossier perdu, au contenu inconnu" in page and "Compléter par" not in page
    assert operator.post(f"/reversibility/{case.uid}/completion").status_code in (303, 409, 422)
    assert operator.post(f"/reversibility/{case.uid}/losses").status_code == 303
    work()
    assert stored(case).state == C.READY and case.files == 4
    lost = rows(case, "LOST.csv")
    assert [(row["path"], row["type"]) for row in lost] == [(str(source / "many"), "dir")]
    path = link_in(vaulting.last_mail(case.uid))
    pass_code(browser(), path).post(f"{path}/acceptance", data={"when": "later"})
    work()
    certificate = " ".join(pdf_text(content_of(stored(case).return_certificate)).replace("’", "'").split())
    assert "Un dossier au contenu inconnu est perdu" in certificate and "4 fichiers" in certificate


def test_a_repaired_vault_is_read_anew_and_the_copy_with_losses_goes(browser, house, damaged, points):
    repo, source, first, _second, broken = points
    case, operator = damaged, browser(house.operator)
    other = node_at(repo, first.id, source / "many", SECRET)["subtree"]
    spoil(repo, other, SECRET)
    operator.post(f"/reversibility/{case.uid}/completion")
    work()
    assert len(list(private_folder("exports").glob(f"{case.uid}-1/export-*.zip"))) == 1
    for blob in (broken, other):
        spoil(repo, blob, SECRET)  # the same bytes turned once more are as they were
    assert operator.post(f"/reversibility/{case.uid}/retry").status_code == 303
    work()
    assert stored(case).state == C.READY and (case.files, case.older_files, case.unreadable) == (9, 0, None)
    assert not case.completes and list(private_folder("exports").glob(f"{case.uid}-*")) == []
