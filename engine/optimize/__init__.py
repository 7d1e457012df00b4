"""Phase 3: the same answer for less work. `optimizer.py` lists the batches of rules, each with the reason for its place."""
