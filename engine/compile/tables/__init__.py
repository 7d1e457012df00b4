"""Tables of compiled code: of joins (`join.py`), and what they hash and compare (`keys.py`); of groups (`group_table.py`)."""
