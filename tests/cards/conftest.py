from collections.abc import Iterator

import pytest
from flask import Flask

from tests.fake_stripe import KEY, SECRET, Stripe, a_stripe


@pytest.fixture
def stripe(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stripe]:
    """A gateway that is set up, and what stands behind it."""
    with a_stripe() as running:
        monkeypatch.setitem(app.config, "CARD_API", running.address)
        monkeypatch.setenv("CARD_KEY", KEY)
        monkeypatch.setenv("CARD_WEBHOOK_SECRET", SECRET)
        yield running
