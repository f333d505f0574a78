"""Vaults on a server: of the hosts in the settings only, each with its own account."""

import pytest

from portal.db import db
from portal.engine import installed
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import restic, storage_credentials
from portal.engine.models import register_vault
from portal.engine.port import RepoRef
from tests import builders
from tests.builders import stored, work
from tests.engine.servers import listener, rest_server


@pytest.fixture
def hosts(app, monkeypatch):
    return lambda text: monkeypatch.setitem(app.config, "VAULT_HOSTS", text)


@pytest.fixture
def account(tables, monkeypatch):
    """What the store of this address is given; None when it is not asked at all."""

    def account(location):
        try:
            return storage_credentials(RepoRef(location))
        except EngineError as error:
            assert error.fault == EngineFault.BACKEND_DENIED
            return None

    return account


@pytest.mark.parametrize(
    ("setting", "location", "is_open"),
    [
        ("", "rest:https://h.example/x", False),
        ("", "/srv/x", True),
        ("h.example", "rest:https://h.example/x", True),
        ("h.example", "rest:https://u:p@H.EXAMPLE.:443/x", True),
        ("h.example", "s3:h.example/bucket", True),
        ("h.example", "rest:https://h.example:8000/x", False),
        ("h.example", "rest:https://x.h.example/x", False),
        ("h.example", "rest:https://h.example@evil.example/x", False),
        ("h.example", "rest:http://h.example/x", False),
        ("http://h.example", "rest:http://h.example/x", True),
        ("http://h.example", "rest:https://h.example/x", True),
        ("other.example, h.example:8000", "rest:https://h.example:8000/x", True),
        ("h.example:*", "rest:https://h.example:8000/x", True),
        ("http://127.0.0.1:*", "rest:http://127.1:8000/x", True),
        ("[::1]:8000", "rest:https://[0:0::1]:8000/x", True),
        ("h.example", "rest:http://169.254.169.254/latest/", False),
    ],
)
def test_a_door_is_a_host_and_a_port(account, hosts, setting, location, is_open):
    hosts(setting)
    assert (account(location) is not None) is is_open


def test_each_host_has_its_own_account(account, hosts, monkeypatch):
    hosts("a.example, b.example:8000")
    monkeypatch.setenv("VAULT_RESTIC_REST_USERNAME_A_EXAMPLE", "anna")
    monkeypatch.setenv("VAULT_RESTIC_REST_PASSWORD_A_EXAMPLE", "canari-a")
    monkeypatch.setenv("VAULT_RESTIC_REST_PASSWORD", "canari-for-all")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canari-of-the-documents")
    monkeypatch.setenv("VAULT_AWS_SECRET_ACCESS_KEY_B_EXAMPLE_8000", "canari-b")
    assert account("rest:https://a.example/x") == {
        "RESTIC_REST_USERNAME": "anna",
        "RESTIC_REST_PASSWORD": "canari-a",
    }
    assert account("rest:https://b.example:8000/x") == {}
    assert account("s3:https://b.example:8000/x") == {"AWS_SECRET_ACCESS_KEY": "canari-b"}
    assert account("s3:https://a.example/x") == {}
    assert account("/srv/x") == {}


def test_one_host_may_use_the_names_without_it(account, hosts, monkeypatch):
    hosts("a.example")
    monkeypatch.setenv("VAULT_RESTIC_REST_PASSWORD", "canari")
    assert account("rest:https://a.example/x") == {"RESTIC_REST_PASSWORD": "canari"}
    monkeypatch.setenv("VAULT_RESTIC_REST_USERNAME_A_EXAMPLE", "anna")
    assert account("rest:https://a.example/x") == {"RESTIC_REST_USERNAME": "anna"}, (
        "never two accounts in one"
    )


@pytest.mark.parametrize("location", ["rest:file:///etc/passwd", "rest:ftp://h.example/", "s3:nothing"])
def test_what_is_no_address_of_a_server_has_no_door(tables, hosts, location):
    hosts("h.example")
    with pytest.raises(EngineError, match="unsupported"):
        storage_credentials(RepoRef(location))


def test_a_host_that_left_the_settings_is_not_asked_any_more(tables, house, hosts):
    with listener() as (address, was_called):
        hosts(f"http://{address}")
        vault = register_vault(
            builders.a_customer(house.reseller), name="V", location=f"rest:http://{address}/x/"
        )
        db.session.commit()
        hosts("other.example")
        for ask in (restic().exists, restic().usage, restic().fingerprint):
            with pytest.raises(EngineError, match="backend_denied"):
                ask(vault.repo)
        from portal.engine.jobs import measure_every_vault

        measure_every_vault()
        work()
        assert stored(vault).measure_fault == EngineFault.BACKEND_DENIED
        assert not was_called()


def test_the_account_does_not_reach_a_server_that_the_address_names_itself(tables, hosts, repository):
    with rest_server(repository, "--user", "u", "--pass", "p") as address:
        repo = RepoRef(address.replace("//", "//u:p@"))
        hosts("http://127.0.0.1:*")
        assert restic().exists(repo)


@pytest.mark.parametrize("setting", ["h.example/path", "a b", "h.example:x", "u@h.example", "h.example,://"])
def test_a_setting_that_names_no_host_stops_the_start(app, hosts, setting):
    hosts(setting)
    with pytest.raises(ValueError, match="VAULT_HOSTS"):
        installed.init_app(app)
