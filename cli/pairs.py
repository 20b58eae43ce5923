"""`mcq pairs`: judges pairs of raw questions."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import command, err, user_path
from pipeline.common.escapes import json_text
from schemas.errors import DataError


@command
def pairs(
    file: Annotated[Path, typer.Argument(help="JSON lines, each with the raw questions a and b")],
    target: Annotated[Path | None, typer.Option("--out", help="file to write; default: stdout")] = None,
) -> None:
    """Judge pairs of raw questions: one JSON line a pair, in order, with relation, similarity and why.

    `why` begins with the name of the rule that decided; docs/duplicates.md lists them all.
    """
    from pipeline.judge_pairs import judge_pairs

    given = []
    try:
        for number, line in enumerate(user_path(file).read_text(encoding="utf-8-sig").split("\n"), 1):
            if line.strip():
                pair = json.loads(line)
                if not (isinstance(pair, dict) and isinstance(pair.get("a"), dict) and isinstance(pair.get("b"), dict)):
                    raise DataError(f"{file} line {number}: expected an object with the questions `a` and `b`, found {line[:80]}")
                given.append(pair)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} can't be read: {error}") from error
    except json.JSONDecodeError as error:
        raise DataError(f"{file} line {number} is no JSON: {error}") from error
    text = "".join(json_text(row) + "\n" for row in judge_pairs(given))
    if target is None:
        sys.stdout.write(text)
    else:
        user_path(target).write_text(text, encoding="utf-8")
        err.print(f"{len(given)} pairs judged")
