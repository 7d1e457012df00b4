"""The first phase: SQL text -> an unresolved logical plan or a command.

`lexer` cuts the text into tokens, `words` tells keywords from names by what can stand where, `loop` runs the table that
lark made of grammar/*.lark (`table`, `update`), and the functions of `expressions`, `calls`, `types`, `relations`,
`statements` and `settings` build the plan while it does. `errors` says what is wrong with text that is no SQL; `dialects`
brings other dialects in.
"""

from engine.parse.lexer import split_statements
from engine.parse.parser import completions, parse, parse_expression, parse_type

__all__ = ["completions", "parse", "parse_expression", "parse_type", "split_statements"]
