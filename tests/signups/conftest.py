from tests.cards.conftest import stripe

__all__ = ["stripe"]
