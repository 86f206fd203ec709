"""What the examples' scripts share. Each puts the folder above this one on Python's path and imports from here."""
