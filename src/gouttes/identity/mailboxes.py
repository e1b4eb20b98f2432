"""Which written e-mails are one mailbox, where a provider is known to say so. Off unless a workspace names domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from gouttes.errors import BadInputError
from gouttes.identity.steps import Step

if TYPE_CHECKING:
    import ibis.expr.types as ir

DOMAIN = "[^@]+$"
LOCAL = "^[^@]+"


@dataclass(frozen=True)
class EmailRules:
    """Mail domains whose mailboxes have several names. Both are empty by default: elsewhere a.b@ and ab@ may be two.

    Attributes:
        ignore_dots: domains where ``a.b@`` and ``ab@`` are one mailbox.
        drop_plus: domains where ``a+shop@`` and ``a@`` are one mailbox.

    Raises:
        BadInputError: a domain is not written as in an e-mail (``gmail.com``).
    """

    ignore_dots: tuple[str, ...] = ()
    drop_plus: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for domain in (*self.ignore_dots, *self.drop_plus):
            if "@" in domain or "." not in domain or domain != domain.strip().lower():
                raise BadInputError(f"E-mail rules take domains in lower case such as 'gmail.com', not '{domain}'.")

    @property
    def steps(self) -> tuple[Step, ...]:
        """The rules that have a domain, for a normalised e-mail."""
        plus = Step("mailbox_plus", lambda email: _of(email, self.drop_plus, r"\+.*$"))
        dots = Step("mailbox_dots", lambda email: _of(email, self.ignore_dots, r"\."))
        return (*((plus,) if self.drop_plus else ()), *((dots,) if self.ignore_dots else ()))


def _of(email: ir.StringValue, domains: tuple[str, ...], gone: str) -> ir.StringValue:
    """An e-mail of these domains without what is not part of the mailbox's name, unless nothing else is left."""
    domain = email.re_extract(DOMAIN, 0)
    local = email.re_extract(LOCAL, 0).re_replace(gone, "")
    return ibis.ifelse(domain.isin(domains) & (local != ""), local + "@" + domain, email)
