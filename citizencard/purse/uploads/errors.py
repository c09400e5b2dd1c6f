"""Every way in which a whole upload is refused: nothing in it was judged, the terminal keeps everything."""

from citizencard.errors import CitizencardError


class UploadRefused(CitizencardError):
    """The upload is refused as a whole."""

    code = "upload_refused"


class FileLengthWrong(UploadRefused):
    """The file's length does not fit its number of records."""

    code = "file_length_wrong"
    public = ("length", "expected")


class FileMagicWrong(UploadRefused):
    """The file does not begin with the mark of a batch file."""

    code = "file_magic_wrong"


class FileLayoutUnknown(UploadRefused):
    """The file is in a layout that is not known here."""

    code = "file_layout_unknown"
    public = ("layout",)


class FileSizesWrong(UploadRefused):
    """The header names sizes of header, record or trailer that are not those of the layout."""

    code = "file_sizes_wrong"
    public = ("header", "record", "trailer")


class FileTooManyRecords(UploadRefused):
    """The upload holds more records than one may."""

    code = "too_many_records"
    public = ("count", "limit")


class FileTerminalInvalid(UploadRefused):
    """The terminal number or the serial of the security module is not in decimal digits."""

    code = "file_terminal_invalid"
    public = ("field",)


class FileCreatedInvalid(UploadRefused):
    """The header's time of creation names no moment of the calendar."""

    code = "file_created_invalid"


class FileReserveUsed(UploadRefused):
    """Bytes that are kept for later are not zero."""

    code = "file_reserve_used"
    public = ("part",)


class FileCountDiffers(UploadRefused):
    """Header and trailer name different numbers of records."""

    code = "file_count_differs"
    public = ("header", "trailer")


class FileTotalDiffers(UploadRefused):
    """Header, trailer and records do not come to the same amount."""

    code = "file_total_differs"
    public = ("header", "trailer", "records")


class FileDigestDiffers(UploadRefused):
    """The file's digest is not that of its content."""

    code = "file_digest_differs"


class FileSignatureInvalid(UploadRefused):
    """The file's signature is not by a key of its terminal."""

    code = "file_signature_invalid"
    public = ("terminal",)


class UploadFieldInvalid(UploadRefused):
    """A field of the upload is missing, unknown or out of bounds."""

    code = "upload_field_invalid"
    public = ("place", "reason")


class ForeignTerminal(UploadRefused):
    """A terminal may speak only for its own number."""

    code = "foreign_terminal"
    public = ("terminal",)


class LimitError(CitizencardError):
    """The limit on bad TACs cannot be released."""

    code = "limit_refused"


class UnknownLimit(LimitError):
    """No terminal or card reached a limit under this number."""

    code = "unknown_limit"
    public = ("limit",)


class LimitReleased(LimitError):
    """The limit is released already."""

    code = "limit_released"
    public = ("limit",)
