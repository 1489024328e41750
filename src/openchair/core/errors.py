"""Errors that name the value, the bound and the remedy."""


class OpenchairError(Exception):
    """Something could not be done; the message says what was given, what is allowed and what to do.

    >>> str(OpenchairError("horizon", value=-3, bound="must be above 0 weeks", remedy="Give a positive number."))
    'horizon: got -3; must be above 0 weeks. Give a positive number.'
    """

    status = 500
    code = "failed"

    def __init__(self, what: str, *, value: object = None, bound: str = "", remedy: str = "") -> None:
        self.what, self.value, self.bound, self.remedy = what, value, bound, remedy
        shown = repr(value)
        given = "" if value is None else f": got {shown if len(shown) <= 120 else shown[:117] + '...'}"
        limit = f"; {bound}" if bound and given else f": {bound}" if bound else ""
        super().__init__(f"{what}{given}{limit}." + (f" {remedy}" if remedy else ""))


class BadInput(OpenchairError):
    """What was given cannot be used: a malformed body, file, mapping or argument."""

    status, code = 400, "bad_input"


class NotFound(OpenchairError):
    """Nothing here has that name."""

    status, code = 404, "not_found"


class Conflict(OpenchairError):
    """It was already done, or is being done elsewhere."""

    status, code = 409, "conflict"


class NotAllowed(OpenchairError):
    """The caller is known but may not do this."""

    status, code = 403, "not_allowed"


class Unsafe(OpenchairError):
    """A configuration that would expose customers; Openchair refuses to start with it."""

    status, code = 500, "unsafe"


class StorageFull(OpenchairError):
    """The disk is full or failing: nothing was acknowledged, send it again later."""

    status, code = 503, "storage_full"


class FitFailed(OpenchairError):
    """A model could not be fitted to these data; no number is better than a wrong one."""

    status, code = 500, "fit_failed"
