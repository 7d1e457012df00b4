"""What a syntax error says: the token, its place, what could have stood there, and the word that was probably meant."""

from __future__ import annotations

import difflib

from engine.errors import FlintError, ParseError, Position, Unsupported
from engine.parse.lexer import END, Token
from engine.parse.loop import reach
from engine.parse.table import Table
from engine.parse.words import HARD_WORDS, Words, words


def _phrases(text: str) -> tuple[str, ...]:
    """The phrases of a text, between commas."""
    return tuple(" ".join(phrase.split()) for phrase in text.split(","))


# What Spark has and this engine does not have yet, by the words that show it: looked for around the token that does not
# fit, so that no grammar is needed for them. A statement, by its first words:
_STATEMENTS = _phrases("""
    INSERT OVERWRITE DIRECTORY, INSERT OVERWRITE LOCAL DIRECTORY,
    MERGE, UPDATE, DELETE, BEGIN, CALL, LOAD, GRANT, REVOKE, REPAIR, COPY, LIST, ADD,
    EXPORT, IMPORT, REPLACE TABLE, EXPLAIN LOGICAL,
    CREATE INDEX, CREATE TEMPORARY TABLE, CREATE TEMP TABLE, CREATE VARIABLE, CREATE MATERIALIZED VIEW,
    DROP INDEX, DROP MATERIALIZED VIEW, REFRESH FUNCTION,
    SHOW INDEXES, SHOW LOCKS, SHOW ROLES, SHOW GRANT
""")
# A clause, by words that stand at most four tokens before the one that does not fit:
_CLAUSES = _phrases("""
    MATCH_RECOGNIZE, VERSION AS OF, TIMESTAMP AS OF, SYSTEM_VERSION AS OF, FOR SYSTEM_TIME,
    FOR SYSTEM_VERSION, LATERAL TABLE, DISTINCT ON, GENERATED ALWAYS, REPLACE WHERE,
    STORED AS, STORED BY, ROW FORMAT,
    PRIMARY KEY, FOREIGN KEY, SKEWED BY, DEFAULT COLLATION
""")
# Words that are good elsewhere: only where they are what does not fit.
_MISPLACED = _phrases("CLUSTER BY, PARTITION, DEFAULT, CHECK")
_BY_LENGTH = sorted(_CLAUSES, key=len, reverse=True)
_LOOK_BACK = 4

_SHOWN = {
    "COMMA": "','",
    "RPAR": "')'",
    "LPAR": "'('",
    "RSQB": "']'",
    "EQ": "'='",
    "TYPE_CLOSE": "'>'",
    "TYPE_OPEN": "'<'",
    "FAT_ARROW": "'=>'",
    "ARROW": "'->'",
    "HINT_CLOSE": "'*/'",
    "UNIT": "a unit such as DAY",
    "STRING": "a string",
    "NUMBER": "a number",
    "IDENT": "a name",
    "RAW_TEXT": "a setting",
    "IN_POSITION": "IN",
    "PIPE": "'|>'",
    END: "the end of the statement",
}
# Terminals that say little, since nearly every expression may go on with them.
_CONTINUATIONS = words(
    "STAR SLASH PERCENT_SIGN PLUS HYPHEN BARS BAR CARET AMPERSAND TILDE BANG SHIFT_OP CMP_OP QMARK DCOLON COLON LSQB DIV DOT"
    " COLLATE LAMBDA_OPEN HINT_OPEN INTERVAL_SIGN TYPE_EMPTY STAR_EXCEPT IDENTIFIER_CALL NOT_INFIX IS LIKE ILIKE RLIKE REGEXP"
    " BETWEEN IDENTIFIER_NAME"
)
_EXPRESSION_STARTS = words(
    "NUMBER IDENT STRING LPAR NOT NULL TRUE FALSE CASE CAST TRY_CAST EXISTS EXTRACT TRIM SUBSTRING SUBSTR OVERLAY"
    " POSITION TIMESTAMPADD DATEADD DATE_ADD TIMESTAMPDIFF DATEDIFF DATE_DIFF TIMEDIFF INTERVAL"
)
_AFTER_EXPRESSION = words("IN EQ LPAR")
_LAST = ("COMMA", "RPAR", "EQ", END)
_MOST_SHOWN = 8


