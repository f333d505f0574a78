"""From where a function is reached when the portal works: views, jobs, commands, signals, printed pages.

A reading of the code, not a run of it: an edge is a name that one function, method or constant uses of
another, through imports; an attribute of an object that nobody can name leads to every method of that name.
It may reach too much, never too little, so what it does not reach has no caller.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROUTES = frozenset({"route", "get", "post", "put", "patch", "delete"})
KINDS = {
    **dict.fromkeys(ROUTES, "view"),
    "job": "job",
    "periodic": "job",
    "command": "command",
    "connect": "signal",
    "app_template_filter": "page",
    "before_request": "view",
    "after_request": "view",
}
_KEY = re.compile(r"[a-z_0-9]+(\.[a-z_0-9]+)+").fullmatch
_IN_TEMPLATE = re.compile(r"\.([a-z_]\w*)")


@dataclass
class Graph:
    """Who uses whom, by dotted name, and what is asked from outside."""

    edges: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    roots: dict[str, str] = field(default_factory=dict)  # dotted name -> what it is
    methods: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # name -> dotted names
    # contract key -> who reads it
    _back: dict[tuple[str, ...], dict[str, set[str]]] = field(default_factory=dict)
    _known: dict[tuple[str, tuple[str, ...]], list[str]] = field(default_factory=dict)
    readers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def reached_from(self, name: str, *, without: tuple[str, ...] = ()) -> list[str]:
        """What leads to a function: « view reversibility.views.ask ». ``without``: modules that only
        answer.
        """
        if (known := self._known.get((name, without))) is not None:
            return known
        back = self._users(without)
        seen, todo = {name}, [name]
        while todo:
            more = back.get(todo.pop(), set()) - seen
            seen |= more
            todo += more
        found = sorted(f"{self.roots[each]} {each.removeprefix('portal.')}" for each in seen & back[""])
        self._known[name, without] = found
        return found

    def _users(self, without: tuple[str, ...]) -> dict[str, set[str]]:
        """Name -> who uses it; under the empty name, the roots that count."""
        if without not in self._back:
            found: dict[str, set[str]] = defaultdict(set)
            for source, targets in self.edges.items():
                if not (without and source.startswith(without)):
                    for target in targets:
                        found[target].add(source)
            found[""] = {each for each in self.roots if not (without and each.startswith(without))}
            self._back[without] = dict(found)
        return self._back[without]


def read_graph(root: Path) -> Graph:
    """The graph of ``portal/`` and of what its templates read."""
    modules = {
        _name(path, root): ast.parse(path.read_text()) for path in sorted((root / "portal").rglob("*.py"))
    }
    graph = Graph()
    for module, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for inner in _functions(node):
                    graph.methods[inner.name].add(f"{module}.{node.name}.{inner.name}")
    homes = _Homes(modules)
    for module, tree in modules.items():
        for owner, node in _owners(module, tree):
            graph.edges[owner] |= set(_used(node, module, owner, homes, graph))
            for text in _texts(node):
                graph.readers[text].add(owner)
            kind = _kind(node)
            if kind:
                graph.roots[owner] = kind
    for path in sorted((root / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            place = f"{'mail' if path.suffix == '.txt' else 'page'} {path.relative_to(root / 'templates')}"
            graph.roots[place] = place.partition(" ")[0]
            for name in set(_IN_TEMPLATE.findall(path.read_text())):
                graph.edges[place] |= graph.methods.get(name, set())
    return graph


def _name(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _functions(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    return (each for each in node.body if isinstance(each, ast.FunctionDef))


def _owners(module: str, tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Functions, methods, classes and constants, each with the name under which others use it."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for inner in _functions(node):
                yield f"{module}.{node.name}.{inner.name}", inner
            rest = [each for each in node.body if not isinstance(each, ast.FunctionDef)]
            yield f"{module}.{node.name}", ast.Module(rest, [])
        elif isinstance(node, ast.FunctionDef):
            yield f"{module}.{node.name}", node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    yield f"{module}.{target.id}", node


class _Homes:
    """Where a name that a module uses is defined, re-exports followed."""

    def __init__(self, modules: dict[str, ast.Module]) -> None:
        self.modules = modules
        self._names: dict[str, dict[str, str]] = {}
        self._own: dict[str, set[str]] = {}
        for module, tree in modules.items():
            self._own[module] = {owner.rpartition(".")[2] for owner, _node in _owners(module, tree)}
            self._names[module] = dict(_imported(tree))

    def find(self, module: str, name: str) -> str:
        for _ in range(5):
            if module not in self._own or name in self._own[module] or name not in self._names[module]:
                break
            target = self._names[module][name]
            if target in self.modules:
                return target
            module, _dot, name = target.rpartition(".")
        return f"{module}.{name}"


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, alias.name


def _used(node: ast.AST, module: str, owner: str, homes: _Homes, graph: Graph) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield homes.find(module, inner.id)
        elif isinstance(inner, ast.Attribute):
            base = homes.find(module, inner.value.id) if isinstance(inner.value, ast.Name) else ""
            if base in homes.modules:
                yield homes.find(base, inner.attr)
            else:
                yield from graph.methods.get(inner.attr, ())
    if isinstance(node, ast.FunctionDef) and node.name == "__init__":
        yield owner.rpartition(".")[0]
    for name in ("__init__", "__post_init__", "__call__"):  # a class that is used is made
        yield from (each for each in graph.methods[name] if each == f"{owner}.{name}")


def _texts(node: ast.AST) -> Iterator[str]:
    """The strings that look like keys of a contract."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and _KEY(inner.value):
            yield inner.value


def _kind(node: ast.AST) -> str:
    if not isinstance(node, ast.FunctionDef):
        return ""
    for each in node.decorator_list:
        kind = KINDS.get(ast.unparse(each).partition("(")[0].rpartition(".")[2])
        if kind:
            return kind
    return ""
