"""Machine code for chains of operators: what is made (`program.py`), of what (`ir.py`), and how it becomes code (`llvm.py`)."""
