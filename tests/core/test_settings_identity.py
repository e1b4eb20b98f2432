"""The table [identity] of gouttes.toml."""

import tomllib

import pytest

from gouttes.errors import BadInputError
from gouttes.settings import Settings, parse_settings, settings_text
from gouttes.settings.identity import Condition, IdentitySettings, LinkageSettings, MatchRule, ProfileSettings

COMPANY = '[company]\nname = "L"\n'


def identity(text: str) -> IdentitySettings:
    return parse_settings(COMPANY + text).identity


def test_every_default_is_written_out_and_read_back() -> None:
    text = settings_text(Settings("L"))
    assert parse_settings(text).identity == IdentitySettings()
    written = tomllib.loads(text)["identity"]
    assert [rule["name"] for rule in written["rules"]] == ["external_id", "email", "phone"]
    assert written["rules"][1] == {"name": "email", "all": ["email"], "then": "link"}


def test_settings_of_every_sort_are_read_as_written() -> None:
    near = Condition("last_name", "fuzzy", 0.8)
    rules = (MatchRule("née le", (Condition("birth_date", "exact"), near), "review"),)
    profile = ProfileSettings(("crm", "shop"), "source", {"phone": {"prefer": "recent"}})
    linkage = LinkageSettings("link", 0.9999, 0.3)
    chosen = IdentitySettings(
        7, 3, 20, (), ("gmail.com",), ("gmail.com",), {"my crm": ("email", "phone")}, rules, linkage, profile
    )
    assert parse_settings(settings_text(Settings("L", identity=chosen))).identity == chosen


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[identity]\nmax_share = 3", "Did you mean 'max_shared'"),
        ("[identity]\nhousehold = 1", "household. needs a whole number above 1, found 1"),
        ('[identity]\nstrong = ["extenal_id"]', "Did you mean 'external_id'"),
        ('[identity.weak]\nshop = ["name"]', "no field of .identity.weak. shop named 'name'"),
        ('[identity.linkage]\nmode = "links"', "Did you mean 'link'"),
        ("[identity.linkage]\nprecision = 1.5", "precision. needs a number between 0 and 1"),
        ('[identity.linkage]\nmod = "off"', "Did you mean 'mode'"),
        (
            '[[identity.rules]]\nname = "a"\nall = ["emial"]',
            "'emial'. Did you mean 'email'",
        ),
        ('[[identity.rules]]\nall = ["email"]', "name. needs a name, found ''"),
        ('[[identity.rules]]\nname = "a"', "needs at least one condition"),
        (
            '[[identity.rules]]\nname = "a"\nall = [{ field = "city", how = "fuzzy", at_least = 0.8 }]',
            "needs an exact or normalised condition beside the fuzzy one",
        ),
        (
            '[[identity.rules]]\nname = "a"\nall = ["email", { field = "city", how = "fuzzy" }]',
            "at_least of city. needs a number between 0 and 1",
        ),
        ('[[identity.rules]]\nname = "a"\nall = [{ field = "city", how = "fuzy" }]', "Did you mean 'fuzzy'"),
        ('[[identity.rules]]\nname = "a"\nall = ["city"]\nthen = "merge"', "no outcome of .* named 'merge'"),
        ('[[identity.rules]]\nname = "a"\nall = ["city"]\nthan = "link"', "Did you mean 'then'"),
        (
            '[[identity.rules]]\nname = "a"\nall = ["city"]\n[[identity.rules]]\nname = "a"\nall = ["email"]',
            "a name of its own for each rule",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_could(text: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        identity(text)
