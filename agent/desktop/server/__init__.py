"""What a desktop runs on: sandbox, guardian, X server, bus, programs, and the watch over them."""
