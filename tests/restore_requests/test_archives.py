"""A folder, several files or a machine as one archive, with one mail; and what may go wrong on the way."""

import io
import os
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal import clock, jobs
from portal.blobs import Document, content_of
from portal.db import EVERYTHING, db, set_scope
from portal.engine.customer_side import backup
from portal.engine.models import register_vault
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic
from portal.mail import Mail
from portal.restore_requests.inventory import Inventory
from portal.restore_requests.models import RestoreRequest, RestoreState
from tests import vaulting
from tests.builders import stored, work
from tests.conftest import MONDAY
from tests.engine.cheap_key import new_repository
from tests.restore_requests.test_views import ask, the_request
from tests.vaulting import link_in, unlock

R = RestoreState
ODD = (b"inval\xff.bin", b"new\nline.txt", b"cr\r\nlf.txt", b"CON")


@pytest.fixture(scope="session")
def points(tmp_path_factory) -> Path:
    """One machine at three points; a file is in the first two only."""
    place = tmp_path_factory.mktemp("points")
    source = place / "srv"
    (source / "many").mkdir(parents=True)
    (source / "names").mkdir()
    for index in range(30):
        (source / f"many/f{index:02}.txt").write_text(f"fichier {index}\n" * 30)
    for name in ODD:
        (source / "names" / os.fsdecode(name)).write_bytes(b"contenu de " + name)
    new_repository(place / "repo", vaulting.SECRET)
    repo = RepoRef(str(place / "repo"))
    for content in ("premier", "second", None):
        lost = source / "many" / "Perdu.txt"
        lost.unlink() if content is None else lost.write_text(content)
        backup(Restic(), repo, Passphrase(vaulting.SECRET), [source], "serveur")
    return Path(repo.location)


@pytest.fixture
def technician(browser, house):
    return browser(house.support)


@pytest.fixture
def row(technician, customer, subscription, points, browser, agent) -> RestoreRequest:
    """A vault whose names are read; the customer has typed her passphrase."""
    vault = register_vault(customer, name="Serveur", location=str(points), subscription_uid=subscription.uid)
    db.session.commit()
    ask(technician, vault, kind="complex")
    row = the_request()
    work()
    unlock(browser(), link_in(vaulting.last_mail(row.uid)))
    work()
    assert stored(row).state == R.BROWSING
    return row


def ticked(row, *names: str) -> dict:
    inventory = Inventory(row.uid)
    entries = [one for name in names for one in inventory.search(name) if one.name == name]
    return {"listing": inventory.mark, "pick": [f"e{one.id}" for one in entries]}


def restore(client, row, **data):
    return client.post(f"/restore-requests/{row.uid}/file", data=data)


def handed_over(row) -> list[Document]:
    query = select(Document).where(Document.subject_uid == row.uid, Document.kind == "restore")
    return list(db.session.scalars(query.order_by(Document.id)))


def content(document: Document) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content_of(document))) as volume:
        return {name: volume.read(name) for name in volume.namelist()}


def mails_of(row) -> int:
    query = select(func.count()).select_from(Mail).where(Mail.subject_uid == row.uid)
    return db.session.scalar(query.where(Mail.kind == "mails/restored")) or 0


def test_a_folder_is_one_click_one_archive_and_one_mail(technician, row):
    assert restore(technician, row, **ticked(row, "many")).status_code == 303
    work()
    assert stored(row).state == R.DONE and row.files == 30 and row.lost is None
    (document,) = handed_over(row)
    found = content(document)
    assert sum(name.endswith(".txt") for name in found) == 30 and "MANIFEST.csv" in found
    assert mails_of(row) == 1
    mail = vaulting.last_mail(row.uid)
    assert "Serveur" in mail.subject and "Serveur" in mail.body
    assert "30 fichiers" in mail.body.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "30 fichiers" in technician.get(f"/restore-requests/{row.uid}").get_data(as_text=True)


def test_names_of_any_bytes_come_in_an_archive_and_one_by_one(technician, row):
    restore(technician, row, **ticked(row, "names"))
    work()
    found = set(content(handed_over(row)[0]).values())
    assert {b"contenu de " + name for name in ODD} <= found
    for name in ("inval\ufffd.bin", "new\nline.txt", "cr\r\nlf.txt"):
        data = ticked(row, name)
        restore(technician, row, listing=data["listing"], only=data["pick"][0])
        work()
        assert stored(row).state == R.DONE
        document = handed_over(row)[-1]
        assert content_of(document).startswith(b"contenu de ")
        assert document.filename.isprintable()


