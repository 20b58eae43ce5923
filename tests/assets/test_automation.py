"""The sensor starts a refresh once the raw files stand still."""

import os

import dagster as dg


def test_the_sensor_waits_until_files_stand_still(make_foundry, questions):
    from assets.automation import new_raw_files

    foundry = make_foundry(questions[:4])
    cursor = None

    def tick():
        nonlocal cursor
        with dg.build_sensor_context(cursor=cursor, resources={"foundry": foundry}) as context:
            result = new_raw_files(context)
            cursor = context.cursor
        return [request.run_key for request in result.run_requests] if isinstance(result, dg.SensorResult) else []

    assert tick() == tick() == []
    make_foundry(questions)
    assert tick() == [], "a file that has just changed may still be written"
    requested = tick()
    assert len(requested) == 1
    assert tick() == []
    file = foundry.config.root_path / "school.jsonl"
    os.utime(file, ns=(1, 1))
    assert tick() == []
    assert tick() != requested
