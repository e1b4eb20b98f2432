"""The lengths of time that the definitions of behaviour rest on."""

from dataclasses import dataclass, fields

from gouttes.errors import BadInputError

DAY_US = 86_400_000_000


def microseconds(days: float) -> int:
    """A length in days as whole microseconds, the unit in which instants are compared."""
    return round(days * DAY_US)


@dataclass(frozen=True)
class Windows:
    """Lengths of time, in days; every comparison is made in whole microseconds.

    Attributes:
        window_days: L. A return is unprompted when nothing was sent to the person, and no reward given, in the L
            days before. Definition: 14, reported for 7, 14 and 30 as well.
        topic_days: a contact on a thread or topic already open, or called solved, less than this long ago goes on
            with the same matter. Definition: 30.
        reopen_days: a ticket counts as solved at first contact once this long has passed without a reopening.
            Definition: 14.
        minimum_rhythm_days: the shortest rhythm expected of anyone. Prior: 7.
        missed_cap: most missed opportunities counted in one silence. Prior: 12.
        strain_days: how long before a renewal its frictions are looked for. Prior: 60.
        bad_repair: a repair with a justice below this was badly handled. Definition: 0.4.

    Raises:
        BadInputError: a length is not positive.
    """

    window_days: float = 14
    topic_days: float = 30
    reopen_days: float = 14
    minimum_rhythm_days: float = 7
    missed_cap: int = 12
    strain_days: float = 60
    bad_repair: float = 0.4

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise BadInputError(
                    f"[behaviour] {field.name} must be above 0, found {value!r}. Leave it out for its default."
                )
