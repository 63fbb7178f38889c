"""What happens to an institution from some day on, as people call it: which fields an act asks for, which it sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from institutions.enums import Lifecycle, Owner
from institutions.ownership import owner_of

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

DETAILS: Final = "details"  # the one change that has no day: names, address, contacts


@dataclass(frozen=True, slots=True)
class Act:
    """`asks`: fields of the state that the form asks for; `sets`: those that the act itself sets."""

    code: str
    label: StrPromise
    help: StrPromise
    icon: str
    asks: tuple[str, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)
    during: frozenset[str] = frozenset(Lifecycle.values)

    def offered(self, lifecycle: str, *, is_duplicate: bool) -> bool:
        """Whether it makes sense now. A duplicate is opened again by undoing the merger, not past it."""
        return lifecycle in self.during and not (is_duplicate and "lifecycle" in self.sets)

    @property
    def owner(self) -> Owner:
        return owner_of([*self.asks, *self.sets])


_STANDING: Final = frozenset({Lifecycle.OPEN.value, Lifecycle.CAPITAL_REPAIR.value})

ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        act.code: act
        for act in (
            Act(
                "headcount",
                _("New headcount"),
                _("How many people work and learn here. The facility group follows from it."),
                "users",
                ("staff", "learners"),
                during=_STANDING,
            ),
            Act(
                "kind",
                _("Another kind"),
                _("A school becomes a college, a kindergarten a school."),
                "school",
                ("kind",),
                during=_STANDING,
            ),
            Act(
                "ownership",
                _("Another ownership"),
                _("From the state to a private owner, or back."),
                "key",
                ("ownership",),
                during=_STANDING,
            ),
            Act(
                "move",
                _("Move"),
                _("Another settlement or district. The class of the settlement and the large city follow from it."),
                "map-pin",
                ("locality", "settlement"),
                during=_STANDING,
            ),
            Act(
                "large-city",
                _("Large city"),
                _("Where it does not follow from the place: in which large city of the report it is counted."),
                "building-community",
                ("large_city",),
                during=_STANDING,
            ),
            Act(
                "repair",
                _("Begin capital repair"),
                _("Nothing is counted while the repair lasts; the brief names the institution in its notes."),
                "settings",
                sets={"lifecycle": Lifecycle.CAPITAL_REPAIR.value},
                during=frozenset({Lifecycle.OPEN.value}),
            ),
            Act(
                "close",
                _("Close"),
                _("From this day on nothing is counted. What was before stays, and the BIN stays taken."),
                "lock",
                sets={"lifecycle": Lifecycle.CLOSED.value},
                during=_STANDING,
            ),
            Act(
                "reopen",
                _("Open again"),
                _("From this day on it is counted again, with the answers that it had."),
                "refresh",
                sets={"lifecycle": Lifecycle.OPEN.value},
                during=frozenset({Lifecycle.CAPITAL_REPAIR.value, Lifecycle.CLOSED.value}),
            ),
        )
    }
)


def in_words(what: str) -> str:
    """The label of an act, or of the correction of details."""
    return str(_("Names, address, contacts")) if what == DETAILS else str(ACTS[what].label)
