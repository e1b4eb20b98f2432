"""The allow-list of event kinds: a kind that is not here is not recorded (E10, minimisation).

Each kind states what it needs, what sort of data it is, how long it is kept by default and on which legal basis.
``role`` says how the behaviour step reads it: a *contact* is a customer coming to us, a *touch* is us going to them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gouttes.errors import BadInputError
from gouttes.vocabulary import DataCategory, LegalBasis

C, B = DataCategory, LegalBasis

DECISION = "decision.taken"
"""What people of the company decided, such as who is who: no act of a customer's."""


class Role(StrEnum):
    """How a kind counts for unprompted return."""

    CONTACT = "contact"
    TOUCH = "touch"
    REWARD = "reward"
    OTHER = "other"


@dataclass(frozen=True)
class Kind:
    """One kind of event.

    Attributes:
        name: ``noun.verb_past``.
        category: sort of data.
        basis: default legal basis.
        retention_days: default time kept, from ``occurred_at``.
        role: how ``behaviour`` reads it.
        needs: columns that must not be null, beyond those every event has.
        positive: amount and quantity may not be negative.
    """

    name: str
    category: DataCategory
    basis: LegalBasis
    retention_days: int
    role: Role = Role.OTHER
    needs: tuple[str, ...] = ()
    positive: bool = True


# Retention defaults are priors, to be set by each company: 3 years after the last contact for prospects and
# customer relations follows the French CNIL's reference framework on customer management (2022); 10 years for
# accounting documents follows article L123-22 of the French commercial code; 13 months for audience measurement
# follows the CNIL's guidelines on trackers (2020).
RELATION, ACCOUNTS, AUDIENCE, PROOF = 1095, 3653, 395, 1826


def _kinds(
    names: str,
    category: DataCategory,
    basis: LegalBasis,
    days: int,
    role: Role = Role.OTHER,
    needs: tuple[str, ...] = (),
) -> list[Kind]:
    return [Kind(name, category, basis, days, role, needs) for name in names.split()]


