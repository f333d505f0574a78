"""A crew with the tasks of ``bench jobs``: ``-m bench.jobs_worker REPOSITORY``, set by the environment."""

import os
import sys
import tempfile
import time
from pathlib import Path

from app import create_app
from bench.export_run import readable
from portal import jobs
from portal.cli import crew_of_this_application
from portal.config import data_dir
from portal.engine.port import RepoRef
from portal.jobs import Lane


def note(ref: str) -> None:
    """Append, in one write, who began and when."""
    with (data_dir() / "begun.log").open("a") as log:
        log.write(f"{ref} {time.time()}\n")


@jobs.job("bench.prompt", Lane.PROMPT)
def prompt(claim: jobs.Claim) -> None:
    note(claim.ref)


@jobs.job("bench.small", Lane.UPKEEP)
def small(claim: jobs.Claim) -> None:
    note(claim.ref)


@jobs.job("bench.export", Lane.EXPORTS)
def export(claim: jobs.Claim) -> None:
    """Real exports of a repository, one after the other, until nobody needs them."""
    note(claim.ref)
    while not (data_dir() / "over").exists():
        with tempfile.TemporaryDirectory(dir=data_dir()) as folder:
            readable(RepoRef(sys.argv[1]), Path(folder))
        claim.progress(os.getpid(), 0)


if __name__ == "__main__":
    crew_of_this_application(create_app())
