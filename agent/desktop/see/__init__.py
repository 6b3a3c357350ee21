"""Eyes: pictures, windows, accessible objects, and when the screen has come to rest."""
