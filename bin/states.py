"""Write docs/states.md from the step tables of the models; ``--check`` fails when it is out of date."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from portal.db import Base  # noqa: E402
from portal.rooms import modules  # noqa: E402
from portal.stateful import Stateful  # noqa: E402

HEAD = """# States

Every record with a `state` moves only along its table of steps (`portal/stateful.py`); an illegal step
raises. What time decides (overdue, lapsed, ended) is computed from dates and is not here. This page is
generated: `python bin/states.py`.
"""


def main() -> int:
    parts, _every_model = [HEAD], list(modules())
    kinds = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Stateful)]
    for kind in sorted(kinds, key=lambda one: str(one.__tablename__)):
        parts.append(f"\n## {kind.__name__}\n\n{(kind.__doc__ or '').strip().splitlines()[0]}\n")
        parts.append("\n| step | from | to |\n| --- | --- | --- |\n")
        for name, step in kind.steps.items():
            sources = ", ".join(sorted(state.value for state in step.sources))
            parts.append(f"| {name} | {sources} | {step.target.value} |\n")
    page, text = ROOT / "docs" / "states.md", "".join(parts)
    if "--check" in sys.argv:
        if not page.exists() or page.read_text() != text:
            print("docs/states.md n'est pas à jour : lancez « python bin/states.py »")
            return 1
        return 0
    page.write_text(text)
    return 0


sys.exit(main())
