"""A mapping that is wrong says where, and what was probably meant."""

from pathlib import Path

import pytest
from tests.core.sources.brought import ORDERS, mapping, write

from gouttes.errors import BadInputError
from gouttes.sources import load, preset, preset_names


def test_a_mapping_is_read_into_values_that_know_no_toml() -> None:
    found = mapping()
    assert (found.source, found.files[0].columns["id"]) == ("test", ("id", "N° de commande"))
    assert [entry.source_file for entry in found.entries] == ["orders"] * 3
    assert found.columns_of("orders") == ("id", "day", "customer", "amount", "note", "line", "doc")


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        (
            'key = "id"\nsubject',
            'kee = "id"\nsubject',
            r"\[\[event\]\] 1 \(order.placed\): unknown key 'kee'.*Did you mean 'key'",
        ),
        ('kind = "order.placed"', 'kind = "order.paced"', r"no event kind 'order.paced'.*order.placed"),
        ('amount = "number(amount)"', 'amonut = "1"', "unknown key 'amonut'. Did you mean 'amount'"),
        ('amount = "number(amount)"', 'amount = "number(amout)"', "no column 'amout'. Did you mean 'amount'"),
        ('from = "orders"\nkind', 'from = "oders"\nkind', "'oders' is no file or join.*Did you mean 'orders'"),
        ('occurred_at = "moment(day)"', "", "'occurred_at' is missing"),
        ('required = ["id", "day"]', 'required = ["id", "date"]', "required column 'date' is not in"),
        ('field = "name"', 'field = "nam"', "no identifier 'nam'. Did you mean 'name'"),
        ('source = "test"', "", "'source' is missing"),
        ('source = "test"', 'source = "te|st"', r"'source' may not hold '\|'"),
        ('required = ["id", "day"]', "required = []", "'required' is empty"),
        ('note = ["note", "Remarque"]', 'note = ["note"]\nline = ["line"]', "'line' cannot name a column"),
        ('name = "orders"', 'name = "orders"\ndate_order = "ymd"', "'date_order' is one of 'dmy', 'mdy'"),
        ("[mapping]", "[mapping", "not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_nearest_right_word(was: str, becomes: str, says: str) -> None:
    assert was in ORDERS
    with pytest.raises(BadInputError, match=rf"(?s)a mapping.*{says}|{says}"):
        mapping(ORDERS.replace(was, becomes, 1))


def test_a_mapping_file_that_is_absent_or_not_utf_8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        load(tmp_path / "absent.toml")
    with pytest.raises(BadInputError, match="Give a TOML file in UTF-8"):
        load(write(tmp_path, "odd.toml", "é".encode("latin-1")))


def test_every_preset_that_ships_is_valid() -> None:
    names = preset_names()
    assert {"shop", "zendesk", "hubspot", "salesforce", "dynamics", "chatwoot"} <= set(names)
    assert {preset(name).source for name in names} == set(names)


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(BadInputError, match=r"no preset 'zendsk'. Did you mean 'zendesk'"):
        preset("zendsk")
