"""What a syntax error says: the token, its place, what could have stood there, and the word that was probably meant."""

from __future__ import annotations

import difflib

from engine.errors import FlintError, ParseError, Position, Unsupported
from engine.parse.lexer import END, Token
from engine.parse.loop import reach
from engine.parse.table import Table
from engine.parse.words import HARD_WORDS, Words

# What Spark has and this engine does not have yet: the words by which it is known, and its name. The words are looked for
# around the token that did not fit, so that no grammar is needed for them.
_AT_START = {
    **{
        word: word
        for word in "INSERT MERGE UPDATE DELETE ALTER TRUNCATE DECLARE BEGIN CALL LOAD GRANT REVOKE MSCK".split()
    },
    **{
        word: word
        for word in "REPAIR COPY EXECUTE LIST ADD REPLACE COMMENT EXPORT IMPORT LOCK UNLOCK COMMIT ROLLBACK".split()
    },
}
_SECOND_WORD = {
    **{("CREATE", word): f"CREATE {word}" for word in "FUNCTION INDEX EXTERNAL VARIABLE MATERIALIZED".split()},
    **{("DROP", word): f"DROP {word}" for word in "FUNCTION INDEX TEMPORARY TEMP VARIABLE".split()},
    **{
        ("SHOW", word): f"SHOW {word}"
        for word in "TABLE INDEXES TRANSACTIONS ROLES GRANT LOCKS PRINCIPALS CURRENT".split()
    },
    **{("REFRESH", word): f"REFRESH {word}" for word in ("FUNCTION",)},
    **{("SELECT", "TRANSFORM"): "SELECT TRANSFORM"},
}
_CLAUSES = {
    **{
        word: word
        for word in "PIVOT UNPIVOT TABLESAMPLE CLUSTERED STORED ROW SERDE MATCH_RECOGNIZE SYSTEM_TIME".split()
    },
    **{
        ("VERSION", "AS"): "VERSION AS OF",
        ("TIMESTAMP", "AS"): "TIMESTAMP AS OF",
        ("LATERAL", "TABLE"): "LATERAL TABLE",
    },
    **{("BY", "NAME"): "BY NAME", ("ROW", "FORMAT"): "ROW FORMAT", ("ASOF", "JOIN"): "ASOF JOIN"},
    **{("GENERATED", "ALWAYS"): "GENERATED ALWAYS", ("CLUSTERED", "BY"): "CLUSTERED BY", ("STORED", "AS"): "STORED AS"},
    **{("PRIMARY", "KEY"): "PRIMARY KEY", ("FOREIGN", "KEY"): "FOREIGN KEY", ("TABLE", "LIKE"): "CREATE TABLE LIKE"},
}

_SHOWN = {
    **{"COMMA": "','", "RPAR": "')'", "LPAR": "'('", "DOT": "'.'", "LSQB": "'['", "RSQB": "']'", "EQ": "'='"},
    **{
        "TYPE_CLOSE": "'>'",
        "TYPE_OPEN": "'<'",
        "UNIT": "a unit such as DAY",
        "STRING": "a string",
        "NUMBER": "a number",
    },
    **{
        "IDENT": "a name",
        END: "the end of the statement",
        "RAW_TEXT": "a setting",
        "HINT_CLOSE": "'*/'",
        "COLON": "':'",
    },
    **{"NOT_INFIX": "NOT", "IN_POSITION": "IN", "INTERVAL": "INTERVAL", "FAT_ARROW": "'=>'", "ARROW": "'->'"},
}
# Terminals that say little: operators, and words that only tell that an expression may stand here.
_OPERATORS = frozenset(
    "STAR SLASH PERCENT PLUS HYPHEN BARS BAR CARET AMPERSAND TILDE BANG SHIFT_OP CMP_OP QMARK DCOLON COLON LSQB DIV COLLATE"
    " LAMBDA_OPEN HINT_OPEN INTERVAL_SIGN TYPE_EMPTY STAR_EXCEPT NOT_INFIX IS LIKE ILIKE RLIKE REGEXP BETWEEN DOT".split()
)
_MOST_SHOWN = 8


