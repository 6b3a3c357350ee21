"""The same in Streamlit's way: eight messages, a clock, a script that polls and reruns."""

import random
import threading
import time

import streamlit as st

POLL = 0.1
PAUSES = (0.9, 1.7)


@st.cache_resource
def clock() -> list[str]:
    """Times that a thread adds, as an agent would."""
    said: list[str] = []
    chance = random.Random(7)

    def tell() -> None:
        while True:
            time.sleep(chance.uniform(*PAUSES))
            said.append(f"<{time.time() * 1000:.2f}>")

    threading.Thread(target=tell, daemon=True).start()
    return said


st.title("Clock")
for number in range(8):
    st.chat_message("assistant").write(f"Message {number}")
said = clock()
st.chat_message("assistant").text(said[-1] if said else "waiting")
st.button("Ping", key="ping")
time.sleep(POLL)
st.rerun()
