from __future__ import annotations

import ibis
import pytest

from gouttes.errors import BadInputError
from gouttes.identity.fields import steps_of
from gouttes.identity.mailboxes import EmailRules
from gouttes.identity.steps import changes, cleaned

GMAIL = EmailRules(ignore_dots=("gmail.com",), drop_plus=("gmail.com", "outlook.com"))


def said(text: str, rules: EmailRules) -> str | None:
    table = ibis.memtable({"value": [text]})
    steps = steps_of("email", country="FR", email_rules=rules)
    found: str | None = table.select(x=cleaned(table["value"], steps)).to_pyarrow()[0][0].as_py()
    return found


def test_no_rule_by_default() -> None:
    assert EmailRules().steps == ()
    assert said(" A.B+Shop@Gmail.com", EmailRules()) == "a.b+shop@gmail.com"


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("A.B+Shop@Gmail.com", "ab@gmail.com"),
        ("a.b+shop@outlook.com", "a.b@outlook.com"),
        ("a.b+shop@mail.fr", "a.b+shop@mail.fr"),
        ("a.b@notgmail.com", "a.b@notgmail.com"),
        ("+shop@gmail.com", "+shop@gmail.com"),
        ("not an e-mail", None),
    ],
)
def test_the_rules_hold_for_their_domains_only(text: str, becomes: str | None) -> None:
    assert said(text, GMAIL) == becomes


def test_the_rules_say_what_they_changed() -> None:
    told = changes("a.b+shop@gmail.com", steps_of("email", country="FR", email_rules=GMAIL))
    assert [(each.step, each.after) for each in told] == [
        ("mailbox_plus", "a.b@gmail.com"),
        ("mailbox_dots", "ab@gmail.com"),
    ]


@pytest.mark.parametrize("domain", ["@gmail.com", "Gmail.com", "gmail", " gmail.com"])
def test_a_domain_is_written_as_in_an_e_mail(domain: str) -> None:
    with pytest.raises(BadInputError, match=r"domains in lower case such as 'gmail\.com'"):
        EmailRules(drop_plus=(domain,))
