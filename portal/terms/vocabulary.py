"""The keys that a contract document may hold, each with its unit; anything else is a typing error."""

from difflib import get_close_matches
from typing import NamedTuple


class Entry(NamedTuple):
    """What a key's value must be."""

    unit: str
    choices: frozenset[str] = frozenset()


_BY_UNIT = {
    "flag": """
        acceptance.before_order
        backup.incident_mail backup.local_copy_advised
        billing.intermediate_invoice billing.usage_due
        claim.delay_cancels claim.holds_payment
        contact.incident_required contact.technical_required
        customer.businesses_only customer.never_committed
        document.inseparable
        dsar.forwarded
        early_end.counts_begun_month
        edition.workstation.network
        erasure.certificate_on_request erasure.early_on_request
        force_majeure.extends_fixed_term
        health_data.allowed health_data.needs_signed_order
        hosting.move_needs_consent hosting.subprocessor_notice
        insurance.certificate_billed insurance.on_request
        intervention.notice_written intervention.out_of_scope_billed
        invoice.electronic
        keys.after_payment
        late.early_payment_discount late.single_rate
        maintenance.emergency_excluded maintenance.indemnity
        order.by_api_binds order.refused_on_dispute
        payment.confirmation_mail payment.paid_invoice
        personal_data.instructions_only personal_data.subprocessor_notice
        price.growth_recommits price.includes_vat
        resale.needs_authorisation
        restore.physical_medium_billed restore.quote_possible restore.self_service
        restore.tests_included
        reversibility.by_quote reversibility.customer_hardware reversibility.customer_target
        reversibility.gate_on_payment reversibility.moves_end
        service.period_only
        sla.ephemeral_storage.guaranteed sla.full_compensation sla.needs_reservation
        sla.starred_needs_all_zones sla.suspended_when_late
        software.latest_version
        support.fix_clock_pauses
        suspension.extends_term
        switch.exempt
        termination.moved_to_business_day
        ticket.out_of_scope_billed
        transfer.needs_consent
        use.forbidden_listed use.high_risk use.planned_load_notice
        withdrawal.bank_fees_kept withdrawal.clear_days
    """,
    "list": """
        acceptance.steps
        backup.report_contents backup.sources
        console.features
        contact.change_channels
        delivery.link_places
        dsar.channels
        erasure.exceptions
        infringement.choices
        intervention.third_party_costs
        licence.forbidden
        mandate.fields
        offer.limited_to
        order.fields
        payment.immediate_methods payment.methods payment.partners payment.proforma_methods
        personal_data.breach_channels personal_data.breach_contents
        plan.annual.payment_methods plan.monthly.payment_methods
        rank.documents
        restore.complex_steps
        reversibility.choices
        service.withdrawn
        signup.leads
        software.systems
        start.basis
        suspension.immediate_causes
        termination.customer_tasks termination.free_causes termination.provider_causes
        terms.publication_places
        ticket.closing_steps ticket.customer_fields ticket.fields
    """,
    "text": """
        contact.sales_email
        hosting.region
        jurisdiction.court
        mandate.creditor_identifier
        terms.language
        use.territory
    """,
    "count": """
        audit.per_year
        edition.workstation.internal_disks edition.workstation.users
        encryption.key_bits
        keys.per_licence
        liability.cap_annual_fees
        mandate.rum_length
        seats.archive_copies
        sla.network.latency_ms sla.night_factor sla.night_from_hour sla.night_to_hour
        sla.object_storage.latency_ms sla.penalty_factor
        support.closes_hour support.opens_hour
    """,
    "months": """
        claim.months
        early_end.metered_months early_end.notice_months
        inactivity.months inactivity.notice_months
        liability.cap_cashed_months liability.cap_hosting_months liability.cap_last_months
        receivership.answer_months
        liability.cap_paid_months
        mandate.revocation_notice_months mandate.unauthorised_months
        pentest.notice_months
        plan.36_months.notice_months plan.36_months.period_months plan.annual.notice_months
        plan.annual.period_months plan.monthly.period_months plan.on_demand.period_months
        price.lock_months price.revision_notice_months
        reversibility.fee_months
        sla.credit_months
        switch.extended_months
    """,
    "days": """
        breach.cure_days breach.effective_days breach.warning_days
        claim.delivery_days
        erasure.grace_days erasure.kept_at_most_days erasure.provider_grace_days
        force_majeure.end_after_days force_majeure.end_notice_days force_majeure.suspension_days
        force_majeure.talks_days
        invoice.dispute_days invoice.public_due_days
        keys.grace_days
        maintenance.excluded_if_told_days
        plan.annual.due_days_before_last plan.monthly.notice_days
        reversibility.delivery_days reversibility.window_days
        sepa.prenotification_days
        sla.claim_days
        suspension.unpaid_notice_days
        termination.effective_days termination.provider_notice_days
        terms.publication_days
        withdrawal.days withdrawal.refund_days
    """,
    "business_hours": """
        claim.damage_business_hours
        support.severity3.fix_business_hours
    """,
    "cents": """
        beta.liability_cap_cents
        insurance.ceiling_cents insurance.ceiling_in_words_cents
        late.fixed_fee_cents
        liability.threshold_cents
        reversibility.fee_minimum_cents
        sla.example.mean_month_cents sla.example.penalty_cents
    """,
    "hours": """
        maintenance.notice_hours
        personal_data.breach_notice_hours
        reception.reservation_hours
        sla.restore_main_hours sla.restore_secondary_hours sla.snapshot.durable_after_hours
        ticket.contest_hours
    """,
    "date": """
        certificate.hds.from certificate.hds.until certificate.iso27001.until
    """,
    "percent": """
        sla.access.percent sla.bare_metal.percent sla.example.load_balancer_measured_percent
        sla.example.load_balancer_percent sla.example.object_storage_measured_percent
        sla.example.object_storage_percent sla.firewall.percent sla.internet.percent
        sla.internet_services.percent sla.iops.percent sla.load_balancer.percent sla.metadata.percent
        sla.network.percent sla.object_storage.durability_percent sla.object_storage.percent
        sla.order_api.percent sla.region.percent sla.snapshot.percent sla.virtual_machine.percent
        sla.vm_api.percent sla.volume.percent sla.zone.percent
    """,
    "business_days": """
        erasure.business_days
        reversibility.delivery_business_days reversibility.validation_business_days
        support.severity3.fix_stated_days
        ticket.report_business_days
    """,
    "basis_points": """
        backup.change_rate_basis_points
        early_end.flat_penalty_basis_points
        late.rate_points_basis_points
        liability.cap_share_of_cashed_basis_points
        sla.cap_invoice_basis_points sla.cap_mean_month_basis_points
    """,
    "years": """
        certificate.hds.years
        confidentiality.years
    """,
    "weeks": """
        mandate.refund_weeks
    """,
    "minutes": """
        sla.internet.grace_minutes
        support.severity1.answer_minutes support.severity1.fix_minutes support.severity2.answer_minutes
        support.severity2.fix_minutes support.severity3.answer_minutes
        ticket.confirmation_minutes
    """,
}

