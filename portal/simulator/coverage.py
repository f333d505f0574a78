"""Which clause is executed by which rule, proved by which test, held by which value, or left out and why.

Rules are the functions of the modules that the project declares pure; the clauses that one executes stand in
the ``Source`` line of its docstring. A test counts for a clause when it names it and calls one of its rules.
"""

import ast
import csv
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from portal.terms.shipped import documents

ROOT = Path(__file__).resolve().parent.parent.parent
_TERMS = ROOT / "portal" / "terms"
_RANGE = re.compile(r"(\d{3})-(\d{2,3})(?:\.\.(?:\d{3}-)?(\d{2,3}))?")
_IN_TESTS = re.compile(r"(?<!\d)(\d{3})[-_](\d{2})(?!\d)")


@dataclass(frozen=True)
class Row:
    """One clause and what became of it."""

    id: str
    article: str
    priority: int
    subject: str
    rules: tuple[str, ...]
    tests: tuple[str, ...]
    values: tuple[str, ...]
    decision: str

    @property
    def is_covered(self) -> bool:
        return bool(self.rules and self.tests)

    @property
    def is_open(self) -> bool:
        """Is a rule, its test or a reason missing? For the second priority a value is enough."""
        settled = self.is_covered or bool(self.decision)
        return not (settled or (self.priority == 2 and bool(self.values or self.rules)))

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "open": self.is_open}

    def line(self) -> str:
        rule = ", ".join(self.rules) or "-"
        if self.is_open:
            return f"{self.id}  P{self.priority} {self.subject}  OUVERTE  {rule}"
        proof = f"{len(self.tests)} tests : {self.tests[0]}" if self.tests else ""
        held = f"valeur : {', '.join(self.values)}" if self.values and not self.rules else ""
        rest = "  ".join(filter(None, (rule if self.rules else "", proof, held, self.decision)))
        return f"{self.id}  P{self.priority} {self.subject}  {rest}"


def cover(root: Path = ROOT) -> list[Row]:
    """A row per clause, in the order of the table of clauses."""
    rules = _rules(root)
    tests = _tests(root, rules)
    values: Mapping[str, list[str]] = defaultdict(list)
    for document in documents().values():
        for key, value in document.values.items():
            values[value.clause].append(key)
    decisions = tomllib.loads((_TERMS / "decisions.toml").read_text())
    with (_TERMS / "clauses.csv").open(newline="") as table:
        return [
            Row(
                line["id"],
                line["article"],
                int(line["priority"]),
                line["subject"],
                tuple(sorted(rules.get(line["id"], ()))),
                tuple(sorted(tests.get(line["id"], ()))),
                tuple(values[line["id"]]),
                decisions.get(line["id"], ""),
            )
            for line in csv.DictReader(table)
        ]


def totals(rows: list[Row]) -> dict[str, int]:
    """How many clauses of each priority have what."""
    first = [row for row in rows if row.priority == 1]
    second = [row for row in rows if row.priority == 2]
    return {
        "rows": len(rows),
        "p1": len(first),
        "p1_covered": sum(row.is_covered for row in first),
        "p1_decided": sum(not row.is_covered and not row.is_open for row in first),
        "p1_open": sum(row.is_open for row in first),
        "p2": len(second),
        "p2_rules": sum(bool(row.rules) for row in second),
        "p2_values": sum(bool(row.values) and not row.rules for row in second),
        "p2_decided": sum(not row.rules and not row.values and bool(row.decision) for row in second),
        "p2_open": sum(row.is_open for row in second),
    }


def clauses_in(text: str) -> set[str]:
    """Clause ids of a ``Source`` line; « 003-70..73 » is four of them."""
    found = set()
    for document, first, last in _RANGE.findall(text):
        for number in range(int(first), int(last or first) + 1):
            found.add(f"{document}-{number:02d}")
    return found


def _rules(root: Path) -> dict[str, set[str]]:
    """Clause id -> dotted names of the pure functions that execute it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, module in _pure_modules(root):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                source = (ast.get_docstring(node) or "").partition("Source:")[2]
                for clause in clauses_in(source):
                    found[clause].add(f"{module}.{node.name}")
    return found


def _pure_modules(root: Path) -> Iterator[tuple[Path, str]]:
    """The files of the modules that the import contract « Rules are pure » lists."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    contracts = project["tool"]["importlinter"]["contracts"]
    pure = next(each for each in contracts if each["name"] == "Rules are pure")
    for name in pure["source_modules"]:
        place = root / name.replace(".", "/")
        files = sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
        for path in files:
            yield path, name if path.stem in ("__init__", place.name) else f"{name}.{path.stem}"


def _tests(root: Path, rules: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Clause id -> tests that name it and call one of its rules."""
    found: dict[str, set[str]] = defaultdict(set)
    short = {clause: {name.rpartition(".")[2] for name in names} for clause, names in rules.items()}
    for path in sorted((root / "tests").rglob("test_*.py")):
        text = path.read_text()
        functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
        helpers = {node.name: _names(node) for node in functions if not node.name.startswith("test_")}
        for node in functions:
            if node.name in helpers:
                continue
            decorators = "".join(ast.get_source_segment(text, each) or "" for each in node.decorator_list)
            named = {
                "-".join(pair)
                for pair in _IN_TESTS.findall(
                    f"{node.name} {decorators} {ast.get_source_segment(text, node) or ''}"
                )
            }
            called = _names(node)
            called |= {name for helper in called & helpers.keys() for name in helpers[helper]}
            for clause in named & short.keys():
                if called & short[clause]:
                    found[clause].add(f"{path.relative_to(root)}::{node.name}")
    return found


def _names(node: ast.FunctionDef) -> set[str]:
    called = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return called | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
