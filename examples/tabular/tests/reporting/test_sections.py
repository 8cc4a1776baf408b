"""Only the lines between markers change, and the prompts that an author left are counted."""

from pathlib import Path

from late_flights.reporting.sections import END, START, fill_blocks, find_prompts, read_section

BEFORE, AFTER = "# Title\r\n\nsome *text*\n", "\nmore text\n"
FIRST, LAST = START.format(name="results"), END.format(name="results")


def test_only_the_lines_between_the_markers_change() -> None:
    text = f"{BEFORE}{FIRST}\nold\n{LAST}{AFTER}"
    once = fill_blocks(text, {"results": "new", "other": "elsewhere"}, "reports/")
    assert once == f"{BEFORE}{FIRST}\nnew\n{LAST}{AFTER}"
    assert fill_blocks(once, {"results": "new"}, "reports/") == once
    assert fill_blocks(once, {"other": "elsewhere"}, "reports/") == once


def test_without_both_markers_nothing_changes() -> None:
    for text in (BEFORE, f"{BEFORE}{FIRST}{AFTER}", f"{BEFORE}{LAST}{AFTER}"):
        assert fill_blocks(text, {"results": "new"}, "reports/") == text


def test_links_are_relative_to_the_file() -> None:
    block = r"![a](figures/a.png) [b](errors.md) [c](https://example.org/c) [d](#d) \[text\](text)"
    filled = fill_blocks(f"{FIRST}\n{LAST}", {"results": block}, "../reports/")
    shown = (
        r"![a](../reports/figures/a.png) [b](../reports/errors.md) [c](https://example.org/c) [d](#d) \[text\](text)"
    )
    assert filled == f"{FIRST}\n{shown}\n{LAST}"


def test_a_section_ends_before_the_next_heading() -> None:
    text = "# Title\n\n## Limitations\n\n- few rows\n\n### More\n\n- old\n\n## License\n"
    assert read_section(text, "Limitations") == "- few rows\n\n### More\n\n- old"
    assert read_section(text, "License") == read_section(text, "Other") == ""


def test_a_prompt_counts_until_it_is_answered_or_deleted(tmp_path: Path) -> None:
    assert find_prompts(tmp_path) == []
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/post.md").write_text("# Title\n\n<!-- yours: Begin with a case. -->\n", encoding="utf-8")
    readme = "# Title\n\n<!-- yours: ## Why\n\nWho has it? -->\n\n<!-- a comment -->\n\n<!-- yours: ## Next -->\n"
    (tmp_path / "README.md").write_text(readme, encoding="utf-8")
    assert find_prompts(tmp_path) == ["README.md:3", "README.md:9", "docs/post.md:3"]
    answered = readme.replace("<!-- yours: ## Why\n\nWho has it? -->", "## Why\n\nPathologists.")
    (tmp_path / "README.md").write_text(answered.replace("<!-- yours: ## Next -->", ""), encoding="utf-8")
    assert find_prompts(tmp_path) == ["docs/post.md:3"]
