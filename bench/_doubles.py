"""A million customer records of which three in ten are doubles, with typing errors and gaps; and harder ones.

Made in DuckDB from hashes of the row's number, so that every run has the same. Columns as ``schemas.RECORDS``, and
``truth``, the person. Names are pronounceable inventions drawn unevenly (few common, many rare); nobody is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

SYLLABLES = [
    "ma",
    "ri",
    "lo",
    "te",
    "sa",
    "vin",
    "bel",
    "dor",
    "ka",
    "nel",
    "fer",
    "gau",
    "pi",
    "tou",
    "ron",
    "lau",
    "ce",
    "dri",
    "mon",
    "val",
]
COUNT = len(SYLLABLES)

MACROS = (
    # A number from 0 to 1 that row and salt decide.
    "create or replace macro chance(row, salt) as (hash(row, salt) % 1000003) / 1000003.0",
    f"create or replace macro syllable(n) as ({SYLLABLES!r})[1 + n % {COUNT}]",
    "create or replace macro word(n) as syllable(n) || syllable(n // 20) || syllable(n // 400)",
    # The square of an even draw: the first in a hundred values are ten times as common as the average.
    "create or replace macro uneven(u, most) as floor(most * u * u)::bigint",
    # One letter replaced, left out or doubled, at a place that the row decides.
    """create or replace macro typed(text, row, salt, rate) as case
         when text is null or length(text) < 4 or chance(row, salt || 'rate') >= rate then text
         else left(text, 1 + (hash(row, salt || 'at') % (length(text) - 1))::int)
              || case hash(row, salt || 'how') % 3 when 0 then 'x' when 1 then '' else 'ee' end
              || substr(text, 3 + (hash(row, salt || 'at') % (length(text) - 1))::int) end""",
    """create or replace macro gap(text, row, salt, rate) as
         case when chance(row, salt || 'gap') < rate then null else text end""",
)

PEOPLE = """
create or replace table people as
select i as truth, word(uneven(chance(i, 'first'), 3000)) as first_name,
       word(7 + uneven(chance(h, 'last'), 7900)) as last_name,
       strftime(date '1930-01-01' + (chance(i, 'born') * 27000)::int, '%Y-%m-%d') as birth_date,
       (1 + uneven(chance(h, 'number'), 300))::varchar as house_number,
       'rue ' || word((hash(h, 'street') % 7000)::int) as street,
       lpad((1000 + hash(h, 'post') % 6000)::varchar, 5, '0') as postcode,
       word((hash(h, 'post') % 6000)::int) || ' ville' as city,
       '+336' || lpad((hash(i, 'phone') % 100000000)::varchar, 8, '0') as phone,
       case when chance(i, 'works') < .1 then 'societe ' || word((hash(i, 'company') % 5000)::int) end as company
from (select i, case when chance(i // 2, 'home') < .3 then i - i % 2 else i end as h from range({people}) r(i))
"""
"""Three in ten live two to a home, under one family name."""

RECORDS = """
copy (
with copies as (
  select n, case when n < {people} then n else hash(n, 'of') % {people} end as person from range({rows}) r(n)
), written as (
  select *, typed(last_name, n, 'l', {typo}) as last, typed(first_name, n, 'f', {typo}) as first
  from copies join people on person = truth
)
select 'bench:' || lpad(n::varchar, 8, '0') as subject, 'bench' as source,
       case when chance(n, 'short') < .03 then left(first, 4) else gap(first, n, 'f', .03) end as first_name,
       case when chance(n, 'short') < .03 then first else gap(first, n, 'f', .03) end as first_root,
       gap(last, n, 'l', .02) as last_name, gap(last, n, 'l', .02) as last_root,
       gap(typed(birth_date, n, 'b', .02), n, 'b', .05) as birth_date, gap(house_number, n, 'h', .2) as house_number,
       gap(typed(street, n, 's', {typo}), n, 's', .2) as street, gap(postcode, n, 'p', .1) as postcode,
       gap(typed(city, n, 'c', {typo}), n, 'c', .1) as city, 'FR' as country,
       gap(typed(concat(first_name, '.', last_name, person * 7919 % 100000, '@example.org'), n, 'e', .02), n, 'e', .15)
         as email,
       gap(phone, n, 't', .3) as phone, company, truth
from written
) to '{path}' (format parquet, row_group_size 100000)
"""


def write(path: Path, rows: int, *, doubles: float = 0.3, typo: float = 0.06) -> Path:
    """Records to a Parquet file: ``doubles`` of them of people who have another."""
    with duckdb.connect(config={"temp_directory": str(path.parent)}) as connection:
        for macro in MACROS:
            connection.execute(macro)
        people = int(rows * (1 - doubles))
        connection.execute(PEOPLE.format(people=people))
        connection.execute(RECORDS.format(people=people, rows=rows, typo=typo, path=path))
    return path
