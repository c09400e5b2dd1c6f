"""Refusals of the accounts context, as they leave the house."""

from citizencard.accounts import errors


def test_refusals_say_what_machines_and_people_need() -> None:
    """Each refusal has a title and a code of its own, and never shows a balance or a proof."""
    refusals = errors.AccountError.__subclasses__()
    assert len({refusal.code for refusal in refusals}) == len(refusals) > 8
    for refusal in refusals:
        assert refusal("no").title
        assert refusal("no", balance_fen=1, proof=b"secret").public_fields() == {}
