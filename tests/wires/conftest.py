from tests.sepa.conftest import island

__all__ = ["island"]
