"""The day that people live in. Read at the edges only and passed on from there."""

from datetime import date, datetime, time

from django.utils import timezone


def today() -> date:
    """The current day in Asia/Almaty."""
    return timezone.localdate()


def local_day(moment: datetime) -> date:
    """The day in Asia/Almaty on which a timezone-aware moment falls."""
    return timezone.localdate(moment)


def first_moment(day: date) -> datetime:
    """Midnight at the beginning of a day in Asia/Almaty, timezone-aware."""
    return timezone.make_aware(datetime.combine(day, time.min))
