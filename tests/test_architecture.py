"""The rules of the house, checked on the code itself."""

import ast
import csv
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from tests.each import for_each

ROOT = Path(__file__).resolve().parent.parent
PORTAL = ROOT / "portal"
SOURCES = sorted(PORTAL.rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


PUBLIC = {
    "static",
    "accounts.login",
    "single_sign_on.ask",
    "single_sign_on.choose",
    "single_sign_on.come_back",
    "single_sign_on.leave",
    "accounts.sign_in",
    "accounts.ask_factor",
    "accounts.show_second_factor",
    "accounts.welcome",
    "accounts.logout",
    "customer_looks.stop_looking",
    "people.ask_forgotten",
    "people.forgotten",
    "people.show_email_change",
    "people.confirm_email_change",
    "people.show_email_stop",
    "people.stop_email_change",
    "accounts.choose_first_password",
    "accounts.join_house",
    "accounts.choose_language",
    "api.activate",
    "api.check_in",
    "api.give_back_seat",
    "api.list_revocations",
    "api.list_signing_keys",
    "api.validate",
    "api.license_keys",
    "api.make_machine_token",
    "api.report_backup",
    "brands.colours",
    "brands.logo",
    "exit_page.list_offers",
    "exit_page.show_offer",
    "processor_list.show",
    "card_events.hear",
    "portable.show",
    "portable.check",
    "partner_description.show",
    "probes.health",
    "probes.metrics",
    "probes.ready",
    "restic.serve",
    "status.show",
    "today.calendar",
    "typed_key.read",
    "typed_key.show",
    "verify.show_form",
    "verify.check_document",
    "vault_access.show",
    "vault_access.take",
}
PUBLIC_PREFIXES = (
    "signing.",
    "account_change.",
    "accepting.",
    "waiving.",
    "refund_account.",
    "agreement_signing.",
    "pay.",
    "quoting.",
    "sign_up.",
    "sign_up_link.",
    "change_signing.",
    "reversal_signing.",
    "consents.",
    "work_quotes.",
    "handover_choosing.",
    "assignment_signing.",
    "delegation.",
    "unlock.",
    "fetch.",
    "answer.",
)  # pages behind a signed link


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(tree_of(path)):
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


FORMS = {  # they show what one is about to do; nobody who may not do it has a use for them
    "availability.new_measures",
    "bank_door.edit_door",
    "availability.new_outage",
    "breaches.new_breach",
    "directory_settings.show",
    "own_account.show",
    "own_data.show",
    "own_processors.show_own",
    "person_requests.new_request",
    "processing.new_entry",
    "sub_processors.new_change",
    "sub_processors.new_processor",
    "planned_work.new_work",
    "status.edit_status_page",
    "credit_notes.new_credit",
    "vat_notes.new_note",
    "reversals.new_drop",
    "reversals.new_reversal",
    "amendments.new_amendment",
    "quotes.new_quote",
    "quote_lines.new_wish",
    "custody.edit_custody",
    "acceptances.new_acceptance",
    "changes.edit_customer",
    "disputes.new_dispute",
    "plans.new_plan",
    "termination_letters.new_letter",
    "endings.new_ending",
    "natural_ends.new_end",
    "suspensions.new_suspension",
    "merging.choose",
    "transfers.new_transfer",
    "assignments.new_assignment",
    "factors.show_app",
    "customers.new_customer",
    "downloads.edit",
    "hosting.edit",
    "certificates.new",
    "stores.new",
    "stores.edit",
    "vault_homes.choose",
    "vault_homes.edit_keys",
    "vault_maintenance.new_maintenance",
    "vault_moves.new",
    "key_stock.new_lot",
    "stock_use.choose_for_order",
    "stock_use.choose_for_contract",
    "certificates.new_renewal",
    "people.new_person",
    "mandate_import.download_template",
    "mandate_import.show_import",
    "mandates.print_form",
    "mandates.show_paper",
    "restore_calls.new_call",
    "tickets.new",
    "ticket_work.new_call",
    "ticket_work.show_call",
    "ticket_texts.show_texts",
    "restore_calls.show_call",
    "restore_files.browse",
    "restore_files.show_hits",
    "restore_requests.new_request",
    "brand_pages.edit",
    "mail_words.contents",
    "mail_words.edit",
    "resellers.edit_reseller",
    "registers.fill_in",
    "resellers.new_reseller",
    "returns.edit_reaction",
    "handover_choice.show_choice",
    "reversibility.new_case",
    "sepa.edit_entity",
    "sepa.new_entity",
    "sepa.new_mandate",
    "setup.new_offer",
    "sign_up_settings.edit",
    "sign_up_settings.edit_offer",
    "starts.edit_start",
    "subscription_vaults.new_vault",
    "means.show",
    "subscription_changes.new_change",
    "subscriptions.new_order",
    "terminations.new_termination",
    "terms.new_version",
    "withdrawals.show",
}
THE_CUSTOMERS_ALONE = {  # what holds the passphrase, or came out of it
    "custody.enrol",
    "custody.show_acknowledgement",
    "fetch.download_own",
    "unlock.show_own",
}


def test_what_is_read_asks_for_a_permission_to_read(app: Flask) -> None:
    """So that a role which changes nothing is the list of permissions named ``…:read``."""
    others = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and (permission := getattr(app.view_functions[rule.endpoint], "permission", None))
        and not permission.endswith(":read")
    }
    assert others == FORMS | THE_CUSTOMERS_ALONE


