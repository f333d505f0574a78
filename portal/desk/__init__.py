"""Work beside the plan (interventions): its prices, its quote, its day, its hours, its bill."""
