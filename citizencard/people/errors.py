"""Refusals about people. None of them repeats what was entered."""

from typing import ClassVar

from citizencard.errors import CitizencardError


class PeopleError(CitizencardError):
    """Something about a person is refused."""

    code = "person_refused"


class DocumentInvalid(PeopleError):
    """The number of the identity document cannot be right."""

    code = "document_invalid"
    public: ClassVar[tuple[str, ...]] = ("fault",)


class NameUnfit(PeopleError):
    """A name has 1 to 30 characters and no control characters."""

    code = "name_unfit"
    public: ClassVar[tuple[str, ...]] = ("max_chars",)


class PhoneUnfit(PeopleError):
    """A phone number has 5 to 20 digits, with a plus sign in front at most."""

    code = "phone_unfit"


class PersonAlreadyRegistered(PeopleError):
    """This person is registered already."""

    code = "person_already_registered"
    public: ClassVar[tuple[str, ...]] = ("person_id",)


class PersonUnknown(PeopleError):
    """There is no such person."""

    code = "person_unknown"
