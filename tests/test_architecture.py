"""The rules of the house, checked on the code itself."""

import ast
import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
PORTAL = ROOT / "portal"
SOURCES = sorted(PORTAL.rglob("*.py"))

PUBLIC = {
    "static",
    "accounts.login",
    "accounts.sign_in",
    "accounts.logout",
    "accounts.choose_language",
    "api.activate",
    "api.license_keys",
    "api.make_machine_token",
    "api.report_backup",
    "home.health",
    "restic.serve",
    "verify.show_form",
    "verify.check_document",
    "vault_access.show",
    "vault_access.take",
}
PUBLIC_PREFIXES = (
    "signing.",
    "account_change.",
    "delegation.",
    "unlock.",
    "fetch.",
    "answer.",
)  # pages behind a signed link


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node


def calls(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            yield ast.unparse(inner.func)


def test_every_endpoint_declares_a_permission(app: Flask) -> None:
    open_ = {name for name, view in app.view_functions.items() if not hasattr(view, "permission")}
    assert {name for name in open_ if not name.startswith(PUBLIC_PREFIXES)} == PUBLIC


def test_every_public_endpoint_says_why(app: Flask) -> None:
    silent = {
        name
        for name, view in app.view_functions.items()
        if not hasattr(view, "permission") and not getattr(view, "public_because", "") and name != "static"
    }
    assert silent == set()


def test_every_rule_names_its_source() -> None:
    for path in [*PORTAL.glob("*/rules.py"), *PORTAL.glob("*/rules/*.py")]:
        for function in functions(path):
            if not function.name.startswith("_"):
                assert "Source:" in (ast.get_docstring(function) or ""), f"{path}: {function.name}"


def test_every_clause_that_is_cited_exists() -> None:
    table = ROOT.parent / "shared" / "contracts" / "clauses.csv"
    with (PORTAL / "terms" / "clauses.csv").open() as rows:
        known = {row["id"] for row in csv.DictReader(rows)}
    if table.exists():  # the list kept with the code is the one of the table
        with table.open() as rows:
            assert known == {row["id"] for row in csv.DictReader(rows)}
    cited = {
        (path.name, clause)
        for path in [*SOURCES, *PORTAL.rglob("*.toml"), *(ROOT / "templates").rglob("*.html")]
        for clause in re.findall(r"\b00[0-4]-\d\d\b", path.read_text())
    }
    assert {(name, clause) for name, clause in cited if clause not in known} == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_views_and_jobs_commit(path: Path) -> None:
    may_commit = {
        "views.py",
        "jobs.py",
        "run.py",
        "cli.py",
        "signing.py",
        "unlock.py",
        "sessions.py",
        "fetch.py",
        "answer.py",
        "vaults.py",
        "load.py",
        "account_pages.py",
        "verify.py",
        "delegation.py",
    }
    if path.name not in may_commit and not path.name.endswith(("_views.py", "_cli.py")):
        assert "db.session.commit" not in set(calls(ast.parse(path.read_text())))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_clock_module_reads_the_clock(path: Path) -> None:
    if path.name == "clock.py":
        return
    forbidden = {"datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time"}
    found = forbidden & set(calls(ast.parse(path.read_text())))
    allowed = {"jobs.py": {"time.time"}}  # leases are machine time, not business time
    assert found <= allowed.get(path.name, set())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_imports_another_packages_views_or_forms(path: Path) -> None:
    package = path.relative_to(PORTAL).parts[0]
    shared = {  # doors left open on purpose
        "customer_panel",
        "subscription_link",
        "subscription_panel",
        "vault_panel",
        "version_panel",
        "send_document",
        "csrf",
    }
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and re.fullmatch(
            r"portal\.\w+\.(views|forms)", node.module or ""
        ):
            owner = str(node.module).split(".")[1]
            assert owner == package or {alias.name for alias in node.names} <= shared, ast.unparse(node)


def test_a_view_is_short() -> None:
    for path in PORTAL.rglob("*views.py"):
        for function in functions(path):
            if any(
                "route" in call or call.startswith("bp.")
                for call in map(ast.unparse, function.decorator_list)
            ):
                length = (function.end_lineno or 0) - function.lineno + 1
                assert length <= 25, f"{path.parent.name}.{function.name}: {length} lines"


def test_no_room_is_called_utils() -> None:
    names = {path.name for path in SOURCES}
    assert not names & {"utils.py", "services.py", "managers.py", "helpers.py", "common.py"}


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda p: p.name)
def test_templates_keep_to_the_content_security_policy(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=|\son\w+=|hx-on|javascript:|<script(?![^>]*\bsrc=)|<style", text)
    assert "| safe" not in text and "|safe" not in text
    assert "hx-boost" not in text


def test_imports_go_downwards() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_no_registry_address_is_committed() -> None:
    for path in [*ROOT.glob("requirements/*"), ROOT / "package-lock.json", ROOT / ".npmrc"]:
        assert not re.search(r'"resolved": *"http|--(extra-)?index-url|/simple/', path.read_text()), path