def test_a_machine_at_a_point_is_chosen_as_a_whole(technician, row):
    point = next(one for one in Inventory(row.uid).snapshots() if one.is_listed)
    restore(technician, row, listing=Inventory(row.uid).mark, pick=f"m{point.id}", archive="tar")
    work()
    assert stored(row).state == R.DONE and row.files == 30 + len(ODD)
    assert handed_over(row)[0].filename.endswith(".tar")


def test_a_file_lost_on_an_unknown_day_is_found_in_all_points(technician, row):
    where = f"/restore-requests/{row.uid}/search"
    assert technician.post(where, data={"q": "pe"}).status_code == 422
    assert technician.post(where, data={"q": "many/perdu"}).status_code == 303
    assert "Les points du coffre sont lus" in technician.get(where).get_data(as_text=True)
    work()
    page = technician.get(where).get_data(as_text=True)
    assert page.count("many/Perdu.txt") >= 2 and "7\u202fo" in page and "6\u202fo" in page
    hit = page.partition('name="only" value="h')[2].partition('"')[0]
    restore(technician, row, listing=Inventory(row.uid).mark, only=f"h{hit}")
    work()
    assert content_of(handed_over(row)[0]) in (b"premier", b"second")


def test_the_last_point_before_an_hour_is_read_and_none_leaves_the_names(technician, row):
    inventory = Inventory(row.uid)
    where = f"/restore-requests/{row.uid}/listing"
    assert technician.post(where, data={"before": "hier"}).status_code == 422
    technician.post(where, data={"before": "2199-01-01T10:00"})
    work()
    newest = inventory.snapshots()[0].id
    assert [one.id for one in Inventory(row.uid).snapshots() if one.is_listed] == [newest]
    technician.post(where, data={"before": "1999-01-01T10:00"})
    work()
    assert stored(row).state == R.BROWSING and row.problem
    assert Inventory(row.uid).search("many")


def test_more_than_the_free_space_is_said_before_anything_is_read(technician, row, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    refused = restore(technician, row, **ticked(row, "many"))
    assert refused.status_code == 422 and "libres" in refused.get_data(as_text=True)
    assert stored(row).state == R.BROWSING


def test_what_cannot_be_read_leads_back_and_the_others_stay(technician, row, points):
    restore(technician, row, **ticked(row, "many"))
    work()
    stored(row).vault.location = str(points.parent / "copy")
    db.session.commit()
    shutil.copytree(points, points.parent / "copy")
    for pack in (points.parent / "copy" / "data").rglob("*"):
        if pack.is_file():
            pack.chmod(0o600)
            pack.write_bytes(b"\0" * pack.stat().st_size)
    data = ticked(row, "f01.txt")
    restore(technician, row, listing=data["listing"], only=data["pick"][0])
    work()
    assert stored(row).state == R.DONE and row.problem
    assert [one.erased for one in handed_over(row)] == [False]
    page = technician.get(f"/restore-requests/{row.uid}").get_data(as_text=True)
    assert "reste en place" in page
    shutil.rmtree(points.parent / "copy")


def test_a_simple_request_gives_one_file_only(technician, row):
    stored(row).kind = "simple"
    db.session.commit()
    refused = restore(technician, row, **ticked(row, "many"))
    assert refused.status_code == 422 and "complexe" in refused.get_data(as_text=True)


def test_an_archive_goes_after_its_days(technician, row, at):
    restore(technician, row, **ticked(row, "many"))
    work()
    assert stored(row).kept_until == clock.today() + timedelta(days=7)
    at(MONDAY + timedelta(days=7))
    jobs.run_periodic()
    set_scope(EVERYTHING)
    assert not handed_over(row)[0].erased
    at(MONDAY + timedelta(days=8))
    jobs.run_periodic()
    set_scope(EVERYTHING)
    assert handed_over(row)[0].erased and stored(row).kept_until is None


def test_a_request_cancelled_half_way_leaves_nothing(technician, row, app):
    restore(technician, row, **ticked(row, "many"))
    technician.post(f"/restore-requests/{row.uid}/cancellation")
    work()
    assert stored(row).state == R.CANCELLED and handed_over(row) == []
    assert not list((Path(app.config["DATA_DIR"]) / "exports").glob(f"{row.uid}*"))
