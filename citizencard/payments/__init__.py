"""Payments over the internet: what the city asks a payment provider, Stripe's answers to it, and what Stripe reports by webhook."""
