"""Refusals of the cards context, as they leave the house."""

from citizencard.cards import errors


def test_refusals_say_what_machines_and_people_need() -> None:
    """Each refusal has a title, a code of its own, and shows only the fields that it names."""
    refusals = errors.CardError.__subclasses__()
    assert len({refusal.code for refusal in refusals}) == len(refusals) > 15
    refusal = errors.ReaderTokenWrong("no", token="secret")
    assert refusal.title == "The token does not open this reader job"
    assert refusal.public_fields() == {}
