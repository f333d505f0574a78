"""``flask terms …`` as it is typed: no application, no keys, no database."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from portal.terms.shipped import bundled_text

ROOT = Path(__file__).resolve().parent.parent.parent
OPEN = ROOT / "portal" / "terms" / "open_clauses.toml"
_NINETY = '"termination.effective_days" = { unit = "days", value = 90'
OPEN_BEFORE = ROOT / "tests" / "previous_release" / "open_clauses.toml"
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


def test_simulate_asks_a_version_that_is_not_published(tmp_path: Path) -> None:
    text = bundled_text("003")
    draft, other = tmp_path / "draft.toml", tmp_path / "other.toml"
    draft.write_text(text.replace(_NINETY, _NINETY.replace("90", "30")))
    assert draft.read_text() != text
    other.write_text(bundled_text("001"))
    case = json.dumps(CASE)

    def end(*arguments: str) -> str:
        answer = json.loads(terms("simulate", "-", *arguments, folder=tmp_path, text=case).stdout)
        return str(next(each["on"] for each in answer["calendar"] if each["what"] == "contract_ends"))

    assert end() == "2027-02-19"
    assert end("--with", str(draft)) == "2026-12-21"
    refused = terms("simulate", "-", "--with", str(other), folder=tmp_path, text=case)
    assert refused.returncode == 1
    assert "numspot" in refused.stderr
    assert "001" in refused.stderr
    assert not refused.stdout


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


@pytest.mark.slow
def test_coverage_says_of_each_clause_from_where_it_is_executed(tmp_path: Path) -> None:
    done = terms("coverage", "--json", folder=ROOT)
    assert done.returncode == 0, done.stdout[-300:]
    shown = json.loads(done.stdout)
    rows, totals = {row["id"]: row for row in shown["rows"]}, shown["totals"]
    assert (totals["rows"], totals["p1"], totals["p2"], totals["unlisted"]) == (265, 139, 126, [])
    assert {row["verdict"] for row in rows.values()} <= {"executed", "what-if", "nobody", "decided"}
    assert {row["verdict"] for row in rows.values() if row["priority"] == 1} == {"executed"}
    assert totals["open"] == sorted(tomllib.loads(OPEN.read_text())["open"])
    assert "view subscriptions.termination_views.give_notice" in rows["000-14"]["executed_from"]
    assert "job subscriptions.reminders.send_reminders" in rows["000-14"]["executed_from"]
    assert "view subscriptions.views.create_order" in rows["000-33"]["executed_from"]
    assert "job availability.jobs.extend_orders" in rows["003-37"]["executed_from"]
    assert rows["003-77"]["verdict"] == "what-if" and rows["003-77"]["executed_from"] == []
    assert "job tickets.jobs.tell_of_missed" in rows["003-70"]["executed_from"]
    (tmp_path / "coverage.json").write_text(done.stdout)
    assert dead_by_a_second_reader(tmp_path / "coverage.json") <= set(totals["open"])


def dead_by_a_second_reader(coverage: Path) -> set[str]:
    """The priority-1 clauses that another reader of the code finds without a caller."""
    reader = ROOT.parent / "shared" / "checks" / "reach.py"
    if not reader.exists():  # the project stands alone elsewhere
        return set()
    command = [sys.executable, str(reader), str(coverage)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    line = next(line for line in said.splitlines() if line.startswith("priority-1 clauses without"))
    return set(line.split(":")[1].split())


def test_the_list_of_open_clauses_only_becomes_shorter() -> None:
    now, before = tomllib.loads(OPEN.read_text()), tomllib.loads(OPEN_BEFORE.read_text())
    assert now["open"].keys() <= before["open"].keys()
    left = before["open"].keys() - now["open"].keys()
    assert left == now["lived"].keys() - before["lived"].keys(), "each with the test that lives it"


@pytest.mark.parametrize(("clause", "test"), sorted(tomllib.loads(OPEN.read_text())["lived"].items()))
def test_a_clause_that_left_the_list_is_lived(clause: str, test: str) -> None:
    """Its test moves the clock, and acts through a page, the worker or a mail."""
    path, _colons, name = test.partition("::")
    text = (ROOT / path).read_text()
    node = next(
        each for each in ast.parse(text).body if isinstance(each, ast.FunctionDef) and each.name == name
    )
    body = ast.get_source_segment(text, node) or ""
    assert re.search(r"\bat\(", body) and re.search(r"\.(get|post)\(|\bwork\(", body), clause
    assert clause in body or clause.replace("-", "_") in name


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
