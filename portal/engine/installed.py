"""The engine and the key agent of this installation, as the jobs use them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flask import current_app

from portal.engine.errors import EngineError, EngineFault
from portal.engine.key_agent import KeyAgent
from portal.engine.passphrase import Passphrase
from portal.engine.restic import Restic, Timeouts
from portal.jobs import Later

CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "RESTIC_REST_USERNAME",
    "RESTIC_REST_PASSWORD",
)
PASSING = {EngineFault.BUSY, EngineFault.LOCKED, EngineFault.BACKEND_UNREACHABLE, EngineFault.TIMED_OUT}


class TryAgain(Later):
    """A fault that time may cure: the task goes back into the queue with a pause, and no failure counts."""


def restic(*, seconds: float = Timeouts.store) -> Restic:
    """seconds: longest silence of a storage server, when objects are read without restic."""
    return Restic(backend_env=storage_credentials(), timeouts=Timeouts(store=seconds))


def storage_credentials() -> dict[str, str]:
    """The provider's own, for the vaults on S3 or behind REST: ``VAULT_AWS_ACCESS_KEY_ID`` and so on.

    Without them those of the documents' store serve (``AWS_ACCESS_KEY_ID``): one account for both.
    """
    given = {name: os.environ.get(f"VAULT_{name}") or os.environ.get(name, "") for name in CREDENTIALS}
    return {name: value for name, value in given.items() if value}


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
            raise TryAgain(str(error.fault)) from error
        raise


def forget_passphrase(name: str) -> None:
    with suppress(EngineError):  # an agent that is gone holds nothing
        key_agent().forget(name)


def private_folder(name: str) -> Path:
    """A folder under DATA_DIR that only this user enters."""
    folder = Path(current_app.config["DATA_DIR"]) / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
