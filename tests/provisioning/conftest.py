from collections.abc import Iterator

import pytest

from tests.guarded_bucket import Guarded, a_guarded_bucket
from tests.vault_fixtures import agent, repository  # noqa: F401


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    """A host of buckets, whose account the portal has; the bucket that is there holds for 30 days."""
    with a_guarded_bucket(locked_days=30) as place:
        for name, value in place.keys.items():
            monkeypatch.setenv(f"VAULT_{name}", value)
        yield place
