"""What was read, by source and by file."""

from typing import Any

import pandas as pd

from pipeline.common.text import one_line
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


def unread_text(raw: pd.DataFrame) -> list[dict[str, Any]]:
    """Files of whose text a part stands in no record, those with the largest share first: the share, and the longest pieces."""
    rows = zip(raw["file"], raw["unread_fraction"], raw["unread"], strict=True)
    found = sorted(((share, file, pieces) for file, share, pieces in rows if len(pieces)), key=lambda row: -row[0])
    return [{"file": file, "share": f"{share:.0%}", "longest pieces": " / ".join(map(one_line, pieces))} for share, file, pieces in found]
