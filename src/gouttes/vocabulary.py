"""The words of the trade, as enumerations. Imports nothing of ours.

Every word is a ``StrEnum``: it is written as it is read, in TOML, in Parquet and on screen.
"""

from enum import IntEnum, StrEnum


class Facet(StrEnum):
    """The three facets of trust (Gurviez & Korchia 2002)."""

    CREDIBILITY = "credibility"
    INTEGRITY = "integrity"
    BENEVOLENCE = "benevolence"


class Polarity(IntEnum):
    """A drop adds trust, a bucket takes it away."""

    BUCKET = -1
    DROP = 1


class Channel(StrEnum):
    """Where a contact took place."""

    EMAIL = "email"
    CHAT = "chat"
    PHONE = "phone"
    SOCIAL = "social"
    WEB = "web"
    APP = "app"
    STORE = "store"
    POST = "post"
    SURVEY = "survey"
    SYSTEM = "system"


class Direction(StrEnum):
    """Who acted: the customer (in), the company (out), or neither."""

    IN = "in"
    OUT = "out"
    NONE = "none"


class DataCategory(StrEnum):
    """What sort of personal data a kind of event is, for the register of processing."""

    CONTACT = "contact"
    CONVERSATION = "conversation"
    PURCHASE = "purchase"
    CONTRACT = "contract"
    USAGE = "usage"
    OPINION = "opinion"
    RIGHTS = "rights"
    OPERATIONS = "operations"


class LegalBasis(StrEnum):
    """Article 6(1) of the GDPR."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Act(StrEnum):
    """What a customer, or the company towards a customer, was seen to do: derived from several events."""

    RETURN_UNPROMPTED = "return.unprompted"
    RETURN_PROMPTED = "return.prompted"
    RETURN_MISSED = "return.missed"
    CONTACT_REPEATED = "contact.repeated"
    RESOLVED_FIRST = "contact.resolved_first"
    RESOLVED_LATER = "contact.resolved_later"
    PROMISE_KEPT = "promise.kept"
    PROMISE_BROKEN = "promise.broken"
    RENEWAL_FRICTIONLESS = "renewal.frictionless"
    RENEWAL_STRAINED = "renewal.strained"
    RENEWAL_LOCKED = "renewal.locked"
    RENEWAL_LOST = "renewal.lost"
    EXPANSION_UNPROPOSED = "expansion.unproposed"
    EXPANSION_PROPOSED = "expansion.proposed"
    RECOMMENDED = "recommendation.unrewarded"
    RECOMMENDED_REWARDED = "recommendation.rewarded"
    REPAIRED_BADLY = "incident.repaired_badly"


class Outcome(StrEnum):
    """What a customer's trust is judged by: what they did afterwards."""

    RETURN = "return"
    RENEWAL = "renewal"
    EXPANSION = "expansion"
    RECOMMENDATION = "recommendation"


class Stage(StrEnum):
    """How far the relation with a customer has come (after Dwyer, Schurr & Oh 1987)."""

    AWARENESS = "awareness"
    EXPLORATION = "exploration"
    EXPANSION = "expansion"
    COMMITMENT = "commitment"
    DECLINE = "decline"


class Context(StrEnum):
    """Whether a contract ties the customer to the company."""

    TRANSACTIONAL = "transactional"
    RELATIONAL = "relational"


class Level(StrEnum):
    """From whom trust comes, from the widest to the nearest."""

    SECTOR = "sector"
    COMPANY = "company"
    TEAM = "team"
    AGENT = "agent"
    PERSON = "person"
