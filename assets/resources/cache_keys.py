"""What decides that examples, an adapter or an evaluation are made anew: each folder is named by the hash of all that it is made of."""

from dataclasses import dataclass
from pathlib import Path

from assets.resources.code_version import code_version
from assets.resources.foundry import Foundry
from pipeline.common.store.lake import Version
from pipeline.common.store.run_files import EVALUATIONS, EXAMPLES, MANIFEST, QUESTIONS, RESULT
from pipeline.common.text import canonical_json, short_hash

# Of `train`, what changes nothing in a training among many: none of them is resumed, chosen from or told elsewhere.
NOT_OF_MANY = {"save_steps", "keep", "early_stopping", "cartography", "gpu_memory_gib", "tracker"}


@dataclass(frozen=True)
class Places:
    """The files of one published version under one configuration.

    `questions` is what the child processes read, `examples` their rendered form; `adapter` and `evaluation` are folders, and
    `manifest` and `result` what stands in them once they are complete.
    """

    version: Version
    questions: Path
    examples: Path
    adapter: Path
    evaluation: Path

    @property
    def manifest(self) -> Path:
        """Tells of the training."""
        return self.adapter / MANIFEST

    @property
    def result(self) -> Path:
        """Tells of the evaluation."""
        return self.evaluation / RESULT

    def job(self, output: Path) -> dict[str, str]:
        """What every child process is told besides the configuration."""
        facts = {"questions": self.questions, "examples": self.examples, "output": output, "dataset_version": self.version.dataset_version}
        return {name: str(value) for name, value in facts.items()}


def places(foundry: Foundry) -> Places:
    """The places for the version that is pinned, else for CURRENT. Raises DataError when nothing was published yet."""
    version = foundry.version()
    ledger, train = version.tables["sample_ledger"], foundry.config.train
    render, evaluate = (block.model_dump(mode="json") for block in (foundry.config.render, foundry.config.evaluate))
    training = train.model_dump(mode="json", exclude={"tracker"})  # tells of a training, and changes nothing in it
    rendering = canonical_json([ledger, render, train.base_model, train.revision])
    rendered = short_hash(rendering, code_version("pipeline.render"))
    trained = short_hash(version.dataset_version, rendered, canonical_json(training), code_version("pipeline.training"))
    evaluated = short_hash(canonical_json([ledger, evaluate]), code_version("pipeline.evaluation"))
    folder, adapter = foundry.models / foundry.config.dataset / "examples" / rendered, foundry.adapters / trained
    return Places(version, folder / QUESTIONS, folder / EXAMPLES, adapter, adapter / EVALUATIONS / evaluated)


def study_folder(foundry: Foundry, at: Places) -> Path:
    """Where the cells of studies lie that share data, prompt, budget, questions and code; each cell's own settings name its file."""
    of_cell = {"rank", "policy", "target_modules", "learning_rate", "seed"}
    train = foundry.config.train.model_dump(mode="json", exclude=of_cell | NOT_OF_MANY)
    asked = foundry.config.evaluate.model_dump(mode="json", include={"primary", "headline", "cloze_normalisation", "batch_tokens"})
    parts = canonical_json([train, asked, foundry.config.study.max_questions])
    name = short_hash(at.version.dataset_version, at.examples.parent.name, parts, code_version("pipeline.study.cell"))
    return foundry.models / foundry.config.dataset / "studies" / name


def evidence_folder(foundry: Foundry, at: Places) -> Path:
    """Where the folds lie that share data, prompt, training, parts, questions and code; more repeats go on in the same folder."""
    train = foundry.config.train.model_dump(mode="json", exclude=NOT_OF_MANY)
    asked = foundry.config.evaluate.model_dump(mode="json", include={"primary", "cloze_normalisation", "batch_tokens"})
    parts = canonical_json([train, asked, foundry.config.evidence.folds])
    name = short_hash(at.version.dataset_version, at.examples.parent.name, parts, code_version("pipeline.evidence.held_out"))
    return foundry.evidence / name
