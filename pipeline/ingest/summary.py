"""What was read, by source and by file."""

import pandas as pd

from schemas.reasons import Reason


def by_source(raw: pd.DataFrame) -> pd.DataFrame:
    """Files and records of each source, in its order."""
    return raw.groupby("source", sort=False).agg(files=("file", "nunique"), records=("record_id", "size")).reset_index()


def by_file(raw: pd.DataFrame) -> pd.DataFrame:
    """Reader, encoding, records and rejected ones among them of each file, those with most rejected first."""
    refused = [len(codes) > 0 for codes in raw["reason_codes"]]
    files = raw.assign(refused=refused).groupby("file", sort=False)
    counts = files.agg(reader=("reader", "first"), encoding=("encoding", "first"), records=("refused", "size"), rejected=("refused", "sum"))
    return counts.reset_index().sort_values(["rejected", "records"], ascending=False)


def unreadable_files(raw: pd.DataFrame) -> dict[str, str]:
    """Why each file that can't be read at all can't be, by its name."""
    rows = zip(raw["file"], raw["detail"], raw["reason_codes"], strict=True)
    return {file: why for file, why, codes in rows if Reason.UNREADABLE_FILE in codes}
