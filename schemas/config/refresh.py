"""`refresh:` when the dataset is refreshed by itself, and when it counts as late."""

import re
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from schemas.config.base import Strict

CRON_FIELD = re.compile(r"[0-9A-Za-z*/,\-]+")


class RefreshConfig(Strict):
    """Nothing happens by itself until this says so; both can be turned on and off in Dagster's UI as well."""

    cron: str | None = Field(
        None, max_length=100, description="when to refresh, as `minute hour day month weekday`: `0 2 * * *` is every night at two"
    )
    timezone: str = Field("UTC", max_length=100, description="of `cron`, as in `Asia/Ho_Chi_Minh`")
    on_change: bool = Field(False, description="refresh when raw files were added, changed or removed, once they stand still")
    late_hours: float | None = Field(
        None, ge=0.1, le=10_000, description="hours after its last refresh from which Dagster shows the dataset as late; null: never"
    )

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, value: str | None) -> str | None:
        if value is not None and not (len(fields := value.split()) == 5 and all(map(CRON_FIELD.fullmatch, fields))):
            raise ValueError("five fields are needed: minute, hour, day of month, month, day of week")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError) as error:  # a name that isn't known is a KeyError under ZoneInfo's own name
            raise ValueError(f"unknown time zone ({error})") from None
        except KeyError:
            raise ValueError("unknown time zone; name one as `Asia/Ho_Chi_Minh` or `UTC`") from None
        return value
