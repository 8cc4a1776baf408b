"""Stage `report`: write the model card, and put the results into README and article, and an example into `docs/api.md`.

DVC deletes the outputs of a stage before it runs. So these files are no outputs: only the lines between their markers
are replaced.
"""

import json
from pathlib import Path

from ..errors import exit_on_user_error
from ..paths import ProjectPaths
from ..reporting.api_example import describe_response
from ..reporting.api_request import describe_request
from ..reporting.blocks import render_blocks
from ..reporting.model_card import model_card
from ..reporting.sections import API_GUIDE, AUTHORED, START, fill_blocks, read_section
from ..serving.champion import load_champion
from ..serving.predictor import load_predictor


def main(paths: ProjectPaths | None = None) -> None:
    """Write the model card, and put the results into README, article and guide of the API."""
    paths = paths or ProjectPaths()
    texts = render(paths)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"wrote {', '.join(path.relative_to(paths.root).as_posix() for path in texts)}")


def render(paths: ProjectPaths) -> dict[Path, str]:
    """Return the text of each file with results of `reports/`: the model card, README, article and guide of the API."""
    champion, _ = load_champion(paths.champion)
    evaluation = json.loads((paths.reports / "evaluation.json").read_text(encoding="utf-8"))
    figures = sorted(path.stem for path in (paths.reports / "figures").glob("*.png"))
    files = {paths.root / name: folder for name, folder in AUTHORED.items() if (paths.root / name).is_file()}
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    readme = texts.get(paths.root / "README.md", "")
    limitations = read_section(readme, "Limitations")
    blocks = render_blocks(evaluation, paths.reports, limitations)
    if START.format(name="models") not in readme:
        blocks["results"] += f"\n\n{blocks['models']}"
    if guide := texts.get(paths.root / API_GUIDE):
        predictor = load_predictor(paths.champion)
        request = {"request": describe_request(predictor)}
        blocks |= request | {"response": describe_response(fill_blocks(guide, request, ""), predictor)}
    card = {paths.reports / "model_card.md": model_card(evaluation, champion, figures, limitations)}
    return card | {path: fill_blocks(texts[path], blocks, folder) for path, folder in files.items()}


if __name__ == "__main__":
    with exit_on_user_error():
        main()
