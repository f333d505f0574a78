"""Files for other programs have the fields that those programs publish, and no other."""

import json
import re
from types import SimpleNamespace
from typing import Any

from portal.provisioning.machine_files import backrest, resticprofile

# Of Backrest's messages and of resticprofile's profile and backup section, those that are written.
REPO, PLAN = {"id", "uri", "env", "flags"}, {"id", "repo", "paths", "excludes", "schedule"}
PROFILE = {"env-file", "backup"}
BACKUP = {"exclude-file", "exclude-caches", "source", "schedule", "schedule-permission", "run-finally"}
HOME: Any = SimpleNamespace(address="rest:https://vaults.example/v1/", user="v1", is_bucket=False)


def test_the_file_for_backrest_has_its_fields_and_no_secret() -> None:
    told = json.loads(backrest(HOME))
    (repo,), (plan,) = told["repos"], told["plans"]
    assert repo.keys() == REPO and plan.keys() == PLAN and plan["repo"] == repo["id"]
    assert plan["schedule"] == {"cron": "30 1 * * *", "clock": "CLOCK_LOCAL"}
    assert "RESTIC_REST_PASSWORD=________" in repo["env"]
    bucket = SimpleNamespace(address="s3:https://seaux.example/v1", user="v1", is_bucket=True)
    assert "AWS_SECRET_ACCESS_KEY=________" in json.loads(backrest(bucket))["repos"][0]["env"]  # type: ignore[arg-type]


def test_the_profile_has_the_fields_of_version_one() -> None:
    lines = resticprofile(HOME).splitlines()
    assert lines[0] == 'version: "1"'
    assert set(re.findall(r"^  ([\w-]+):", "\n".join(lines), re.M)) == PROFILE
    assert set(re.findall(r"^    ([\w-]+):", "\n".join(lines), re.M)) == BACKUP