# What a choice may be.
_CHOICES = {
    "amendment.form": "signed_writing",
    "backup.change_rate_since": "first_backup_daily last_backup",
    "backup.due_when": "mtime_differs",
    "backup.retention": "plan",
    "billing.fixed_term": "advance arrears",
    "billing.from": "effective_date",
    "billing.on_demand": "advance arrears",
    "billing.reserve_refund": "none prorata",
    "breach.cure_from": "letter_received",
    "breach.period_due": "commitment month",
    "breach.immediate": "block close close_without_compensation suspend_and_close",
    "claim.damage_channel": "email registered_letter",
    "credentials.first_password": "must_change",
    "credentials.reset": "identity_checked written_justified",
    "delivery.means": "download",
    "early_end.in_time": "cheaper early",
    "encryption.pin_holder": "customer",
    "erasure.at": "restitution",
    "export.control_end": "notice_date",
    "infringement.refund": "prorata",
    "intervention.price_day": "request work",
    "invoice.due": "end_of_month on_receipt",
    "notice.channel": "account_email registered_letter",
    "notice.clock": "provider_mail_server",
    "payment.card_capture": "immediate",
    "personal_data.kept": "contract_and_limitation",
    "price.growth_applies": "next_due_or_quarter",
    "price.overuse": "public_grid",
    "price.snapshot": "confirmation_mail",
    "proof.records": "provider",
    "registration.event": "confirmation_received",
    "renewal.commitment": "none same_period",
    "renewal.short_period_exit": "free notice",
    "restore.free_cause": "any hosted_equipment provider_fault",
    "restore.scope": "as_sent",
    "restore.simple_is": "one_file",
    "reversibility.channel": "email online registered_letter",
    "reversibility.counted_from": "day_after last_day",
    "reversibility.reload_price_day": "reversibility_notice",
    "reversibility.service_levels": "revised",
    "seats.unit": "machine user",
    "service.stops": "effective_day last_paid_day",
    "termination.channel": "email letter online registered_letter",
    "termination.customer_refund": "none prorata",
    "termination.midnight": "Europe/Paris",
    "termination.provider_refund": "none prorata",
    "termination.terms_refused_refund": "none prorata",
    "terms.refusal": "written_before_effect",
    "vat.eu_business": "none_with_number",
    "vat.eu_consumer": "issuer_country",
    "vat.outside_eu": "none_on_declaration",
    "version.applies": "order_date subscription_date",
}

_METHODS = frozenset({"card", "paypal", "cheque", "wire", "direct_debit", "administrative_mandate"})
_LISTS = {
    "payment.methods": _METHODS,
    "payment.immediate_methods": _METHODS,
    "payment.proforma_methods": _METHODS,
    "plan.monthly.payment_methods": _METHODS,
    "plan.annual.payment_methods": _METHODS,
    "rank.documents": frozenset(
        {"contract", "order_form", "price_list", "specific", "particular", "special", "general"}
    ),
}

KEYS: dict[str, Entry] = {
    **{
        key: Entry(unit, _LISTS.get(key, frozenset()))
        for unit, keys in _BY_UNIT.items()
        for key in keys.split()
    },
    **{key: Entry("choice", frozenset(words.split())) for key, words in _CHOICES.items()},
}


def near(key: str) -> str:
    """The known key that looks most like a mistyped one; empty when none does."""
    found = get_close_matches(key, KEYS, n=1)
    return found[0] if found else ""
