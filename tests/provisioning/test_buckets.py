"""Vaults in buckets: keys of their own, a server that enforces what they may do, the bucket's own lock."""

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from flask.testing import FlaskClient

from portal import clock, jobs
from portal.db import EVERYTHING, db, set_scope
from portal.engine.bucket_users import BucketUsers
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import access_to
from portal.engine.keyless import usage
from portal.engine.port import RepoRef
from portal.engine.relocation import listing
from portal.engine.restic import Restic
from portal.journal import SYSTEM
from portal.provisioning.models import HomeState, Maintenance, VaultHome, maintenances_of
from tests.builders import House, stored, work
from tests.guarded_bucket import Guarded
from tests.provisioning.places import (
    STORE,
    a_store,
    below_vaults,
    block,
    deliver,
    describe,
    home_of,
    in_buckets,
)
from tests.vaulting import SECRET

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def a_home(house: House, **values: Any) -> VaultHome:
    home = home_of(deliver(house, terms_stack="dropcloud", **values))
    work()
    return stored(home)


def duties_and_work() -> None:
    set_scope(EVERYTHING)
    jobs.run_periodic()
    set_scope(EVERYTHING)
    work()
    set_scope(EVERYTHING)


def keys_of(home: VaultHome) -> tuple[str, str]:
    return str(home.access_key), str(home.secret)


def refusal(act: Callable[..., Any], **words: Any) -> str:
    with pytest.raises(ClientError) as refused:
        act(**words)
    return str(refused.value.response["Error"]["Code"])


def test_a_vault_is_born_in_its_bucket_and_its_keys_are_shown_once_and_renewed(
    house: House, browser: Browser, host: Guarded
) -> None:
    store = in_buckets(browser(house.operator), host, immutable_days="30")
    home = a_home(house)
    assert home.state == HomeState.OPEN and str(home.vault.location) == f"s3:{host.endpoint}/{home.user}"
    page = browser(house.operator).get(f"/stores/{store.uid}").text
    assert "lu dans le seau" in page and host.keys["AWS_SECRET_ACCESS_KEY"] not in page
    client, where = browser(house.support), f"/vaults/{home.vault.uid}/set-up"
    first = keys_of(home)
    assert first[1] not in client.get(where).text + str(home.secret_sealed)
    shown = block(client.post(f"{where}/credentials").text, "environment")
    assert f"AWS_ACCESS_KEY_ID={first[0]}\nAWS_SECRET_ACCESS_KEY={first[1]}" in shown
    assert first[1] not in client.post(f"{where}/credentials").text, "once"
    host.client("s3", *first).list_objects_v2(Bucket=home.user)
    client.post(f"{where}/rotation")
    assert "se préparent" in client.get(where).text and stored(home).secret is None
    work()
    second = keys_of(stored(home))
    assert second[0] != first[0] and second[1] in client.post(f"{where}/credentials").text
    assert refusal(host.client("s3", *first).list_objects_v2, Bucket=home.user) == "InvalidAccessKeyId"
    host.client("s3", *second).list_objects_v2(Bucket=home.user)
    other = a_home(house)
    assert refusal(host.client("s3", *second).list_objects_v2, Bucket=other.user) == "AccessDenied"


def test_004_32_what_the_bucket_itself_says_of_its_lock_counts(
    house: House, browser: Browser, host: Guarded, at: At
) -> None:
    """Do'BaaS has everything erased at the restitution; nobody typed that this bucket holds for 30 days."""
    client = browser(house.operator)
    store = in_buckets(client, host, door=f"{host.endpoint}/{host.bucket}")
    home = home_of(deliver(house))
    db.session.execute(db.text("delete from task where kind = 'stores.lock'"))
    work()
    assert stored(home).state == HomeState.WAITING and home.store is None
    assert f"v{home.uid}" not in host.users() and home.user not in host.users()
    assert "retient 30 jours" in client.get(f"/subscriptions/{home.subscription.uid}/vault-place").text
    store.immutable_days = None
    db.session.commit()
    at(clock.now() + timedelta(days=1))
    duties_and_work()
    assert stored(store).immutable_days == 30 and store.lock_read_at is not None, "each day again"


