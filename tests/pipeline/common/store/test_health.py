"""Everything that is damaged is named with its cure, and nothing else is."""

import json

from pipeline.common.store.health import examine
from pipeline.common.store.lake import Lake, Version
from schemas.tables.arrow import to_frame
from schemas.tables.curation import SplitRow


def test_each_damaged_thing_is_named_once(tmp_path):
    lake = Lake(tmp_path, "d")
    tables = {}
    for count in (1, 2):
        rows = [{"record_id": f"r{i}", "content_id": "c", "split_group": "g", "split": "train"} for i in range(count)]
        tables[count] = lake.write_table("splits", to_frame(rows, SplitRow), SplitRow, {})
        lake.publish(Version("d", f"v{count}", {"splits": tables[count]}, {}, {}, "run", f"2026-01-0{count}"))
    adapter = tmp_path / "a1"
    adapter.mkdir()
    (adapter / "samples.parquet").write_bytes(b"x")
    (adapter / "manifest.json").write_text(json.dumps({"dataset_version": "v1", "files": {}}))
    assert examine(lake, [adapter]) == (2, 2, 1, [])

    lake.table_path("splits", tables[1]).write_bytes(b"")
    (lake.root / "versions" / "stray.json").write_text("{}")
    (adapter / "manifest.json").write_text(json.dumps({"dataset_version": "v1", "files": {"samples.parquet": "0"}}))
    found = examine(lake, [adapter]).damage
    assert [name for name in ("stray.json", tables[1], "samples.parquet") if sum(name in said for said in found) == 1] == [
        "stray.json",
        tables[1],
        "samples.parquet",
    ]
    assert len(found) == 3
    (lake.root / "CURRENT").write_text("")
    assert "CURRENT is damaged" in examine(lake, []).damage[0]
