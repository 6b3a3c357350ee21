"""How objects look in HTML and pictures, for whoever shows them: notebooks, Panel apps."""
