"""The parts of a reader job."""

from citizencard.cards.reader_jobs import CardAnswer, JobAnswer, JobStep
from hardware.card.apdu import ResponseApdu

FINE = ResponseApdu(b"\x01")


def test_same_answer_is_recognised_and_another_is_not() -> None:
    """The digest covers every byte, where one answer ends and the next begins, and whether the card went away."""
    one = CardAnswer((ResponseApdu(b"\x01"), ResponseApdu(b"\x02")), torn=False)
    same = CardAnswer((ResponseApdu(b"\x01"), ResponseApdu(b"\x02")), torn=False)
    joined = CardAnswer((ResponseApdu(b"\x01\x90\x00\x02"),), torn=False)
    torn = CardAnswer(one.responses, torn=True)
    assert one.digest() == same.digest()
    assert len({answer.digest() for answer in (one, joined, torn, CardAnswer((), torn=False))}) == 4


def test_refusal_is_the_last_answer_only() -> None:
    """A step without a refusal has none, also when nothing was answered."""
    assert CardAnswer((FINE,), torn=False).refusal is None
    assert CardAnswer((), torn=True).refusal is None
    refused = CardAnswer((FINE, ResponseApdu(b"", 0x6982)), torn=False).refusal
    assert refused is not None
    assert refused.sw == 0x6982


def test_token_is_in_no_repr() -> None:
    """A log that shows steps and answers opens no job."""
    shown = repr(JobAnswer("job_1", 1, "the token", (FINE,))) + repr(JobStep("job_1", 1, "the token", (), done=False))
    assert "the token" not in shown
