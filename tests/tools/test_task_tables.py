"""The page of tasks is what the tasks declare."""

from edge.task.table import task_specs
from tools.task_tables import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run python -m tools.task_tables"


def test_every_declared_name_is_on_it() -> None:
    text = page()
    for spec in task_specs():
        assert f"## {spec.name}\n" in text
        assert all(f"`{one.name}`" in text for one in spec.terms.measurements)
