"""Records and a model that several files of tests use: training takes seconds."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from tests.core.identity.linkage.people import records

from gouttes.engines import connect
from gouttes.identity.linkage.model import LinkageModel
from gouttes.identity.linkage.train import trained
from gouttes.schemas import RECORDS


def table(connection: Any, rows: list[dict[str, Any]], name: str = "records") -> Any:
    """RECORDS on an engine."""
    frame = pd.DataFrame(rows, columns=list(RECORDS)).astype(object).where(lambda each: each.notna(), None)
    if connection.name == "pyspark":
        from ibis.backends.pyspark.datatypes import PySparkSchema  # noqa: PLC0415 -- needs PySpark

        told = frame.to_dict("records")
        session = connection._session
        session.createDataFrame(told, schema=PySparkSchema.from_ibis(RECORDS)).createOrReplaceTempView(name)
        return connection.table(name)
    connection.create_table(name, schema=RECORDS, temp=True, overwrite=True)
    if len(frame):
        connection.insert(name, frame)
    return connection.table(name)


@pytest.fixture(scope="session")
def people() -> tuple[list[dict[str, Any]], dict[str, int]]:
    """600 people, 240 of them twice; one record three times word for word."""
    rows, truth = records(600, 240)
    for place in range(2):
        rows.append({**rows[5], "subject": f"test:copy{place}"})
        truth[f"test:copy{place}"] = truth[rows[5]["subject"]]
    return rows, truth


@pytest.fixture(scope="session")
def model(people: tuple[list[dict[str, Any]], dict[str, int]]) -> LinkageModel:
    """Trained on :func:`people`."""
    found = trained(connection := connect(), table(connection, people[0]))
    assert isinstance(found, LinkageModel)
    return found
