"""What watches over the code location: configurations that changed, runs that failed, runs that are well again."""

import json
import sys

import dagster as dg
import pytest

from assets import hooks, watch
from assets.failures import told_sentence
from assets.resources.configurations import file_hash
from assets.resources.runs import PROCESS
from schemas.errors import ConfigError, DataError


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Two configurations that a folder holds, and their hashes."""
    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text(f"dataset: {name}\nsources: []\n")
    monkeypatch.setenv("MCQ_CONFIG", str(tmp_path))
    return {path: file_hash(path) for path in sorted(tmp_path.glob("*.yaml"))}


def tick(files, left_out=()):
    with dg.build_sensor_context() as context:
        return watch.configurations_sensor(files, list(left_out))(context)


def test_configurations_that_are_as_they_were_are_named(files):
    assert "2 configurations as loaded" in tick(files).skip_message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "a.yaml").write_text("dataset: a\nsources: [1]\n"), "a.yaml was changed"),
        (lambda folder: (folder / "a.yaml").unlink(), "a.yaml is gone"),
        (lambda folder: (folder / "c.yaml").write_text("dataset: c\n"), "c.yaml is new; reload"),
    ],
)
def test_a_configuration_that_changed_fails_the_tick_and_says_reload(change, said, files, tmp_path):
    change(tmp_path)
    with pytest.raises(ConfigError, match=said) as error:
        tick(files)
    assert "reload the code location" in str(error.value)


def test_a_configuration_that_could_not_be_loaded_fails_every_tick(files):
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"left out: c\.yaml has 1 error"):
            tick(files, ["c.yaml has 1 error"])


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def run_job(instance):
    """Runs a job of this name, which fails or not."""

    def run(wrong=None, name="tiny_curate", tags=None):
        @dg.op
        def step():
            if wrong is not None:
                raise wrong

        @dg.job(name=name)
        def job():
            step()

        result = job.execute_in_process(instance=instance, raise_on_error=False, tags={"mcq/dataset": "tiny", **(tags or {})})
        return result, instance.get_run_by_id(result.run_id)

    return run


@pytest.fixture
def told(monkeypatch, tmp_path):
    """Sets a hook, a real command, and gives what it was told."""
    file = tmp_path / "told.jsonl"
    script = tmp_path / "hook.py"
    script.write_text("import sys, pathlib; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read() + b'\\n')")
    monkeypatch.setenv(hooks.COMMAND, f"{sys.executable} {script} {file}")
    return lambda: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def failure(instance, result, run):
    event = next(event for event in result.all_events if event.event_type == dg.DagsterEventType.RUN_FAILURE)
    context = dg.build_run_status_sensor_context(sensor_name="failures", dagster_event=event, dagster_instance=instance, dagster_run=run)
    return watch.failures(context.for_run_failure())


def success(instance, result, run):
    event = next(event for event in result.all_events if event.event_type == dg.DagsterEventType.RUN_SUCCESS)
    context = dg.build_run_status_sensor_context(sensor_name="recoveries", dagster_event=event, dagster_instance=instance, dagster_run=run)
    return watch.recoveries(context)


def last_line(instance, run):
    return instance.all_logs(run.run_id)[-1].message


def test_the_last_line_of_a_failed_run_is_the_plain_sentence(instance, run_job, monkeypatch):
    monkeypatch.delenv(hooks.COMMAND, raising=False)
    monkeypatch.delenv(hooks.URL, raising=False)
    result, run = run_job(DataError("dataset 'tiny' has no table questions yet"))
    assert "no hook is set" in failure(instance, result, run).skip_message
    assert last_line(instance, run) == "failed: dataset 'tiny' has no table questions yet"


def test_the_command_line_has_written_it_already(instance, run_job):
    result, run = run_job(DataError("gone"), tags={PROCESS: "here:1"})
    failure(instance, result, run)
    assert not any(log.message == told_sentence("gone") for log in instance.all_logs(run.run_id))


def test_a_hook_is_told_of_a_failure_and_then_once_of_the_recovery(instance, run_job, told):
    failed, first = run_job(DataError("the disk is full"))
    failure(instance, failed, first)
    other, of_other = run_job(name="other_curate")
    assert "had not failed" in success(instance, other, of_other).skip_message
    well, second = run_job()
    success(instance, well, second)
    again, third = run_job()
    assert "had not failed" in success(instance, again, third).skip_message
    news = told()
    assert [(one["event"], one["dataset"], one["job"], one["run_id"]) for one in news] == [
        ("failed", "tiny", "tiny_curate", first.run_id),
        ("recovered", "tiny", "tiny_curate", second.run_id),
    ]
    assert "the disk is full" in news[0]["text"]
    assert news[0]["run_url"].endswith(f"/runs/{first.run_id}")
