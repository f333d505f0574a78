"""What becomes of each clause: executed and from where, partly, only asked, by nobody, or left out and why.

Rules are the functions of the modules that the project declares pure; the clauses that one executes stand in
the ``Source`` line of its docstring. A test counts for a clause when it names it and calls one of its rules.
From where a rule is executed is read from the code (:mod:`portal.simulator.call_graph`); that a clause of
the first priority is not wholly executed stands in ``open_clauses.toml``, whatever the code reaches.
"""

import ast
import csv
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from portal.simulator.call_graph import Graph, read_graph
from portal.terms.shipped import documents

ROOT = Path(__file__).resolve().parent.parent.parent
_TERMS = ROOT / "portal" / "terms"
_RANGE = re.compile(r"(\d{3})-(\d{2,3})(?:\.\.(?:\d{3}-)?(\d{2,3}))?")
_IN_TESTS = re.compile(r"(?<!\d)(\d{3})[-_](\d{2})(?!\d)")
_ANSWERS_ONLY = ("portal.simulator",)  # answers questions, changes nothing
VERDICTS = ("executed", "partly", "what-if", "nobody", "decided")


@dataclass(frozen=True)
class Row:
    """One clause and what became of it. ``executed_from``: « view reversibility.views.ask », « job … », …"""

    id: str
    article: str
    priority: int
    subject: str
    rules: tuple[str, ...]
    tests: tuple[str, ...]
    values: tuple[str, ...]
    decision: str
    verdict: str
    executed_from: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        rule = (
            ", ".join(self.rules) or f"valeur : {', '.join(self.values)}"
            if self.rules or self.values
            else "-"
        )
        proof = f"{len(self.tests)} tests : {self.tests[0]}" if self.tests else ""
        where = ", ".join(self.executed_from[:3]) + (" …" if len(self.executed_from) > 3 else "")
        rest = "  ".join(filter(None, (rule, proof, where, self.decision)))
        return f"{self.id}  P{self.priority} {self.subject}  {self.verdict.upper():8}  {rest}"


def cover(root: Path = ROOT) -> list[Row]:
    """A row per clause, in the order of the table of clauses."""
    rules, graph = _rules(root), read_graph(root)
    tests = _tests(root, rules)
    values: Mapping[str, list[str]] = defaultdict(list)
    for document in documents().values():
        for key, value in document.values.items():
            values[value.clause].append(key)
    decisions = tomllib.loads((_TERMS / "decisions.toml").read_text())
    listed = open_clauses()["open"]
    rows = []
    with (_TERMS / "clauses.csv").open(newline="") as table:
        for line in csv.DictReader(table):
            clause, named = line["id"], tuple(sorted(rules.get(line["id"], ())))
            keys, decision = tuple(values[clause]), decisions.get(clause, "")
            live = _live(graph, named, keys)
            verdict = _verdict(listed.get(clause, ""), decision, named, live)
            proofs = tuple(sorted(tests.get(clause, ())))
            rows.append(
                Row(
                    clause,
                    line["article"],
                    int(line["priority"]),
                    line["subject"],
                    named,
                    proofs,
                    keys,
                    decision,
                    verdict,
                    live,
                )
            )
    return rows


def open_clauses(path: Path = _TERMS / "open_clauses.toml") -> dict[str, dict[str, str]]:
    """``open``: clause -> what is wrong with it; ``lived``: clause that left the list -> the test that lives
    it.
    """
    return tomllib.loads(path.read_text())


def _live(graph: Graph, rules: tuple[str, ...], keys: tuple[str, ...]) -> tuple[str, ...]:
    """From where the rules are reached; without a rule, from where the contract's values are read."""
    targets = rules or tuple(reader for key in keys for reader in graph.readers.get(key, ()))
    found = {place for name in targets for place in graph.reached_from(name, without=_ANSWERS_ONLY)}
    return tuple(sorted(found))


def _verdict(listed: str, decision: str, rules: tuple[str, ...], live: tuple[str, ...]) -> str:
    if listed:
        return "partly" if listed == "wrongly" else listed
    if decision:
        return "decided"
    if live:
        return "executed"
    return "what-if" if rules else "nobody"


def totals(rows: list[Row]) -> dict[str, Any]:
    """How many clauses of each priority have which verdict, and the open ones of the first by name."""
    counted = {p: Counter(row.verdict for row in rows if row.priority == p) for p in (1, 2)}
    first = [row for row in rows if row.priority == 1]
    return {
        "rows": len(rows),
        "p1": len(first),
        "p2": len(rows) - len(first),
        **{f"p{p}_{verdict.replace('-', '_')}": counted[p][verdict] for p in (1, 2) for verdict in VERDICTS},
        "open": [row.id for row in first if row.verdict not in ("executed", "decided")],
        "unlisted": [
            row.id
            for row in first
            if row.verdict not in ("executed", "decided") and row.id not in open_clauses()["open"]
        ],
        "untested": [row.id for row in first if row.rules and not row.tests],
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
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
            yield path, ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _tests(root: Path, rules: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Clause id -> tests that name it and call one of its rules."""
    found: dict[str, set[str]] = defaultdict(set)
    short = {clause: {name.rpartition(".")[2] for name in names} for clause, names in rules.items()}
    for path in sorted((root / "tests").rglob("test_*.py")):
        text = path.read_text()
        lines = text.splitlines()
        functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
        helpers = {node.name: _names(node) for node in functions if not node.name.startswith("test_")}
        for node in functions:
            if node.name in helpers:
                continue
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            own = "\n".join(lines[first - 1 : node.end_lineno])
            named = {"-".join(pair) for pair in _IN_TESTS.findall(f"{node.name} {own}")}
            called = _names(node)
            called |= {name for helper in called & helpers.keys() for name in helpers[helper]}
            for clause in named & short.keys():
                if called & short[clause]:
                    found[clause].add(f"{path.relative_to(root)}::{node.name}")
    return found


def _names(node: ast.FunctionDef) -> set[str]:
    called = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return called | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
