"""The errors that a user, a file or a machine can cause. Bad data is no error: it becomes a verdict on its row."""


class PipelineError(Exception):
    """Base of all; its text says what was wrong, where, and what to do."""


class ConfigError(PipelineError):
    """The configuration can't be used; nothing was written."""


class DataError(PipelineError):
    """A promise about stored data is broken (a missing table, a pointer to nothing)."""


class TrainingError(PipelineError):
    """Training or evaluation can't go on."""


class MissingExtraError(PipelineError):
    """An optional package is absent."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(f"{feature} needs the package {package!r}, which is not installed; run: pip install 'mcq-foundry[{extra}]'")
