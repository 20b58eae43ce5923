"""The sensor starts a refresh once the raw files stand still."""

import os

import dagster as dg
import pytest

from assets.automation import jobs_of, sensor_of
from assets.resources.configured import resources_over
from schemas.errors import DataError


@pytest.fixture
def tick():
    """Lets the sensor of a dataset look once; gives the runs that it asks for."""
    cursors = {}

    def look(foundry):
        sensor = sensor_of(foundry, jobs_of(foundry)[0])
        with dg.build_sensor_context(cursor=cursors.get(sensor.name), resources=resources_over(foundry)) as context:
            result = sensor(context)
            cursors[sensor.name] = context.cursor
        return result.run_requests if isinstance(result, dg.SensorResult) else []

    return look


def test_the_sensor_waits_until_files_stand_still(make_foundry, questions, tick):
    foundry = make_foundry(questions[:4])
    assert tick(foundry) == tick(foundry) == []
    make_foundry(questions)
    assert tick(foundry) == [], "a file that has just changed may still be written"
    (requested,) = tick(foundry)
    assert requested.tags == {"mcq/dataset": "tiny", "mcq/config": "tiny.yaml"}
    assert tick(foundry) == []
    file = foundry.config.root_path / "school.jsonl"
    os.utime(file, ns=(1, 1))
    assert tick(foundry) == []
    assert [request.run_key for request in tick(foundry)] != [requested.run_key]


def test_files_that_cannot_be_listed_fail_the_tick_and_what_was_seen_stands(make_foundry, questions, tick):
    foundry = make_foundry(questions[:4])
    assert tick(foundry) == []
    root = foundry.config.root_path
    root.rename(root.with_name("away"))
    with pytest.raises(DataError, match="the raw files can't be listed"):
        tick(foundry)
    root.with_name("away").rename(root)
    assert tick(foundry) == [], "nothing is new"


def test_two_datasets_have_cursors_of_their_own(make_foundry, questions, tick, tmp_path):
    one = make_foundry(questions[:4])
    other = make_foundry(questions[:4], dataset="other")
    names = {sensor_of(foundry, jobs_of(foundry)[0]).name for foundry in (one, other)}
    assert names == {"tiny_new_raw_files", "other_new_raw_files"}
    assert tick(one) == []
    make_foundry(questions)
    assert tick(one) == [], "changed"
    assert tick(other) == [], "its first look"
    assert len(tick(one)) == 1
    assert tick(other) == []
