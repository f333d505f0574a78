"""``flask terms …`` as it is typed: no application, no keys, no database."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal.terms.shipped import bundled_text

ROOT = Path(__file__).resolve().parent.parent.parent
FLASK = Path(sys.executable).parent / "flask"
CASE = {
    "contract": "numspot",
    "customer": "business",
    "plan": "on_demand",
    "started_on": "2026-01-15",
    "monthly_fee_cents": 0,
    "events": [{"on": "2026-11-21", "what": "terminate"}],
}


def terms(*arguments: str, folder: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    return subprocess.run(
        [str(FLASK), "terms", *arguments],
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def test_simulate_answers_in_an_empty_folder(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(json.dumps(CASE))
    done = terms("simulate", str(path), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    assert sorted(answer) == ["amounts", "calendar", "notes", "status"]
    assert {"on": "2027-02-19", "what": "contract_ends", "clause": "003-21"} in answer["calendar"]
    assert list(tmp_path.iterdir()) == [path], "nothing is written"
    assert terms("simulate", "-", folder=tmp_path, text=json.dumps(CASE)).stdout == done.stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"contract": "natso"}', "customer"),
        ("{", "JSON"),
        ('{"monthly_fee_cents": NaN}', "NaN"),
        (json.dumps({**CASE, "customer": "consumer"}), "003-02"),
        (json.dumps({**CASE, "started_on": "9999-12-31", "events": []}), "2100"),
    ],
)
def test_a_refusal_is_one_sentence_and_no_answer(tmp_path: Path, text: str, sentence: str) -> None:
    done = terms("simulate", "-", folder=tmp_path, text=text)
    assert done.returncode == 1 and done.stdout == ""
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_coverage_has_a_row_for_each_clause_and_none_open() -> None:
    done = terms("coverage", "--json", folder=ROOT)
    assert done.returncode == 0, done.stdout[-300:]
    shown = json.loads(done.stdout)
    assert (shown["totals"]["rows"], shown["totals"]["p1"], shown["totals"]["p1_covered"]) == (265, 139, 139)
    table = terms("coverage", folder=ROOT).stdout.splitlines()
    assert len(table) == 266 and table[-1].startswith("265 clauses ; priorité 1 : 139, dont 139 ")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("000", {"A9", "A11"}),
        ("001", {"A5", "A9"}),
        ("002", {"A4", "A10"}),
        ("003", {"A2", "A7", "A9"}),
        ("004", {"A3", "A4", "A10"}),
    ],
)
def test_lint_finds_the_contradictions_of_the_five_documents(
    code: str, expected: set[str], tmp_path: Path
) -> None:
    path = tmp_path / f"{code}.toml"
    path.write_text(bundled_text(code))
    done = terms("lint", str(path), "--json", folder=tmp_path)
    found = json.loads(done.stdout)["findings"]
    assert expected <= {each["code"] for each in found if each["severity"] == "contradiction"}
    assert done.returncode == 0, [each["sentence"] for each in found if not each["noted"]]
