"""Tables of the debits: mandates with their evidence, collections, batches."""

from portal.sepa.models.batch import Batch, BatchState
from portal.sepa.models.collection import (
    Collection,
    CollectionState,
    next_collections,
    plan_collection,
)
from portal.sepa.models.event import MandateEvent, What
from portal.sepa.models.freezing import freeze_batch, freeze_batches
from portal.sepa.models.mandate import (
    Mandate,
    MandateState,
    find_usable_mandate,
    mandate_signed,
    open_mandate,
    request_mandate,
)

__all__ = [
    "Batch",
    "BatchState",
    "Collection",
    "CollectionState",
    "Mandate",
    "MandateEvent",
    "MandateState",
    "What",
    "find_usable_mandate",
    "freeze_batch",
    "freeze_batches",
    "mandate_signed",
    "next_collections",
    "open_mandate",
    "plan_collection",
    "request_mandate",
]
