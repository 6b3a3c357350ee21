"""A chat of Panel's own parts, served by default: a page that does not watch its link."""

import panel as pn

pn.extension()


def answer(text: str, user: str, chat: pn.chat.ChatInterface) -> str:
    return text.removeprefix("repeat ")


pn.chat.ChatInterface(callback=answer, show_rerun=False).servable()
