"""The notebook for Colab and Kaggle runs from top to bottom with the bundled sample, and is fit to be committed."""

import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
import yaml

from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT

NOTEBOOK = PROJECT_ROOT / "notebooks" / "t4.ipynb"
TEXT = NOTEBOOK.read_text(encoding="utf-8")
CELLS = json.loads(TEXT)["cells"]
CODE = {cell["id"]: "".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"}
T4 = sorted(path.name for path in (PROJECT_ROOT / "configs").glob("t4-*.yaml"))


def test_the_notebook_is_valid_and_holds_neither_outputs_nor_a_machines_paths():
    notebook = json.loads(TEXT)
    assert (notebook["nbformat"], notebook["nbformat_minor"] >= 5) == (4, True)
    assert {cell["cell_type"] for cell in CELLS} == {"markdown", "code"}
    assert len({cell["id"] for cell in CELLS}) == len(CELLS)
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in CELLS if cell["cell_type"] == "code")
    # Where Colab and Kaggle keep a user's files is the same on all of their machines.
    absolute = set(re.findall(r"(?<![\w.:/~}-])/(?:\w+/?)+", "".join("".join(cell["source"]) for cell in CELLS)))
    assert absolute <= {"/content", "/content/drive", "/content/drive/MyDrive", "/kaggle/working", "/kaggle/input"}


def test_every_heading_has_a_vietnamese_line_under_it():
    headings = [cell["source"] for cell in CELLS if cell["cell_type"] == "markdown"]
    assert len(headings) > 8
    assert [source for source in headings if not (source[0].startswith("#") and re.fullmatch(r"\*.*[ạ-ỹà-ừ].*\*\n?", source[1]))] == []


def test_all_configurations_for_a_t4_can_be_chosen():
    choices = re.search(r"^CONFIG = .* @param (\[.*\])$", CODE["settings"], flags=re.MULTILINE)
    assert sorted(json.loads(choices[1])) == ["sample.yaml", *T4]


@pytest.mark.parametrize("name", ["sample.yaml", *T4])
@pytest.mark.parametrize("own", [True, False])
def test_a_configuration_is_the_chosen_one_over_the_files_at_hand(name, own, tmp_path, capsys):
    raw = tmp_path / 'my "files"' if own else PROJECT_ROOT / "sample" / "raw"
    names = {"PROJECT": PROJECT_ROOT, "PLACE": tmp_path, "CONFIG": name, "OWN": raw if own else None, "raw": raw}
    exec(CODE["configuration"], names)
    made, chosen = load_config(tmp_path / "notebook.yaml"), load_config(PROJECT_ROOT / "configs" / name)
    assert (made.dataset, made.root_path) == ("notebook", raw)
    sample = load_config(PROJECT_ROOT / "configs" / "sample.yaml")
    assert [source.name for source in made.sources] == (["own"] if own else [source.name for source in sample.sources])
    assert (made.train, made.render, made.split) == (chosen.train, chosen.render, chosen.split)
    headline = "all" if own else chosen.evaluate.headline
    assert made.evaluate == chosen.evaluate.model_copy(update={"headline": headline})


def test_what_is_changed_in_a_configuration_stays_until_another_one_is_chosen(tmp_path, capsys):
    raw = PROJECT_ROOT / "sample" / "raw"
    names = {"PROJECT": PROJECT_ROOT, "PLACE": tmp_path, "CONFIG": T4[0], "OWN": None, "raw": raw}
    exec(CODE["configuration"], names)
    file = tmp_path / "notebook.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("epochs: 2", "epochs: 5"), encoding="utf-8")
    exec(CODE["configuration"], names)
    assert load_config(file).train.epochs == 5
    assert "epochs: 5" in capsys.readouterr().out.rpartition("notebook.yaml:")[2]
    for others in ({"CONFIG": T4[1]}, {"raw": tmp_path, "OWN": tmp_path}):
        exec(CODE["configuration"], names | others)
        assert load_config(file).train.epochs == 2


@pytest.fixture
def run_cells(tmp_path, models, make_dagster_home):
    """Runs cells in order in a process of their own, as a notebook's kernel would; gives what they said."""

    def run(*ids, **settings):
        script = tmp_path / "cells.py"
        script.write_text("\n\n".join([f"PYTHON = {sys.executable!r}", *(CODE[one] for one in ids)]), encoding="utf-8")
        place = tmp_path / "place"
        (place / "data" / "models").mkdir(parents=True, exist_ok=True)
        if not (place / "data" / "models" / "base").exists():
            (place / "data" / "models" / "base").symlink_to(models / "base")
        environment = {**os.environ, "DAGSTER_HOME": str(make_dagster_home()), "MCQ_NOTEBOOK_PLACE": str(place)}
        # As a kernel sets it, whose packages need not be there for the project.
        environment["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        environment |= {"MCQ_NOTEBOOK_PYTHON": sys.executable, **{f"MCQ_NOTEBOOK_{name}": str(value) for name, value in settings.items()}}
        command = [sys.executable, str(script)]
        done = subprocess.run(command, cwd=NOTEBOOK.parent, env=environment, capture_output=True, encoding="utf-8")
        assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    return run


def test_the_notebook_runs_with_the_sample_from_raw_files_to_verdict_and_adapter(run_cells, tmp_path):
    small = yaml.safe_load((PROJECT_ROOT / "configs" / "sample.yaml").read_text(encoding="utf-8"))
    small["split"] |= {"train": 0.98, "validation": 0.01, "test": 0.01}
    small["train"] |= {"epochs": 0.02}
    small["evaluate"] = {"modes": ["cloze"], "primary": "cloze"}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small, sort_keys=False), encoding="utf-8")
    # Cells can be run again; those that curate and train are `mcq run`, which takes what is done.
    said = run_cells(*CODE, "where", "configuration", "verdict", "adapter", CONFIG=tmp_path / "small.yaml")
    assert re.search(r"torch \d", said)
    assert "held_out.jsonl#line:1 " in said
    assert "missing_answer              1  no key was given" in said
    assert "qlora, rank 16, batch 2" in said
    assert re.search(r"-> train +45\d", said)
    assert "qlora_adapter: 5/5" in said
    for told in said.split("asked by")[1:]:
        assert re.search(r"^cloze +\d+ +\d+\.\d% ", told, flags=re.MULTILINE)
        assert "no verdict" in told
        assert len(re.findall(r"place/data/plots/notebook/\w+\.png", told)) == 2
    assert said.count("asked by") == 2
    (adapter,) = (tmp_path / "place").glob("adapter-*.zip")
    with zipfile.ZipFile(adapter) as archive:
        assert {"adapter_model.safetensors", "adapter_config.json", "manifest.json"} <= set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["base_model"], manifest["steps"], manifest["config"]["dataset"]) == ("smollm2-135m", 5, "notebook")


def test_files_of_ones_own_are_read_in_place_of_the_sample(run_cells, questions, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "exam.json").write_text(json.dumps([*questions, {"question": "", "options": ["a", "b"], "answer": "a"}]))
    said = run_cells("settings", "where", "files", "configuration", OWN_FILES=tmp_path / "mine")
    assert "9: 8 questions, 1 rejected" in said
    assert "base_model: Qwen/Qwen2.5-1.5B-Instruct" in said


def test_a_folder_without_files_is_refused_in_words(run_cells, tmp_path):
    with pytest.raises(AssertionError, match=r"OWN_FILES is \S+/none, and there is no file in it"):
        run_cells("settings", "where", "files", OWN_FILES=tmp_path / "none")