def syntax_error(table: Table, start: str, tokens: list[Token], index: int) -> FlintError:
    """The error for `tokens[index]`, which does not fit after the tokens before it."""
    token = tokens[index]
    feature = _unsupported(tokens, index)
    if feature is not None:
        return Unsupported(feature[0], feature[1])
    states, _ = reach(table, start, Words(table, list(tokens), strict=True))
    position = token.position if token.kind != END else Position(token.start, token.start + 1)
    shown = "end of input" if token.kind == END else f"'{token.text}'"
    meant = _meant(table, start, tokens, index)
    expected = _expected(table.fitting(states))
    if meant is not None:
        wrong, word = meant
        position = wrong.position
        shown = f"'{wrong.text}'"
        return ParseError(
            "PARSE_SYNTAX_ERROR",
            {"error": shown, "hint": ""},
            position,
            hint=f"did you mean {word} instead of {wrong.text}?",
        )
    return ParseError(
        "PARSE_SYNTAX_ERROR", {"error": shown, "hint": f": expected {expected}" if expected else ""}, position
    )


def _unsupported(tokens: list[Token], index: int) -> tuple[str, Position] | None:
    """The name and place of a clause we know of but do not have, if the statement is stuck because of one."""
    words = [token.text.upper() for token in tokens]
    if index <= 1 and words[0] in _AT_START:
        return _AT_START[words[0]], tokens[0].position
    if tokens[index].kind == "PIPE":
        return "pipe syntax |>", tokens[index].position
    if len(words) > 1 and index <= 2 and (words[0], words[1]) in _SECOND_WORD:
        return _SECOND_WORD[words[0], words[1]], tokens[1].position
    for place in range(index, max(-1, index - 4), -1):
        if tokens[place].kind != "WORD":
            continue
        for key in ((words[place], words[place + 1] if place + 1 < len(words) else ""), words[place]):
            if key in _CLAUSES:
                return _CLAUSES[key], tokens[place].position  # type: ignore[index]
    return None


def _expected(fitting: list[str]) -> str:
    """What fits, in words: the most telling first, at most eight."""
    kinds = set(fitting)
    names: list[str] = []
    if {"NUMBER", "IDENT", "LPAR"} <= kinds and "NOT" in kinds:
        names.append("an expression")
        kinds -= _EXPRESSION_STARTS
    else:
        names += [_SHOWN[kind] for kind in ("IDENT", "NUMBER", "STRING") if kind in kinds]
        kinds -= {"IDENT", "NUMBER", "STRING"}
    kinds -= _OPERATORS
    ends = [_SHOWN[kind] for kind in ("COMMA", "RPAR", "EQ", END) if kind in kinds]
    words = sorted(kinds - {"COMMA", "RPAR", "EQ", END}, key=lambda kind: (kind not in HARD_WORDS, kind))
    names += [*[_SHOWN.get(word, word) for word in words][: _MOST_SHOWN - len(ends)], *ends]
    if not names:
        return ""
    more = len(words) > _MOST_SHOWN - len(ends)
    listed = ", ".join(names[:-1]) + (" or " if len(names) > 1 else "") + names[-1]
    return listed + (" (and others)" if more else "")


_EXPRESSION_STARTS = frozenset(
    "NUMBER IDENT STRING LPAR NOT NULL TRUE FALSE CASE CAST TRY_CAST EXISTS EXTRACT TRIM SUBSTRING SUBSTR OVERLAY POSITION"
    " TIMESTAMPADD DATEADD DATE_ADD TIMESTAMPDIFF DATEDIFF DATE_DIFF TIMEDIFF INTERVAL".split()
)


def _meant(table: Table, start: str, tokens: list[Token], index: int) -> tuple[Token, str] | None:
    """A misspelt word at or just before the token that does not fit, and the keyword that gets the statement further."""
    for place in (index, index - 1, index - 2):
        if place < 0 or tokens[place].kind != "WORD":
            continue
        word = tokens[place].text.upper()
        if word in table.keywords and place != index:
            continue
        for candidate in difflib.get_close_matches(word, table.keywords - {word}, n=3, cutoff=0.7):
            changed = [*tokens[:place], Token("WORD", candidate, tokens[place].start), *tokens[place + 1 :]]
            if reach(table, start, Words(table, changed, strict=True))[1] > index:
                return tokens[place], candidate
    return None
