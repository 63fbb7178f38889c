"""The one rule by which two counts become a percentage. Pages, API, files and briefs use it."""

NOBODY_COUNTED = "–"


def percent(covered: int, counted: int) -> int | None:
    """How many of the counted institutions are covered, in whole per cent; None where none is counted.

    `counted` is all less those to which the measure is not applicable. Half a per cent is rounded up, but
    100 is said only when all are covered and 0 only when none is. Whole numbers throughout: no float.

    Raises ValueError for counts that cannot be: below 0, or more covered than counted.
    """
    if not 0 <= covered <= counted:
        raise ValueError(f"{covered} covered of {counted} counted: no such counts")
    if counted == 0:
        return None
    if covered == counted:
        return 100
    if covered == 0:
        return 0
    return min(max((200 * covered + counted) // (2 * counted), 1), 99)


def format_percent(percent: int | None) -> str:
    """As it is printed: "93%", or a dash where nobody is counted."""
    return NOBODY_COUNTED if percent is None else f"{percent}%"
