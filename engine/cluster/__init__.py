"""Where tasks run: `inline` in threads of this process, `local` in worker processes on this machine."""
