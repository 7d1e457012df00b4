"""The functions of SQL, one module a family; `families.py` names them, and the first who looks one up loads all."""
