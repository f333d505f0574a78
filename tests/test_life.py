"""Fourteen months of a provider, lived by pages, mails, bank files and machines: a short ``make lives``."""

import json
import subprocess
import sys

import pytest

from tests.installation import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.words]


@pytest.mark.timeout(900)
def test_fourteen_months_of_twelve_customers_break_no_promise() -> None:
    short = ["--seed", "7", "--months", "14", "--customers", "12", "--faults", "4", "--json"]
    command = [sys.executable, "-m", "life", *short]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["breaches"] == [] and told["days"] > 420 and told["acts"] > 200
