"""Refusals of pages: the request does not come from a page of ours."""

from typing import ClassVar

from api.errors import ApiError


class HostUnknown(ApiError):
    """This server is not called by that name."""

    code = "host_unknown"


class ForeignRequest(ApiError):
    """The request comes from another site's page."""

    code = "foreign_request"


class FormTokenWrong(ApiError):
    """The form is from an earlier session; open the page again."""

    code = "form_token_wrong"


class FormKeyUnfit(ApiError):
    """The form has lost its own number; open the page again."""

    code = "form_key_unfit"
    public: ClassVar[tuple[str, ...]] = ()
