"""A worker for the kill tests; with a place named, it kills itself there (SIGKILL).

As a program it names no place: ``-m tests.sepa.crash_worker``, with the settings in the environment.
"""

import os
import signal
import time

from flask import Flask

from app import create_app
from portal import jobs
from portal.sepa.batches import export as sepa_jobs
from portal.sepa.formats import pain008


def die(*_args: object, **_kwargs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after(function, times: int = 1):
    calls = []

    def wrapped(*args, **kwargs):
        result = function(*args, **kwargs)
        calls.append(1)
        if len(calls) >= times:
            die()
        return result

    return wrapped


def slow(function, seconds: float):
    def wrapped(*args, **kwargs):
        result = function(*args, **kwargs)
        time.sleep(seconds)
        return result

    return wrapped


def slow_down() -> None:
    """The pauses add up to 0.25 s before the commit."""
    sepa_jobs.CollectionLine = slow(sepa_jobs.CollectionLine, 0.0005)  # 300 rows
    pain008.validate = slow(pain008.validate, 0.05)
    sepa_jobs.keep_file = slow(sepa_jobs.keep_file, 0.05)


def die_at(place: str) -> None:
    if place == "rows":  # in the middle of the file
        sepa_jobs.CollectionLine = dying_after(sepa_jobs.CollectionLine, 150)
    elif place == "written":
        pain008.validate = dying_after(pain008.validate)
    elif place == "kept":  # the file is in the store, no row says so
        sepa_jobs.keep_file = dying_after(sepa_jobs.keep_file)
    elif place == "moved":  # everything is written, nothing committed
        jobs.Claim.step = die
    elif place == "committed":  # the batch is done, the task does not know
        jobs.Claim.step = dying_after(jobs.Claim.step)


def work(app: Flask) -> None:
    sepa_jobs._CHUNK = 100
    with app.app_context():
        jobs.release_dead_owners()
        jobs.drain()


if __name__ == "__main__":
    work(create_app())