_ALL = [
    *_kinds("message.received call.received", C.CONVERSATION, B.CONTRACT, RELATION, Role.CONTACT),
    *_kinds("message.sent call.made", C.CONVERSATION, B.CONTRACT, RELATION, Role.TOUCH),
    *_kinds("visit.made", C.CONTACT, B.LEGITIMATE_INTEREST, RELATION, Role.CONTACT),
    *_kinds("page.viewed content.downloaded", C.USAGE, B.CONSENT, AUDIENCE),
    *_kinds("email.delivered", C.CONTACT, B.LEGITIMATE_INTEREST, RELATION, Role.TOUCH),
    *_kinds("email.opened email.clicked", C.USAGE, B.CONSENT, AUDIENCE),
    *_kinds("form.submitted", C.CONTACT, B.LEGITIMATE_INTEREST, RELATION, Role.CONTACT),
    *_kinds("event.attended", C.CONTACT, B.LEGITIMATE_INTEREST, RELATION),
    *_kinds("order.placed", C.PURCHASE, B.CONTRACT, ACCOUNTS, Role.CONTACT),
    *_kinds("order.delivered order.returned order.cancelled", C.PURCHASE, B.CONTRACT, ACCOUNTS),
    *_kinds("payment.made payment.failed", C.PURCHASE, B.CONTRACT, ACCOUNTS),
    *_kinds("invoice.issued", C.PURCHASE, B.LEGAL_OBLIGATION, ACCOUNTS),
    *_kinds(
        "subscription.started subscription.upgraded subscription.downgraded subscription.notice_given "
        "subscription.ended",
        C.CONTRACT,
        B.CONTRACT,
        ACCOUNTS,
    ),
    *_kinds("subscription.renewed", C.CONTRACT, B.CONTRACT, ACCOUNTS, Role.OTHER, ("due_at",)),
    *_kinds("usage.recorded", C.USAGE, B.CONTRACT, AUDIENCE, Role.OTHER, ("quantity",)),
    *_kinds("ticket.opened", C.CONVERSATION, B.CONTRACT, RELATION, Role.CONTACT, ("thread",)),
    *_kinds("ticket.replied", C.CONVERSATION, B.CONTRACT, RELATION, Role.TOUCH, ("thread",)),
    *_kinds(
        "ticket.assigned ticket.escalated ticket.reopened ticket.solved ticket.closed",
        C.CONVERSATION,
        B.CONTRACT,
        RELATION,
        Role.OTHER,
        ("thread",),
    ),
    *_kinds("promise.made", C.CONTRACT, B.CONTRACT, RELATION, Role.OTHER, ("thread", "due_at")),
    *_kinds("promise.kept promise.broken promise.withdrawn", C.CONTRACT, B.CONTRACT, RELATION, Role.OTHER, ("thread",)),
    *_kinds(
        "incident.opened incident.touched incident.announced incident.admitted incident.repaired incident.closed",
        C.OPERATIONS,
        B.LEGITIMATE_INTEREST,
        PROOF,
        Role.OTHER,
        ("incident",),
    ),
    *_kinds("gesture.made", C.OPERATIONS, B.LEGITIMATE_INTEREST, RELATION, Role.OTHER, ("topic",)),
    *_kinds("survey.asked", C.OPINION, B.LEGITIMATE_INTEREST, RELATION, Role.TOUCH),
    *_kinds("survey.answered", C.OPINION, B.LEGITIMATE_INTEREST, RELATION, Role.OTHER, ("score", "scale_max")),
    *_kinds("review.published", C.OPINION, B.LEGITIMATE_INTEREST, RELATION),
    *_kinds("referral.made referral.converted", C.CONTACT, B.CONSENT, RELATION),
    *_kinds("complaint.filed", C.CONVERSATION, B.LEGAL_OBLIGATION, PROOF, Role.CONTACT),
    *_kinds("complaint.answered", C.CONVERSATION, B.LEGAL_OBLIGATION, PROOF, Role.TOUCH),
    *_kinds("consent.given consent.withdrawn", C.RIGHTS, B.LEGAL_OBLIGATION, PROOF, Role.OTHER, ("topic",)),
    *_kinds("right.requested right.fulfilled", C.RIGHTS, B.LEGAL_OBLIGATION, PROOF, Role.OTHER, ("topic",)),
    *_kinds("reward.granted", C.OPERATIONS, B.CONTRACT, RELATION, Role.REWARD),
    *_kinds(DECISION, C.OPERATIONS, B.LEGITIMATE_INTEREST, PROOF),
    *_kinds("action.proposed action.done", C.OPERATIONS, B.LEGITIMATE_INTEREST, RELATION, Role.TOUCH),
    *_kinds("action.held_out", C.OPERATIONS, B.LEGITIMATE_INTEREST, RELATION),
]

KINDS = MappingProxyType({kind.name: kind for kind in _ALL})


def kind_named(name: str) -> Kind:
    """The kind of that name.

    Raises:
        BadInputError: no such kind; the message gives the nearest ones.
    """
    if name in KINDS:
        return KINDS[name]
    noun = name.split(".", maxsplit=1)[0]
    near = [known for known in KINDS if known.startswith(noun)] or sorted(KINDS)
    raise BadInputError(f"There is no event kind '{name}'. Kinds that could be meant: {', '.join(near)}.")


def names_with(*roles: Role) -> tuple[str, ...]:
    """The kinds that play one of these roles."""
    return tuple(kind.name for kind in KINDS.values() if kind.role in roles)


def default_direction(name: str) -> str:
    """Who acts in this kind, where the source does not say."""
    role = kind_named(name).role
    if role is Role.CONTACT:
        return "in"
    return "out" if role in {Role.TOUCH, Role.REWARD} else "none"


def all_names() -> Iterable[str]:
    """Every kind, in the order of the registry."""
    return KINDS.keys()
