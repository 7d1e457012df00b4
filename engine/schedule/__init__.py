"""When and where stages run: jobs, the event loop of the scheduler, retries, and the protocol that clusters implement.

`stage` says what runs, `backend` where, `scheduler` when; `state` and `retry` are its bookkeeping, `results` and
`metrics` what comes back. Nothing in here knows a concrete cluster or an operator.
"""
