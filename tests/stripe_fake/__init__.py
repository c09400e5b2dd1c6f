"""A stand-in for Stripe that remembers: payments, refunds and idempotency keys, with faults on order. For tests only."""
