"""No files import each other in a circle, however long; types count too."""

from collections.abc import Iterator

import grimp

REGISTRY = {
    "agent.providers",
    "agent.settings",
    "agent.models.factory",
    "agent.models.claude.trial",
}
"""The registry of providers imports what it names when that is asked for."""


def circles(graph: grimp.ImportGraph) -> Iterator[set[str]]:
    """Groups of modules of which each reaches each other one."""
    left = set(graph.modules)
    while left:
        module = left.pop()
        down = graph.find_upstream_modules(module)
        group = {module} | (down & graph.find_downstream_modules(module))
        left -= group
        if len(group) > 1:
            yield group


def test_no_files_import_each_other() -> None:
    graph = grimp.build_graph("agent", "dashboard", cache_dir=None)
    assert len(graph.modules) > 400
    assert [group for group in circles(graph) if group != REGISTRY] == []


def test_a_circle_is_seen() -> None:
    graph = grimp.build_graph("agent", "dashboard", cache_dir=None)
    graph.add_import(importer="agent.errors", imported="dashboard.app")
    assert any("dashboard.app" in group for group in circles(graph))
