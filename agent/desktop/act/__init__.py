"""Hands: pointer, keyboard, clipboard, and what lets go of them."""
