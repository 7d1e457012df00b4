"""The command line and the interactive shell: text in, tables out.

    start        prompt or batch: what an invocation asks for
    repl         the prompt: editing, history, keys        lexing, highlight, completion, scope, names serve it
    batch        -e, -f and stdin                          script splits and runs statements; opening makes the session
    console      one statement: run, timed, told           interrupt is Ctrl-C
    output       chooses how a result is written           render (boxes), formats (csv, json, ...), tabular (tabulate)
    commands     .help and the other dot commands          browse draws what .tables shows
    progress     the block on stderr, from events
    text         widths, cuts, colours                     options: the command line, and what .mode and the like change

This file imports nothing: the prompt must stand before the engine is loaded.
"""