def test_001_48_the_lock_of_each_bucket_is_read_every_day_and_a_changed_one_is_told(
    house: House, browser: Browser, host: Guarded, at: At
) -> None:
    client = browser(house.operator)
    in_buckets(client, host, immutable_days="30")
    gone, home = a_home(house), a_home(house)
    where = f"/vaults/{home.vault.uid}"
    assert home.immutable_days == 30 and home.lock_read_at is not None
    host.client().delete_bucket(Bucket=gone.user)  # which holds up nobody
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 7}}
    told = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    host.client().put_object_lock_configuration(Bucket=home.user, ObjectLockConfiguration=told)
    assert "retient" not in client.get("/").text
    at(clock.now() + timedelta(days=1))
    duties_and_work()
    assert stored(home).immutable_days == 7 and home.store.immutable_days == 30
    assert stored(gone).immutable_days == 30 and home.store.lock_fault
    said = "retient 7 jours, son magasin en annonce 30"
    assert said in browser(house.operator).get("/").text
    assert "Verrou du seau lu, autre" in browser(house.operator).get(where).text
    rule["DefaultRetention"]["Days"] = 30
    host.client().put_object_lock_configuration(Bucket=home.user, ObjectLockConfiguration=told)
    at(clock.now() + timedelta(days=2))
    duties_and_work()
    assert stored(home).immutable_days == 30 and said not in browser(house.operator).get("/").text


def test_003_15_a_suspension_leaves_keys_that_only_read(
    house: House, browser: Browser, host: Guarded
) -> None:
    in_buckets(browser(house.operator), host)
    home = a_home(house)
    client = host.client("s3", *keys_of(home))
    client.put_object(Bucket=home.user, Key="config", Body=b"x")
    home.subscription.suspend("003-14", cause="danger", by=house.operator)
    work()
    assert refusal(client.put_object, Bucket=home.user, Key="config", Body=b"y") == "AccessDenied"
    assert client.get_object(Bucket=home.user, Key="config")["Body"].read() == b"x"
    stored(home).subscription.reinstate("réglé", by=house.operator)
    work()
    client.put_object(Bucket=home.user, Key="config", Body=b"z")


def test_keys_below_a_prefix_list_and_read_no_other(house: House, browser: Browser, host: Guarded) -> None:
    in_buckets(browser(house.operator), host, door=f"{host.endpoint}/{host.bucket}")
    first, second = a_home(house), a_home(house)
    own = host.client("s3", *keys_of(first))
    own.put_object(
        Bucket=host.bucket, Key=f"{first.user}/config", Body=b"x", ContentMD5="nUVgiKaTP2b+bIh9A8AVRQ=="
    )
    assert own.list_objects_v2(Bucket=host.bucket, Prefix=f"{first.user}/")["KeyCount"] == 1
    for prefix in ("", f"{second.user}/"):
        assert refusal(own.list_objects_v2, Bucket=host.bucket, Prefix=prefix) == "AccessDenied"
    other = {"Bucket": host.bucket, "Key": f"{second.user}/config"}
    for act, words in ((own.get_object, {}), (own.put_object, {"Body": b"x"}), (own.delete_object, {})):
        assert refusal(act, **other, **words) == "AccessDenied"


