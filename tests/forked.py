"""Processes for tests that kill: forked from this one, with everything loaded, so that they begin at once.

A worker in production is made the same way: its crew loads the application once and forks.
"""

import os
import signal
import subprocess
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask

from portal import clock
from portal.cli import crew_of_this_application
from portal.db import db


class Forked:
    """A process that does ``act`` and nothing else, then ends with 0, or with 1 where it raised."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                os.setsid()  # so that ``installation.kill`` ends its children too
                act()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, seconds: float = 120) -> int:
        end = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"process {self.pid}", seconds)
            time.sleep(0.002)
        return code

    def kill(self) -> None:
        """kill -9 of this process alone."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()


def forked(app: Flask, act: Callable[[], object]) -> Forked:
    """The same for what needs the application: with connections of its own, and the clock of the machine."""

    def act_alone() -> None:
        clock.now = lambda: datetime.now(UTC)
        with app.app_context():
            db.engine.dispose(close=False)  # those open here stay this process's
        act()

    return Forked(act_alone)


def a_crew(app: Flask) -> Forked:
    """What ``flask worker`` is: a process for each lane, kept alive."""
    return forked(app, lambda: crew_of_this_application(app))
