"""The benchmark of whole files counts what the pipeline reads."""

import sys

from benchmarks import files


def test_every_file_has_a_line_and_every_folder_a_sum(tmp_path, monkeypatch, capsys):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    (tmp_path / "a" / "one.csv").write_text("question,A,B,answer\nWhich one?,x,y,B\nWhich other?,x,y,\n")
    (tmp_path / "b" / "empty.txt").write_text("")
    monkeypatch.setattr(sys, "argv", ["files", str(tmp_path), "--show", "5"])
    files.main()
    said = capsys.readouterr().out
    assert "| a/one.csv | csv | 2 | 1 | 1 |  | missing_answer 1 |" in said
    assert "| b/empty.txt | none | 0 | 0 | 0 |  |  |" in said
    assert "| **a**, 1 files |  | 2 | 1 | 1 |  | missing_answer 1 |" in said
    assert "\n A. x\n*B. y\n" in said
