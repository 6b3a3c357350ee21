"""The few sentences that are about the talk itself."""

from __future__ import annotations

from agent.models.offline.proposing import propose
from agent.models.offline.sentences import parse
from agent.models.offline.steps import Done, Fail, Handler, Moment, Step, listing
from agent.models.offline.suggest import help_text


def _saying(words: str) -> Handler:
    async def say(_: Moment) -> Step:
        return Done(words)

    return say


def _declining(words: str) -> Handler:
    async def say(_: Moment) -> Step:
        return Fail(words)

    return say


async def _ability(at: Moment) -> Step:
    """Whether there is a command for something; that it will work nobody can tell before."""
    topic = at.slot("topic")
    if parse(topic).commands:
        return Done(
            f"There is a command for that. Say: {topic}. Then I will look whether it worked."
        )
    return Done(f"I cannot: there is no command for “{topic}”. Ask: what can I say.")


async def _howto(at: Moment) -> Step:
    """The words for something; where there are none, the nearest that there are."""
    topic = at.slot("topic")
    plan = parse(topic)
    if plan.commands and plan.commands[0].intent != "unfinished":
        return Done(f"Say: {topic}.")
    near = listing(await propose(topic, at.view), "or")
    return Fail(f"I know no command for “{topic}”.{f' You could say: {near}.' if near else ''}")


async def _language(at: Moment) -> Step:
    topic = at.slot("topic").lower()
    if topic in ("me", "that", "this", "it"):
        return Done("I understand fixed sentences in English. Ask: what can I say.")
    return Done("I understand English." if topic == "english" else "I understand English only.")


async def _unfinished(at: Moment) -> Step:
    """A command without its rest: the next words are taken for it."""
    return Fail(at.slot("ask"))


async def _recall(at: Moment) -> Step:
    """What was done last, or why it was not: in the words that were said of it."""
    request, answer = at.slot("request"), at.slot("answer").partition("\n")[0]
    if not request:
        return Done("Nothing has been asked or done yet.")
    if at.slot("about") == "why":
        return Done(f"You said “{request}”, and it came to this: {answer}")
    return Done(f"After “{request}”: {answer}")


async def _help(_: Moment) -> Step:
    return Done(help_text())


HANDLERS: dict[str, Handler] = {
    "help": _help,
    "unfinished": _unfinished,
    "recall": _recall,
    "ability": _ability,
    "howto": _howto,
    "language": _language,
    "modes": _declining("That is said while dictation is on. Say: start dictation."),
    "microphone": _declining("I cannot switch the microphone. Its button is on the page."),
    "machine": _declining(
        "I cannot do that: the machine belongs to whoever runs Sayso. I can close the windows."
    ),
    "page_settings": _declining("I cannot open Settings. Its button is on the page."),
    "hear": _saying("Yes, your words arrive here."),
    "stopping": _saying("Say: stop. Escape and the Stop button do the same."),
    "hello": _saying("Hello. Tell me what to do, or ask: what can I say."),
    "thanks": _saying("You are welcome."),
    "who": _saying(
        "I am Sayso's voice commands: fixed sentences, no artificial intelligence. "
        "Ask: what can I say."
    ),
    "find_next": _declining("Nothing was found yet. Say: find, and the words."),
    "again": _saying("There is nothing yet to do again."),
    "more": _saying("There is nothing yet to do more of."),
    "less": _saying("There is nothing yet to do less of."),
    "reopen": _saying("I do not know what to bring back."),
    "cancel": _saying("All right, I am doing nothing."),
    "decline": _saying("All right, I am doing nothing."),
    "doing": _saying("Nothing just now: I wait for your words."),
    "resume": _saying("There is nothing to continue."),
    "confirm": _saying("There is nothing that I asked."),
}
