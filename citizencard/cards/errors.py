"""Every way in which the cards context says no."""

from citizencard.errors import CitizencardError


class CardError(CitizencardError):
    """The card request cannot be carried out."""

    code = "card_refused_by_rule"


class UnknownCard(CardError):
    """There is no such card."""

    code = "unknown_card"
    public = ("card_id",)


class UnknownCardClass(CardError):
    """There is no such card class."""

    code = "unknown_card_class"
    public = ("card_class",)


class ClassNotForPerson(CardError):
    """The person may not have a card of this class."""

    code = "class_not_for_person"
    public = ("card_class", "minimum_age", "maximum_age")


class CardStateForbids(CardError):
    """The card's state does not allow this."""

    code = "card_state_forbids"
    public = ("card_id", "state", "act")


class LossNotReportable(CardError):
    """Cards of this class cannot be reported lost."""

    code = "loss_not_reportable"
    public = ("card_id", "card_class")


class CardNumbersExhausted(CardError):
    """All card numbers of the city have been given out."""

    code = "card_numbers_exhausted"


class UnknownChip(CardError):
    """The chip is not in our stock."""

    code = "unknown_chip"
    public = ("chip_serial",)


class ChipNotBlank(CardError):
    """The chip is in use for something else already."""

    code = "chip_not_blank"
    public = ("chip_serial", "state")


class ChipKnown(CardError):
    """A chip with this serial was received already."""

    code = "chip_known"
    public = ("chip_serial",)


class WrongChip(CardError):
    """The chip in the reader is not the one this card was begun on."""

    code = "wrong_chip"
    public = ("card_id",)


class UnknownReaderJob(CardError):
    """There is no such reader job."""

    code = "unknown_reader_job"
    public = ("job_id",)


class UnknownJobKind(CardError):
    """There is no reader job of this kind."""

    code = "unknown_job_kind"
    public = ("kind",)


class ReaderTokenWrong(CardError):
    """The token does not open this reader job."""

    code = "reader_token_wrong"


class ReaderJobExpired(CardError):
    """The reader job has expired; start a new one for the same card."""

    code = "reader_job_expired"
    public = ("job_id",)


class ReaderStepConflict(CardError):
    """This step was answered before with other card responses."""

    code = "reader_step_conflict"
    public = ("job_id", "step")


class ReaderStepUnknown(CardError):
    """The reader job has not come to this step."""

    code = "reader_step_unknown"
    public = ("job_id", "step", "expected")


class ReaderAnswerInvalid(CardError):
    """The card responses of this step do not have the form they must have."""

    code = "reader_answer_invalid"
    public = ("job_id", "step", "reason")


class UnknownPsamOrder(CardError):
    """There is no such order of a security module."""

    code = "unknown_psam_order"
    public = ("psam_order_id",)


class PsamStateForbids(CardError):
    """The security module's state does not allow this."""

    code = "psam_state_forbids"
    public = ("psam_order_id", "state")


class TerminalNumberTaken(CardError):
    """The terminal number was given to a security module before."""

    code = "terminal_number_given"
    public = ("terminal_number",)


class HotlistTooLong(CardError):
    """The hotlist is longer than terminals can keep; they go on with the one that they have."""

    code = "hotlist_too_long"
    public = ("cards", "most")


class HotlistBlockInvalid(CardError):
    """The block is not a range of this city's card serials, nor a terminal number."""

    code = "hotlist_block_invalid"
    public = ("reason",)


class HotlistBlockTaken(CardError):
    """The block is on the hotlist already, or the hotlist holds no more blocks."""

    code = "hotlist_block_taken"
    public = ("first", "last")


class UnknownHotlistBlock(CardError):
    """There is no such block on the hotlist."""

    code = "unknown_hotlist_block"
    public = ("block_id",)


class HotlistBlockEnded(CardError):
    """The block was taken off the hotlist before."""

    code = "hotlist_block_ended"
    public = ("block_id",)
