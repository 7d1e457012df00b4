"""Hash tables of compiled code: of joins (`join.py`), and what they hash and compare (`keys.py`)."""
