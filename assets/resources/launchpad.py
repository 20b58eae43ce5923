"""What the launchpad can change for one run: settings of the training, without a file. What isn't given is as the configuration says."""

from dataclasses import replace
from typing import Any

import dagster as dg
from pydantic import Field, ValidationError, create_model

from assets.resources.foundry import Foundry
from schemas.config.train import RankPolicy, TrainConfig
from schemas.errors import ConfigError

POLICY = "policy"


def _plain(annotation: Any) -> Any:
    """A type that Dagster's launchpad can show: the words that a Literal allows are checked when the run begins, by our own model."""
    allowed = getattr(annotation, "__args__", ())
    return type(allowed[0]) if allowed and isinstance(allowed[0], str) else annotation


def _said(description: str | None, annotation: Any) -> str:
    allowed = [word for word in getattr(annotation, "__args__", ()) if isinstance(word, str)]
    return f"{description or ''}{'; one of ' + ', '.join(allowed) if allowed else ''}"


_FIELDS: dict[str, Any] = {
    name: (_plain(field.annotation) | None, Field(None, description=_said(field.description, field.annotation)))
    for name, field in TrainConfig.model_fields.items()
    if name != POLICY
}
_NAME = RankPolicy.model_fields["name"]
_FIELDS[POLICY] = (str | None, Field(None, description=_said(_NAME.description, _NAME.annotation)))
_FIELDS["alpha"] = (float | None, Field(None, description="for policy `fixed`"))

TrainingResource: Any = create_model(
    "TrainingResource",
    __base__=dg.ConfigurableResource,
    __doc__="Settings of the training for one run, as in `train:` of the configuration; what isn't given is as that says.",
    **_FIELDS,
)


def with_changes(foundry: Foundry, changes: Any) -> Foundry:
    """The Foundry of a run whose training was changed in the launchpad. Raises ConfigError."""
    given = {name: value for name in _FIELDS if (value := getattr(changes, name)) is not None}
    if not given:
        return foundry
    train = foundry.config.train.model_dump()
    alpha = {"alpha": given.pop("alpha")} if "alpha" in given else {}
    if alpha or POLICY in given:
        name = given.pop(POLICY, "fixed" if alpha else foundry.config.train.policy.name)
        given[POLICY] = {"name": name, **alpha}
    try:
        changed = TrainConfig.model_validate({**train, **given})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}, found {item['input']!r}" for item in error.errors())
        raise ConfigError(f"the launchpad's `train` is refused: {wrong}") from error
    return replace(foundry, config=foundry.config.model_copy(update={"train": changed}))
