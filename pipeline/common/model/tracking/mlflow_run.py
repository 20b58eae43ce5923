"""MLflow: a run an adapter in the experiment of its dataset; in the store that MLFLOW_TRACKING_URI names, else a file beside the models."""

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path

# Read when it is imported. It tells its makers of its use otherwise, and waits for minutes where a server doesn't answer.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "true"
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

ADAPTER = "mcq/adapter"
# So many parameters a request may hold.
BATCH = 100


class MlflowRun:
    """The run of an adapter: the one that bears its name in a tag, or a new one. What it holds of a step is not written again."""

    def __init__(self, experiment: str, adapter: str, models: Path) -> None:
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{models.absolute() / 'mlflow.db'}")
        known = self.client.get_experiment_by_name(experiment)
        place = known.experiment_id if known else self.client.create_experiment(experiment, (models.absolute() / "mlflow").as_uri())
        runs = self.client.search_runs([place], f"tags.`{ADAPTER}` = '{adapter}'", max_results=1)
        run = runs[0] if runs else self.client.create_run(place, run_name=adapter, tags={ADAPTER: adapter})
        self.run_id, self.latest = run.info.run_id, dict(run.data.metrics)
        self.client.update_run(self.run_id, status="RUNNING")
        self.known = {(name, metric.step) for name in self.latest for metric in self.client.get_metric_history(self.run_id, name)}

    def describe(self, settings: Mapping[str, str | float | bool], tags: Mapping[str, str]) -> None:
        """Settings as parameters, tags as tags."""
        parameters = [Param(name, str(value)) for name, value in settings.items()]
        for begin in range(0, len(parameters), BATCH):
            self.client.log_batch(self.run_id, params=parameters[begin : begin + BATCH])
        self.client.log_batch(self.run_id, tags=[RunTag(name, value) for name, value in tags.items()])

    def write(self, step: int, figures: Mapping[str, float], at: float) -> None:
        """Metrics of a step that has none of these names yet."""
        self._log(step, {name: value for name, value in figures.items() if (name, step) not in self.known}, at)

    def conclude(self, step: int, figures: Mapping[str, float], notes: Mapping[str, str]) -> None:
        """Metrics that have changed, and sentences as tags."""
        self._log(step, {name: value for name, value in figures.items() if self.latest.get(name) != value}, time.time())
        self.client.log_batch(self.run_id, tags=[RunTag(f"mcq/{name}", text) for name, text in notes.items()])

    def end(self, whole: bool) -> None:
        """Finished, or killed: a run that resumes is running again."""
        self.client.set_terminated(self.run_id, "FINISHED" if whole else "KILLED")

    def _log(self, step: int, figures: Mapping[str, float], at: float) -> None:
        if figures:
            self.client.log_batch(self.run_id, metrics=[Metric(name, value, int(at * 1000), step) for name, value in figures.items()])