def restic(host: Guarded, keys: tuple[str, str], bucket: str, *words: str) -> Any:
    """As the machine of a customer has it: its keys, its passphrase, its own program."""
    env = {"PATH": os.environ["PATH"], "RESTIC_REPOSITORY": f"s3:{host.endpoint}/{bucket}"}
    env |= {"AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1], "RESTIC_PASSWORD": SECRET}
    command = ["restic", "--no-cache", "--quiet", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.slow
def test_the_machine_of_a_customer_reaches_her_vault_only_and_removes_nothing(
    house: House, browser: Browser, host: Guarded, tmp_path: Path
) -> None:
    """Who refuses: her policy for another's bucket and for a removal; the lock, for the owner's own."""
    in_buckets(browser(house.operator), host, immutable_days="30")
    hers, others = a_home(house), a_home(house)
    keys, bucket = keys_of(hers), hers.user
    (tmp_path / "lettre.txt").write_text("Chère Camille")
    for home in (hers, others):
        assert restic(host, keys_of(home), home.user, "init").returncode == 0
    assert restic(host, keys, bucket, "backup", str(tmp_path)).returncode == 0
    assert restic(host, keys, others.user, "snapshots").returncode != 0
    assert "Access Denied" in restic(host, keys, others.user, "snapshots").stderr
    assert usage(hers.vault.repo, access_to(hers.vault.repo)).snapshots == 1

    machine, owner = host.client("s3", *keys), host.client()
    (backup,) = machine.list_objects_v2(Bucket=bucket, Prefix="snapshots/")["Contents"]
    place = {"Bucket": bucket, "Key": backup["Key"]}
    assert refusal(machine.delete_object, **place) == "AccessDenied"  # the policy
    (version,) = owner.list_object_versions(Bucket=bucket, Prefix=backup["Key"])["Versions"]
    assert refusal(owner.delete_object, **place, VersionId=version["VersionId"]) == "AccessDenied"  # the lock
    owner.delete_object(**place)  # hides it; what was written is still there
    assert owner.get_object(**place, VersionId=version["VersionId"])["Body"].read()


def test_a_vault_moves_into_a_bucket_whose_keys_wait_to_be_shown(
    house: House, browser: Browser, host: Guarded, repository: Path
) -> None:
    client = browser(house.operator)
    inner = below_vaults("ici")
    inner.mkdir(parents=True)
    assert describe(client, inner, name="Ici", kind="store_local", door="/mnt/ici").status_code == 303
    home = a_home(house)
    old = Path(str(home.vault.location))
    shutil.copytree(repository, old, dirs_exist_ok=True)
    home.vault.measured(Restic().usage(home.vault.repo))
    db.session.commit()
    store, where = in_buckets(client, host, immutable_days="30"), f"/vaults/{home.vault.uid}"
    assert "Seaux de Lyon" in client.get(f"{where}/moves/new").text
    data = {"store": store.uid, "reason": "plus de place"}
    assert client.post(f"{where}/moves", data=data).status_code == 303
    work()
    home = stored(home)
    assert str(home.vault.location) == f"s3:{host.endpoint}/{home.user}" and home.state == HomeState.OPEN
    assert listing(home.vault.repo, access_to(home.vault.repo)) == listing(RepoRef(str(old)))
    assert restic(host, keys_of(home), home.user, "check").returncode == 0
    shown = browser(house.support).post(f"{where}/set-up/credentials").text
    assert str(home.access_key) in shown


def test_a_bucket_whose_host_makes_no_users_takes_the_vault_and_asks_for_its_keys(
    house: House, browser: Browser, host: Guarded, repository: Path
) -> None:
    client = browser(house.operator)
    told = {"users_door": "", "door": f"{host.endpoint}/{host.bucket}", "name": "Seau commun"}
    store = in_buckets(client, host, **told)
    home = home_of(deliver(house, terms_stack="dropcloud"))
    work()
    assert stored(home).state == HomeState.WAITING
    assert "Clés du seau à saisir" in client.get("/").text
    keys = {"access_key": "AKIA1", "secret": "canari-cle-1515"}
    assert client.post(f"/vault-homes/{home.uid}/keys", data=keys).status_code == 303
    work()
    assert stored(home).state == HomeState.OPEN and "Clés du seau à saisir" not in client.get("/").text
    home.drop_keys()
    db.session.commit()
    assert "Clés du seau à saisir" in client.get("/").text, "as after a move"
    page = browser(house.support).get(f"/vaults/{home.vault.uid}/set-up").text
    assert "le fournisseur les saisit" in page
    refused = client.post(
        f"/stores/{store.uid}",
        data={**STORE, **told, "kind": "store_s3", "users_door": "http://ailleurs.example"},
    )
    assert refused.status_code == 422 and "VAULT_HOSTS" in refused.text


def test_the_user_of_an_erased_vault_goes_with_its_keys(
    house: House, browser: Browser, host: Guarded, at: At
) -> None:
    in_buckets(browser(house.operator), host)
    home = a_home(house)
    assert home.user in host.users()
    home.vault.erase(by=SYSTEM)
    db.session.commit()
    at(clock.now() + timedelta(hours=2))
    duties_and_work()
    assert stored(home).user not in host.users() and home.secret is None
    assert home.user not in [row["Name"] for row in host.client().list_buckets()["Buckets"]]


def test_a_bucket_in_which_something_else_lies_stays(
    house: House, browser: Browser, host: Guarded, at: At
) -> None:
    in_buckets(browser(house.operator), host)
    home = a_home(house)
    host.client().put_object(Bucket=home.user, Key="notes.txt", Body=b"x")
    home.vault.erase(by=SYSTEM)
    db.session.commit()
    at(clock.now() + timedelta(hours=2))
    duties_and_work()
    assert stored(home).secret is None and home.user not in host.users()
    assert host.client().get_object(Bucket=home.user, Key="notes.txt")["Body"].read() == b"x"


def open_window(client: FlaskClient, home: VaultHome, hours: int = 2) -> Maintenance:
    data = {"hours": str(hours), "reason": "plus de place"}
    assert client.post(f"/vaults/{home.vault.uid}/maintenance", data=data).status_code == 303
    set_scope(EVERYTHING)
    return stored(maintenances_of(home)[0])


def keys_on(page: str) -> tuple[str, str]:
    lines = dict(line.split("=", 1) for line in block(page, "environment").splitlines())
    return lines["AWS_ACCESS_KEY_ID"], lines["AWS_SECRET_ACCESS_KEY"]


@pytest.mark.slow
def test_for_some_hours_other_keys_forget_and_prune(
    house: House, browser: Browser, host: Guarded, at: At, tmp_path: Path
) -> None:
    in_buckets(browser(house.operator), host)
    home, other = a_home(house), a_home(house)
    machine, bucket = keys_of(home), home.user
    assert restic(host, machine, bucket, "init").returncode == 0
    for text in ("une", "deux"):
        (tmp_path / "lettre.txt").write_text(text * 900)
        assert restic(host, machine, bucket, "backup", str(tmp_path)).returncode == 0
    forget = ("forget", "--keep-last", "1", "--prune")  # with her machine's keys restic tries for minutes
    host.bucket = bucket
    backup = host.names("snapshots/")[0]
    assert refusal(host.client("s3", *machine).delete_object, Bucket=bucket, Key=backup) == "AccessDenied"

    client, where = browser(house.support), f"/vaults/{home.vault.uid}"
    assert "ne se montrent" not in client.get(f"{where}/maintenance/new").text
    row = open_window(client, home)
    assert "Montrer les clés" not in client.get(where).text
    assert client.post(f"{where}/maintenance/{row.uid}/keys").status_code == 422
    work()
    assert "Montrer les clés" in client.get(where).text and row.user in host.users()
    shown = client.post(f"{where}/maintenance/{row.uid}/keys")
    assert shown.headers["Cache-Control"] == "no-store"
    keys = keys_on(shown.text)
    assert client.post(f"{where}/maintenance/{row.uid}/keys").status_code == 422, "once"
    assert restic(host, keys, bucket, *forget).returncode == 0
    assert len(restic(host, machine, bucket, "snapshots", "--json").stdout.split('"short_id"')) == 2
    assert restic(host, keys, other.user, "snapshots").returncode != 0

    at(clock.now() + timedelta(hours=2, minutes=1))
    duties_and_work()
    assert stored(row).state == "maintenance_closed" and row.access_key is None and row.secret is None
    assert row.user not in host.users()
    assert restic(host, keys, bucket, "snapshots").returncode != 0
    assert restic(host, machine, bucket, "snapshots").returncode == 0


def test_keys_that_were_made_and_lost_open_nothing(
    house: House, browser: Browser, host: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is cut off behind the host's answer: the next run makes others."""
    in_buckets(browser(house.operator), host)
    home = a_home(house)
    real, made = BucketUsers.new_key, []

    def cut_off(users: BucketUsers, user: str) -> tuple[str, str]:
        made.append(real(users, user))
        if len(made) == 1:
            raise EngineError(EngineFault.BACKEND_UNREACHABLE)
        return made[-1]

    monkeypatch.setattr(BucketUsers, "new_key", cut_off)
    row = open_window(browser(house.support), home)
    work()
    assert stored(row).secret is None and len(made) == 1
    db.session.execute(db.text("update task set not_before = 0"))
    work()
    lost, kept = made
    assert (stored(row).access_key, row.secret) == kept
    assert refusal(host.client("s3", *lost).list_objects_v2, Bucket=home.user) == "InvalidAccessKeyId"
    host.client("s3", *kept).list_objects_v2(Bucket=home.user)


def test_003_15_a_suspension_ends_a_maintenance(house: House, browser: Browser, host: Guarded) -> None:
    in_buckets(browser(house.operator), host)
    home = a_home(house)
    first = open_window(browser(house.support), home)
    work()
    home.subscription.suspend("003-14", cause="danger", by=house.operator)
    work()
    assert stored(first).state == "maintenance_closed" and first.user not in host.users()
    stored(home).subscription.reinstate("réglé", by=house.operator)
    work()
    second = open_window(browser(house.support), home)
    work()
    again = db.update(jobs.Task).where(jobs.Task.kind == "vaults.bucket_window")
    db.session.execute(again.values(state=jobs.TaskState.QUEUED, not_before=0))
    work()  # what closes the first one comes once more: the user is the second's now
    assert stored(second).user in host.users()


def test_a_window_at_another_host_keeps_no_user_at_this_one(
    house: House, browser: Browser, host: Guarded
) -> None:
    """The vault has moved before the worker came to close."""
    in_buckets(browser(house.operator), host)
    home, client = a_home(house), browser(house.support)
    row = open_window(client, home)
    work()
    assert row.user in host.users()
    client.post(f"/vaults/{home.vault.uid}/maintenance/{row.uid}/closing")
    home = stored(home)
    home.store = a_store(browser(house.operator), name="Serveur")
    db.session.commit()
    data = {"hours": "1", "reason": "place"}
    assert client.post(f"/vaults/{home.vault.uid}/maintenance", data=data).status_code == 200
    work()
    assert stored(row).user not in host.users()
