"""Paying: what a payment is for, charges, refunds, webhooks and the sweep."""
