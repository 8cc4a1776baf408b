"""Stage `explore`: describe the training split in `reports/data.md`."""

from dataclasses import asdict

from ..data.prepared import read_prepared
from ..data.sampling import read_sampling
from ..errors import exit_on_user_error
from ..evaluation.figures import write_figures
from ..evaluation.markdown import describe_sampling
from ..exploration.exploration import explore
from ..exploration.report import to_markdown
from ..paths import ProjectPaths


def main(paths: ProjectPaths | None = None) -> None:
    """Write the report and its figures."""
    paths = paths or ProjectPaths()
    schema, splits = read_prepared(paths)
    exploration = explore(splits["train"], splits["validation"], schema)
    paths.reports.mkdir(exist_ok=True)
    write_figures(paths.reports / "data", {name: figure for name, (_, figure) in exploration.figures.items()})
    samples = f"{len(splits['train'].target):,} {schema.sample_noun} of the training split"
    sampling = read_sampling(paths.prepared)
    note = describe_sampling(asdict(sampling)) if sampling else ""
    text = to_markdown(exploration, samples, "data", note)
    (paths.reports / "data.md").write_text(text, encoding="utf-8", newline="\n")
    print("wrote reports/data.md")


if __name__ == "__main__":
    with exit_on_user_error():
        main()
