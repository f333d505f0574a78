"""The short form of ``make faults``: a month of work, on PostgreSQL, while what it needs comes and goes."""

import json
import subprocess
import sys

import pytest

from tests.installation import ROOT


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_month_among_faults_ends_with_right_books() -> None:
    short = ["--seed", "11", "--faults", "7", "--customers", "8", "--exports", "1", "--json"]
    command = [sys.executable, "-m", "faults", *short]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1])["found"] == []
    assert done.returncode == 0