def syntax_error(table: Table, start: str, tokens: list[Token], index: int) -> FlintError:
    """The error for `tokens[index]`, which does not fit after the tokens before it."""
    known = _unsupported(tokens, index)
    if known is not None:
        return known
    if tokens[index].text.upper() == "FROM" and index and tokens[index - 1].kind == "COMMA":
        return ParseError("TRAILING_COMMA_IN_SELECT", {}, tokens[index - 1].position)
    meant = _meant(table, start, tokens, index)
    if meant is not None:
        wrong, word = meant
        hint = f"did you mean {word} instead of {wrong.text}?"
        return ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{wrong.text}'", "hint": ""}, wrong.position, hint=hint)
    token = tokens[index]
    shown = "end of input" if token.kind == END else f"'{token.text}'"
    position = Position(token.start, token.start + 1) if token.kind == END else token.position
    if token.kind == "SEMICOLON":
        hint = ": one statement is expected"
    else:
        states, _ = reach(table, start, Words(table, list(tokens), strict=True, identifiers=False))
        fitting = table.fitting(states)
        expected = _SHOWN["RPAR"] if token.kind == END and "RPAR" in fitting else _expected(fitting)
        hint = f": expected {expected}" if expected else ""
    return ParseError("PARSE_SYNTAX_ERROR", {"error": shown, "hint": hint}, position)


def _unsupported(tokens: list[Token], index: int) -> Unsupported | None:
    """The error for a statement or clause we know of but do not have, if the text is stuck because of one."""
    texts = [token.text.upper() for token in tokens]
    for statement in _STATEMENTS:
        length = statement.count(" ") + 1
        if index <= length and " ".join(texts[:length]) == statement:
            return Unsupported(statement, Position(tokens[0].start, tokens[length - 1].stop))
    if texts[index] in ("MERGE", "UPDATE", "DELETE"):  # after WITH, AS, EXPLAIN
        return Unsupported(texts[index], tokens[index].position)
    if texts[index - 1] == "USING" and "SELECT TRANSFORM" in " ".join(texts[:index]):
        return Unsupported("SELECT TRANSFORM", tokens[index - 1].position)
    if tokens[index].kind == "COLON":
        return Unsupported("a path into a variant (a:b)", tokens[index].position)
    nearby = ((place, clause) for place in range(index, max(-1, index - _LOOK_BACK), -1) for clause in _BY_LENGTH)
    here = index - 1 if texts[index] == "(" and texts[index - 2 : index - 1] != ["("] else index
    for place, clause in [*nearby, *((here, clause) for clause in _MISPLACED)]:
        length = clause.count(" ") + 1
        if tokens[place].kind == "WORD" and " ".join(texts[place : place + length]) == clause:
            return Unsupported(clause, Position(tokens[place].start, tokens[place + length - 1].stop))
    return None


def _expected(fitting: list[str]) -> str:
    """What fits, in words: the most telling first, at most eight."""
    kinds = set(fitting)
    names: list[str] = []
    if {"NUMBER", "IDENT", "LPAR", "CASE"} <= kinds:
        names.append("an expression")
        kinds -= _EXPRESSION_STARTS
    else:
        names += [_SHOWN[kind] for kind in ("IDENT", "NUMBER", "STRING") if kind in kinds]
        kinds -= {"IDENT", "NUMBER", "STRING"}
    kinds -= _CONTINUATIONS
    if (
        "CMP_OP" in fitting
    ):  # after an expression, which an operator, a name, a string could go on with: not worth saying
        names, kinds = [], kinds - _AFTER_EXPRESSION - ({"AS"} if "IDENT" in fitting else set())
    last = [_SHOWN[kind] for kind in _LAST if kind in kinds]
    listed = sorted(kinds.difference(_LAST), key=lambda kind: (kind not in HARD_WORDS, kind))
    room = _MOST_SHOWN - len(last) - len(names)
    names += [_SHOWN.get(kind, kind) for kind in listed[:room]]
    if len(listed) > room:
        names.append("..." if last else "others")
    names += last
    return ", ".join(names[:-1]) + (" or " if len(names) > 1 else "") + "".join(names[-1:])


def _meant(table: Table, start: str, tokens: list[Token], index: int) -> tuple[Token, str] | None:
    """A misspelt word at or just before the token that does not fit, and the keyword that gets further."""
    best: tuple[Token, str] | None = None
    furthest = index
    for place in range(index, max(-1, index - 3), -1):
        word = tokens[place].text.upper()
        if tokens[place].kind != "WORD" or word in table.keywords:
            continue
        near = difflib.get_close_matches(word, table.keywords, n=3, cutoff=0.7)
        for candidate in (each for each in near if len(each) > 3):  # `int` is no misspelt IN
            token = Token("WORD", candidate, tokens[place].start)
            _, count = reach(table, start, Words(table, [*tokens[:place], token, *tokens[place + 1 :]], strict=True))
            if count > furthest:
                best, furthest = (tokens[place], candidate), count
    return best
