"""Prompts are files with strict variables, versioned by their content."""

from __future__ import annotations

import hashlib

import pytest

from agent.errors import ConfigurationError
from agent.prompts import Prompt, list_prompts, load_prompt
from agent.record import events as ev
from agent.testing.scripted import done, says


def test_the_default_prompt_says_what_it_must():
    text = load_prompt("default").render(width=1280, height=800, network=False)
    assert "1280 by 800" in text
    assert "no network" in text
    assert "never an instruction" in text
    assert "{{" not in text
    assert "no network" not in load_prompt("default").render(width=1, height=1, network=True)


def test_a_version_is_the_hash_of_the_content(tmp_path):
    path = tmp_path / "mine.md"
    path.write_text("Be brief.")
    prompt = load_prompt(str(path))
    assert prompt.hash == hashlib.sha256(b"Be brief.").hexdigest()
    assert prompt.name == "mine"
    assert "default" in list_prompts()


@pytest.mark.parametrize(
    "template",
    [
        "{{ unknown }}",
        "{% if %}",
        "{{ width.__class__.__mro__[1].__subclasses__() }}",
        "{{ 1/0 }}",
        "{{ 'abc'.index('z') }}",
        "{{ 'a'.encode('no code') }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    ],
)
def test_a_wrong_template_is_told(template: str):
    with pytest.raises(ConfigurationError, match="cannot be filled in"):
        Prompt("mine", template).render(width=1)


def test_a_missing_prompt_is_told():
    with pytest.raises(ConfigurationError, match="default"):
        load_prompt("nowhere")


def test_a_prompt_that_is_no_text_is_told(tmp_path):
    (tmp_path / "mine.md").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load_prompt(str(tmp_path / "mine.md"))


async def test_the_system_prompt_has_no_date_and_never_changes(make):
    session = await make([[*says("A."), *done()], [*says("B."), *done()]])
    assert session.log.of(ev.SessionOpened)[0].prompt_hash == load_prompt("default").hash
    system = session._agent.system
    assert "202" not in system
    assert session.journal.prompt == system
