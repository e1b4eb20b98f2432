"""Names and addresses of every record, made by DuckDB from the codes of ``records``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from gouttes.simulate.names import ENGLISH, FRENCH, Names
from gouttes.simulate.planted import SYSTEMS
from gouttes.simulate.records import ENGLISH_PHONES, FRENCH_PHONES, OFFSETS, PREFIXES, SECOND, STEP

if TYPE_CHECKING:
    from gouttes.simulate.records import Records

# A second record is written differently: same e-mail in capitals and a mistyped name; same phone otherwise spaced
# and a mistyped e-mail; or a mistyped e-mail and no phone, which no exact rule can bring back.
RECORDS_SQL = """
create or replace {what} records as
with person as (
    select who, codes.french, second_in, variant, f.name as first, l.name as last, c.postcode, c.city,
           c.country, c.domain,
           lower(strip_accents(replace(f.name, ' ', '') || '.' || replace(l.name, ' ', ''))) as account,
           p.prefix || lpad(cast(phone % p.each as varchar), cast(p.digits as integer), '0') as digits
    from codes
    join names f on f.french = codes.french and f.place = 'first' and f.number = codes.first
    join names l on l.french = codes.french and l.place = 'last' and l.number = codes.last
    join cities c on c.french = codes.french and c.number = who % c.count
    left join phones p on p.french = codes.french and p.number = phone // p.each
), each as (
    select person.*, systems.number as system, offset_, false as second from person, systems
    union all
    select person.*, second_in as system, offset_, true as second from person join systems on systems.number = second_in
)
select who, system, second, offset_ + who * {step} + second::int * {second} as key, french, variant,
    first,
    case when second and variant = 0 then substr(last, 1, 2) || substr(last, 2) else last end as last,
    case when not second then account || who || '@' || domain
         when variant = 0 then upper(account || who || '@' || domain)
         else account || who || substr(account, length(account)) || '@' || domain end as email,
    case when digits is null or (second and variant <> 1) or (not second and system in (0, 2) and who % 5 < 2) then null
         when not french then case when second then '+44' || substr(digits, 2)
              else '+44 ' || substr(digits, 2, 3) || ' ' || substr(digits, 5, 3) || ' ' || substr(digits, 8) end
         when second then '+33' || substr(digits, 2)
         else array_to_string(regexp_extract_all(digits, '..'), ' ') end as phone,
    postcode, city, country
from each
"""


def load_records(connection: Any, records: Records, *, kept: bool = True) -> None:  # noqa: ANN401 -- a DuckDB connection
    """Make ``records``: who, system, second, key, french, variant, first, last, email, phone, postcode, city, country.

    ``kept``: a table, to be read many times; else a view, which takes no memory.
    """
    codes = {name: getattr(records, name) for name in ("french", "first", "last", "phone", "second_in", "variant")}
    connection.register("codes", pa.table({"who": np.arange(records.french.size), **codes}))
    connection.register("names", _names())
    connection.register("cities", _cities())
    connection.register("phones", _phones())
    connection.register("systems", _systems())
    connection.execute(RECORDS_SQL.format(what="table" if kept else "view", step=STEP, second=SECOND))


def _systems() -> pa.Table:
    columns = {"source": list(SYSTEMS), "prefix": list(PREFIXES), "offset_": list(OFFSETS)}
    return pa.table({"number": list(range(len(SYSTEMS))), **columns})


def _lists() -> tuple[tuple[bool, Names], ...]:
    return ((True, FRENCH), (False, ENGLISH))


def _names() -> pa.Table:
    rows = [
        {"french": french, "place": place, "number": number, "name": name}
        for french, names in _lists()
        for place, words in (("first", names.first), ("last", names.last))
        for number, name in enumerate(words)
    ]
    return pa.Table.from_pylist(rows)


def _cities() -> pa.Table:
    rows = [
        {"french": french, "number": number, "count": len(names.cities), "postcode": postcode, "city": city}
        | {"country": names.country, "domain": names.domain}
        for french, names in _lists()
        for number, (postcode, city) in enumerate(names.cities)
    ]
    return pa.Table.from_pylist(rows)


def _phones() -> pa.Table:
    rows = []
    for french, names in _lists():
        each = (FRENCH_PHONES if french else ENGLISH_PHONES) // len(names.phones)
        digits = len(str(each - 1))
        rows += [
            {"french": french, "number": number, "prefix": prefix, "each": each, "digits": digits}
            for number, prefix in enumerate(names.phones)
        ]
    return pa.Table.from_pylist(rows)
