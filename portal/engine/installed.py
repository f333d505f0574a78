"""The engine and the key agent of this installation, as the jobs use them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flask import Flask, current_app

from portal.engine.doors import Door, account_of, door_to, doors
from portal.engine.errors import EngineError, EngineFault
from portal.engine.key_agent import KeyAgent
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic, Timeouts
from portal.engine.stores.objects import REST_PASSWORD, REST_USER, Access
from portal.jobs import Later

CREDENTIALS = {
    "local": (),
    "rest": (REST_USER, REST_PASSWORD),
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"),
}
PASSING = {
    EngineFault.BUSY,
    EngineFault.LOCKED,
    EngineFault.BACKEND_UNREACHABLE,
    EngineFault.TIMED_OUT,
    EngineFault.NO_SPACE,
}


class TryAgain(Later):
    """A fault that time may cure: the task goes back into the queue with a pause, and no failure counts."""


def init_app(app: Flask) -> None:
    """Raises ValueError for a setting that nobody could read later."""
    doors(str(app.config["VAULT_HOSTS"]))


def restic(*, seconds: float = Timeouts.store) -> Restic:
    """seconds: longest silence of a storage server, when objects are read without restic."""
    return Restic(backend_env=storage_credentials, timeouts=Timeouts(store=seconds))


def storage_credentials(repo: RepoRef) -> dict[str, str]:
    """The provider's own for this vault: ``VAULT_AWS_ACCESS_KEY_ID_<HOST>`` and so on.

    Raises EngineError BACKEND_DENIED for a server that ``VAULT_HOSTS`` does not name: nothing is sent to
    it, UNSUPPORTED for what is no address.
    """
    if repo.backend == "local":
        return {}
    known = vault_doors()
    if (door := door_to(repo.location, known)) is None:
        raise EngineError(EngineFault.BACKEND_DENIED, "the host is not in VAULT_HOSTS")
    return account_of(door, CREDENTIALS[repo.backend], os.environ, is_only=len(known) == 1)


def access_to(repo: RepoRef) -> Access:
    """Raises EngineError as :func:`storage_credentials`."""
    return Access(env=storage_credentials(repo))


def vault_doors() -> list[Door]:
    return doors(str(current_app.config["VAULT_HOSTS"]))


def key_agent() -> KeyAgent:
    return KeyAgent(Path(current_app.config["KEY_AGENT_SOCKET"]))


@contextmanager
def lent_passphrase(name: str) -> Iterator[Passphrase]:
    """The passphrase that the agent holds, wiped at the end. Raises EngineError(KEY_GONE)."""
    key = key_agent().get(name)
    try:
        yield key
    finally:
        key.wipe()


@contextmanager
def passing_faults_retry() -> Iterator[None]:
    """Turn the faults that time may cure into a later attempt of the same task."""
    try:
        yield
    except EngineError as error:
        if error.fault in PASSING:
            raise TryAgain(error.message) from error
        raise


def forget_passphrase(name: str) -> None:
    with suppress(EngineError):  # an agent that is gone holds nothing
        key_agent().forget(name)


def private_folder(name: str) -> Path:
    """A folder under DATA_DIR that only this user enters."""
    folder = Path(current_app.config["DATA_DIR"]) / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
