"""Tables of the debits: mandates with their evidence, collections, batches."""

from portal.sepa.models.amendment import (
    Amendment,
    AmendmentKind,
    AmendmentState,
    MandateAmendment,
    open_change,
    pending_amendments,
)
from portal.sepa.models.batch import Batch, BatchState
from portal.sepa.models.collection import Collection, CollectionState, next_collections
from portal.sepa.models.event import MandateEvent, What
from portal.sepa.models.freezing import freeze_batches
from portal.sepa.models.mandate import (
    Mandate,
    MandateState,
    find_usable_mandate,
    mandate_at_bank,
    mandate_signed,
    open_mandate,
    request_mandate,
    usable_mandates,
)
from portal.sepa.models.planning import plan_collection, plan_first_collection

__all__ = [
    "Amendment",
    "AmendmentKind",
    "AmendmentState",
    "Batch",
    "BatchState",
    "Collection",
    "CollectionState",
    "Mandate",
    "MandateAmendment",
    "MandateEvent",
    "MandateState",
    "What",
    "find_usable_mandate",
    "freeze_batches",
    "mandate_at_bank",
    "mandate_signed",
    "next_collections",
    "open_change",
    "open_mandate",
    "pending_amendments",
    "plan_collection",
    "plan_first_collection",
    "request_mandate",
    "usable_mandates",
]
