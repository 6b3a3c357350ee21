"""Each sentence of the README's safety section has the tests that hold it."""

from __future__ import annotations

import re

import pytest
from named_tests import ROOT, is_there

HELD: dict[str, tuple[str, ...]] = {
    "The boundary is the sandboxed desktop": (
        "desktop/test_desktop_life.py::test_the_sandbox_hides_the_person_and_the_network",
        "desktop/test_desktop_life.py::test_a_confined_desktop_has_a_network_of_its_own_and_nothing_on_it",
        "desktop/test_kept_home.py::test_the_home_is_kept_under_one_name_and_a_fresh_one_goes",
        "desktop/test_kept_home.py::test_a_folder_of_the_persons_is_the_home_and_stays_theirs",
    ),
    "Approvals and rules reduce accidents": (
        "brain/test_approval.py::test_what_may_do_harm_is_asked_about",
        "brain/test_approval.py::test_ordinary_work_is_not",
    ),
    "What starts on the desktop is told": (
        "brain/test_programs.py::test_what_needs_no_question_is_in_the_log",
        "brain/test_programs.py::test_a_start_waits_for_the_person_and_is_logged_before_it_begins",
        "desktop/test_program_watch.py::test_what_a_terminals_shell_starts_is_asked_about",
    ),
    "A program that a shell in a terminal starts": (
        "desktop/test_program_watch.py::test_what_a_terminals_shell_starts_is_asked_about",
        "desktop/test_program_watch.py::test_a_launcher_of_the_home_is_asked_about",
        "desktop/test_program_watch.py::test_a_service_of_the_home_is_asked_about",
        "desktop/test_program_watch.py::test_a_yes_runs_the_whole_line_and_asks_once",
        "brain/test_programs.py::test_a_rule_that_is_allowed_beforehand_asks_nothing",
    ),
    "What is installed on the system": (
        (
            "desktop/test_program_watch.py::"
            "test_nothing_is_asked_of_what_the_desktop_starts_for_itself"
        ),
        "brain/test_program_rules.py::test_a_launcher_starts_what_is_installed",
    ),
    "That guards against accident": (),  # it claims nothing
    "What a shell or an interpreter does": (
        "brain/test_approval.py::test_what_may_do_harm_is_asked_about",
        "brain/test_approval.py::test_what_keys_choose_from_a_terminals_menu_is_asked_about",
    ),
    "While you have the mouse": (
        "brain/test_programs.py::test_while_the_person_has_the_mouse_starts_are_only_logged",
    ),
    "Where the kernel or a container": (
        (
            "desktop/test_program_watch.py::"
            "test_where_the_kernel_refuses_the_status_says_so_and_programs_start"
        ),
        "desktop/test_desktop_life.py::test_unconfined_desktops_say_so_and_clean_up_too",
        "page/test_page_state.py::test_programs_that_are_not_watched_are_said_plainly",
        "brain/test_programs.py::test_a_desktop_that_cannot_be_watched_or_bounded_says_so",
    ),
    "Where bubblewrap cannot work": (
        (
            "desktop/test_desktop_life.py::"
            "test_without_bwrap_prefer_goes_on_and_require_says_what_to_install"
        ),
        "desktop/test_desktop_life.py::test_unconfined_desktops_say_so_and_clean_up_too",
        "page/test_page_state.py::test_an_unconfined_desktop_is_said_plainly",
    ),
    "Since Ubuntu 24.04": (
        "desktop/test_desktop_life.py::test_a_sandbox_that_may_not_start_says_what_allows_it",
    ),
    "Nobody gets in without the link": (
        "security/test_lock.py::test_every_route_is_behind_the_lock",
        "security/test_lock.py::test_only_the_link_of_this_start_lets_somebody_in",
        "security/test_lock.py::test_with_a_login_every_route_is_behind_it",
        "page/test_lock_page.py::test_a_person_comes_in_by_the_link_from_any_browser",
    ),
    "The server listens on loopback only": (
        "security/test_door_probes.py::test_it_listens_on_loopback_only",
        "security/test_bind.py::test_a_public_address_or_name_wants_a_login_and_tls",
    ),
    "It checks the Host and Origin": (
        "security/test_door_probes.py::test_a_foreign_host_name_is_refused_everywhere",
        "security/test_door_probes.py::test_a_rebound_socket_is_refused",
        "security/test_door_probes.py::test_a_forged_post_is_refused",
        "security/test_tickets.py::test_a_ticket_opens_its_own_session_and_purpose",
        "security/test_desktop_bridge.py::test_a_ticket_opens_only_for_the_owner",
    ),
}
"""How each sentence begins, in order, and its tests."""


def sentences() -> list[str]:
    section = (ROOT / "README.md").read_text("utf-8").partition("## Safety")[2]
    words = " ".join(section.partition("\n## ")[0].split())
    return re.split(r"(?<=\.) (?=[A-Z])", words)


def test_each_sentence_is_in_the_list() -> None:
    assert [
        next((begin for begin in HELD if sentence.startswith(begin)), sentence)
        for sentence in sentences()
    ] == list(HELD)


@pytest.mark.parametrize("named", sorted({name for tests in HELD.values() for name in tests}))
def test_each_test_is_there(named: str) -> None:
    path, _, name = named.partition("::")
    assert is_there(f"tests/{path}", name)
