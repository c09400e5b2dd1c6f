"""The root of every refusal in the city; each context derives its own classes from it."""

from typing import ClassVar


class CitizencardError(Exception):
    """The request cannot be carried out.

    Each refusal is a class of its own. Its docstring is the title people read, `code` the stable slug that machines compare, and `public`
    names the fields that may leave the house; all other fields stay in the log.
    """

    code: ClassVar[str] = "refused"
    public: ClassVar[tuple[str, ...]] = ()

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.fields = fields

    @property
    def title(self) -> str:
        """First line of the class docstring, without its full stop."""
        return (type(self).__doc__ or "").strip().splitlines()[0].rstrip(".")

    def public_fields(self) -> dict[str, object]:
        """Those of the fields that may be shown to the caller."""
        return {name: self.fields[name] for name in self.public if name in self.fields}


class SettingsInvalid(CitizencardError):
    """The settings are incomplete or wrong."""

    code = "settings_invalid"


class DatabaseUnsafe(CitizencardError):
    """The database would not keep what it acknowledges."""

    code = "database_unsafe"
