"""How well and how fast passages are found: `qanat evaluate retrieval` on the evaluation sets."""

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT.parent / "shared" / "data" / "retrieval"
NDCG_AT_LEAST = {"xquad_dev.en": 0.98, "xquad_dev.ru": 0.97}


def main() -> dict[str, Any]:
    title = "Finding passages (150 paragraphs, 786 questions a language)"
    if not DATA.is_dir():
        return {"title": title, "skipped": f"the evaluation sets are not at {DATA.relative_to(ROOT.parent)}"}
    figures: list[dict[str, Any]] = []
    notes: list[str] = []
    for name, target in NDCG_AT_LEAST.items():
        found = evaluate(DATA / name)
        for metric, value in found["metrics"].items():
            figure = {"what": f"{name} {metric}", "value": value}
            figures.append(figure | ({"at_least": target} if metric == "ndcg@10" else {}))
        notes.append(
            f"{name} timings: " + ", ".join(f"{key} {value}" for key, value in found["timings"].items())
        )
    return {"title": title, "figures": figures, "notes": notes}


def evaluate(data: Path) -> dict[str, Any]:
    printed = subprocess.run(
        [ROOT / ".venv" / "bin" / "qanat", "evaluate", "retrieval", "--data", data, "--json"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    found: dict[str, Any] = json.loads(printed)
    return found


if __name__ == "__main__":
    print(json.dumps(main(), ensure_ascii=False))
