"""An expression may compute on the cells of its row, and on nothing else."""

import duckdb
import pytest
from tests.core.sources.brought import CONTEXT

from gouttes.errors import BadInputError
from gouttes.sources.expressions import check
from gouttes.sources.sandbox import Sandbox

COLUMNS = ("a", "b")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a || '-' || b", ("a", "b")),
        ("case when a in ('x', 'y') then 1.5 end", ("a",)),
        ("coalesce(moment(a), moment(b)) - interval 2 day", ("a", "b")),
        ("list_transform(string_split(a, ','), lambda x: lower(x))[1]", ("a",)),
        ("json(a, '$.b')", ("a",)),
        ("A -- a comment", ("a",)),
        ("'a'", ()),
    ],
)
def test_scalar_sql_over_the_row_is_allowed(text: str, columns: tuple[str, ...]) -> None:
    assert check(text, where="here", columns=COLUMNS).columns == columns


@pytest.mark.parametrize(
    ("text", "kept", "moments", "cell"),
    [
        ("a", "a", (), "a"),
        ("moment(a)", '"moment a"', ("a",), "moment a"),
        ('MOMENT ( "A" ) -- a comment', '"moment A" -- a comment', ("a",), "moment A"),
        (
            "'é' = a and end_of_day(moment(b)) > moment(b)",
            """'é' = a and end_of_day("moment b") > "moment b\"""",
            ("b",),
            None,
        ),
        ("moment(coalesce(a, b))", "moment(coalesce(a, b))", (), None),
        ("moment(moment(a)::varchar)", 'moment("moment a"::varchar)', ("a",), None),
        ("list_transform([b], lambda a: moment(a))[1]", "list_transform([b], lambda a: moment(a))[1]", (), None),
        ("moment(line)", "moment(line)", (), None),
        ("'moment(a)'", "'moment(a)'", (), None),
    ],
)
def test_the_moment_of_a_cell_is_read_from_where_the_table_keeps_it(
    text: str, kept: str, moments: tuple[str, ...], cell: str | None
) -> None:
    found = check(text, where="here", columns=(*COLUMNS, "line", "doc"))
    assert (found.sql, found.moments, found.cell) == (kept, moments, cell)


@pytest.mark.parametrize(
    "text",
    [
        "read_text('/etc/passwd')",
        "(select content from read_text('/etc/passwd'))",
        "exists(from read_csv('/etc/passwd'))",
        "a) from read_csv('/etc/passwd'",
        "a; copy (select 1) to '/tmp/x'",
        "a from '/etc/passwd'",
        "(from glob('/*'))",
        "getenv('HOME')",
        "current_setting('home_directory')",
        "getvariable('x')",
        "random()",
        "now()",
        "current_date",
        "sum(a)",
        "row_number() over ()",
        "unnest([1, 2])",
        "a, b",
        "*",
        "columns(*)",
        "?",
        "",
        "a ||",
        "nextval('x')",
        "c",
    ],
)
def test_all_else_is_refused_with_the_place_it_stands_at(text: str) -> None:
    with pytest.raises(BadInputError, match=r"^shop \[\[event\]\] 1, key"):
        check(text, where="shop [[event]] 1, key", columns=COLUMNS)


@pytest.mark.parametrize("sql", ["from read_text('/etc/passwd')", "copy (select 1) to '/tmp/x'", "attach '/tmp/x.db'"])
def test_the_sandbox_reaches_no_file_even_if_the_check_were_passed(sql: str) -> None:
    with Sandbox(CONTEXT) as sandbox:
        sandbox.lock()
        with pytest.raises(duckdb.PermissionException):
            sandbox.run(sql)
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            sandbox.run("set threads = 1")
