"""How a dataset is called where Dagster allows no hyphen: in names of jobs, groups, schedules and sensors."""


def in_names(dataset: str) -> str:
    """A dataset's name as names of Dagster hold it.

    >>> in_names("year-12")
    'year_12'
    """
    return dataset.replace("-", "_")


def job_name(dataset: str, job: str) -> str:
    """A job's name (or a group's, a schedule's, a sensor's) in Dagster.

    >>> job_name("year-12", "curate")
    'year_12_curate'
    """
    return f"{in_names(dataset)}_{job}"