def test_what_is_changed_asks_for_more_than_a_permission_to_read(app: Flask) -> None:
    changing = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
        and str(getattr(app.view_functions[rule.endpoint], "permission", "")).endswith(":read")
    }
    assert changing == {"accounts.confirm_password"}  # one's own


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


ROUTES = {"route", "get", "post", "put", "patch", "delete"}
ENDS_A_TRANSACTION = ROUTES | {"job", "periodic", "command", "commits"}


def decorated(function: ast.FunctionDef, names: set[str]) -> bool:
    """Is it decorated with ``something.name(...)`` or ``name(...)``, whatever the file is called?"""
    written = (ast.unparse(each).partition("(")[0] for each in function.decorator_list)
    return any(name.rpartition(".")[2] in names for name in written)


def views() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """What is routed."""
    for path in SOURCES:
        for function in functions(path):
            if decorated(function, ROUTES):
                yield path, function


@for_each(SOURCES)
def test_only_what_is_asked_from_outside_commits(path: Path) -> None:
    """A view, a job, a command, what says so with ``@commits``; and private helpers that only these call.

    Either in words, or as ``with saving(form)``.
    """
    if path == PORTAL / "forms.py":
        return
    tree = tree_of(path)
    named = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    may = {name for name, node in named.items() if decorated(node, ENDS_A_TRANSACTION)}
    callers = {name: {other for other in named if name in set(calls(named[other]))} for name in named}
    grown = True
    while grown:
        more = {name for name, by in callers.items() if name.startswith("_") and by and by <= may} - may
        may, grown = may | more, bool(more)
    for top in tree.body:
        methods = top.body if isinstance(top, ast.ClassDef) else [top]
        for node in methods:
            allowed = isinstance(node, ast.FunctionDef) and (
                node.name in may or decorated(node, ENDS_A_TRANSACTION)
            )
            if not allowed:
                named_by = getattr(node, "name", path.name)
                assert not {"db.session.commit", "saving"} & set(calls(node)), named_by


def test_what_is_routed_leaves_refusals_to_the_form() -> None:
    """``with saving(form)`` rolls back and speaks the person's language; by hand one of them is forgotten."""
    by_hand = {
        str(path.relative_to(PORTAL))
        for path in {path for path, _function in views()}
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and node.type and "Refused" in ast.unparse(node.type)
    }
    assert by_hand <= {
        "contracts/page_views.py",  # asks, writes nothing
        "single_sign_on/views.py",  # who comes back from a directory has no form to be told in
        "subscriptions/views.py",  # asks what an end would mean
        "subscriptions/withdrawal_views.py",  # its page says by itself that the days are over
        "terms/views.py",
    }


@for_each(SOURCES)
def test_only_the_clock_module_reads_the_clock(path: Path) -> None:
    if path.name == "clock.py":
        return
    forbidden = {"datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time"}
    found = forbidden & set(calls(tree_of(path)))
    assert found == set()


@for_each(SOURCES)
def test_nobody_imports_another_packages_views_or_forms(path: Path) -> None:
    package = path.relative_to(PORTAL).parts[0]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and re.search(
            r"portal\.\w+\..*(views|forms)$", node.module or ""
        ):
            owner = str(node.module).split(".")[1]
            assert owner == package, ast.unparse(node)


@for_each(SOURCES)
def test_no_list_is_cut_in_silence(path: Path) -> None:
    """Only ``portal.paging`` cuts a list. One row is looked up with ``limit(1)``, a doubt is seen with 2."""
    if path == PORTAL / "paging.py":
        return
    cuts = [
        ast.unparse(node)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"limit", "offset", "fetch", "slice"}
        and [ast.unparse(each) for each in node.args] not in (["1"], ["2"])
    ]
    assert cuts == []


def test_a_view_is_short() -> None:
    long = {
        f"{path.stem}.{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path, function in views()
    }
    assert {name: lines for name, lines in long.items() if lines > 22} == {}


def test_a_module_is_one_room() -> None:
    houses = [*SOURCES, *(path for place in ("bin", "tour", "bench") for path in (ROOT / place).glob("*.py"))]
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in houses}
    assert {name: lines for name, lines in sizes.items() if lines > 400} == {}


def test_no_module_needs_itself() -> None:
    """No circle, imports for the type checker included."""
    places = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for place in ("portal", "tour", "bench")
        for path in (ROOT / place).rglob("*.py")
    }
    needs = {name: set(imported(path, places)) for name, path in places.items()}
    while True:
        free = {name for name, wanted in needs.items() if not wanted & needs.keys() - {name}}
        if not free:
            break
        needs = {name: wanted for name, wanted in needs.items() if name not in free}
    # what is left stands in a circle, or needs one
    assert needs == {}


def imported(path: Path, places: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in places else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_room_is_called_utils() -> None:
    names = {path.name for path in SOURCES}
    assert not names & {"utils.py", "services.py", "managers.py", "helpers.py", "common.py"}


@for_each(sorted((ROOT / "templates").rglob("*.html")))
def test_templates_keep_to_the_content_security_policy(path: Path) -> None:
    text = path.read_text()
    if path.parts[-2:] == ("mails", "html.html"):  # mail programs know no other styles than a mail's own
        text = re.sub(r"\sstyle=|<style>", "", text)
    assert not re.search(r"\sstyle=|\son\w+=|hx-on|javascript:|<script(?![^>]*\bsrc=)|<style", text)
    assert "| safe" not in text and "|safe" not in text
    assert "hx-boost" not in text


def test_template_lines_can_be_read() -> None:
    lines = (
        (path.name, number, line)
        for path in (ROOT / "templates").rglob("*.*")
        for number, line in enumerate(path.read_text().splitlines(), 1)
    )
    assert [(name, number) for name, number, line in lines if len(line) > 140] == []


def test_a_database_is_asked_for_by_a_fixture() -> None:
    """That is how a test is known to need one, and run on both."""
    tests = {path: path.read_text() for path in (ROOT / "tests").rglob("*.py")}
    makers = re.compile(r"from tests\.installation import [^\n]*\b(an_installation|new_database|template)\b")
    assert [path.name for path, text in tests.items() if makers.search(text)] == []


@pytest.mark.slow  # `make check` asks the same by itself
def test_imports_go_downwards() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_no_registry_address_is_committed() -> None:
    for path in [*ROOT.glob("requirements/*"), ROOT / "package-lock.json", ROOT / ".npmrc"]:
        assert not re.search(r'"resolved": *"http|--(extra-)?index-url|/simple/', path.read_text()), path


MADE_BY = {  # the one module that makes rows of such a kind, with its checks and its line of the journal
    "Organisation": {"resellers/houses.py", "customers/models.py"},
    "Reseller": {"resellers/houses.py"},
    "LegalEntity": {"sepa/models/entity.py"},
    "Product": {"catalogue/offers.py"},
    "User": {"accounts/welcome.py"},
}


def test_each_subject_is_made_by_its_own_verb() -> None:
    """No page, command or demonstration makes one by hand."""
    found: dict[str, set[str]] = {name: set() for name in MADE_BY}
    for path in SOURCES:
        for called in calls(tree_of(path)):
            if called in found:
                found[called].add(str(path.relative_to(PORTAL)))
    assert found == MADE_BY


@for_each(sorted((ROOT / "tour").glob("*.py")))
def test_the_tour_begins_with_nothing(path: Path) -> None:
    """What it lives, a provider without the demonstration can live."""
    for node in ast.walk(tree_of(path)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        assert not [name for name in names if name.startswith("portal.demo")], path.name
