"""Which terminal a token is, in its place: keyword or name, NOT or NOT IN, `>>` or the end of two types.

The parser's stack of states says what can stand here; one token of lookahead decides where both fit. So `select date
from t` works, and `date '2024-01-01'` too.
"""

from __future__ import annotations

from engine.parse.lexer import END, Token
from engine.parse.substitution import name_tokens, named_text
from engine.parse.table import Table


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


_DAY_UNITS = ("WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND")
UNITS = frozenset(unit + s for unit in ("YEAR", "QUARTER", "MONTH", *_DAY_UNITS) for s in ("", "S")) | {"DAYOFYEAR"}

# Words that mean themselves unless the next token rules that out; as names only when a statement fails without that.
HARD_WORDS = words(
    "AS FROM WHERE ON JOIN AND OR SELECT BY THEN ELSE WHEN IN LIKE BETWEEN IS USING UNION INTERSECT HAVING QUALIFY"
    " GROUP ORDER"
)
_AFTER_NOT = words("IN LIKE ILIKE RLIKE REGEXP BETWEEN")
_QUERY_STARTS = words("SELECT WITH VALUES FROM TABLE (")
# Reserved words that are functions: without parentheses, and with them.
_BARE_FUNCTIONS = words("CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER SESSION_USER USER")
_CALLED = words("ANY FILTER LEFT RIGHT SOME")
# Clauses of other dialects that would read as a name and something else: a function `on`.
_FOREIGN = frozenset({("ON", "(")})
_NESTED_TYPES = words("ARRAY MAP STRUCT")

# Of those, the ones that hold a statement together: names only after a dot or in backquotes, so that a misplaced comma is
# not an unknown column `from`.
_NEVER_NAMES = words("SELECT FROM WHERE AND OR")

# Kinds that the place may change; all others are what the lexer says.
IN_CONTEXT = words("WORD LAMBDA_OPEN CMP_OP SHIFT_OP BANG PLUS HYPHEN")


class Words:
    """Decides for the tokens of one statement.

    `strict` keeps the hard words from being names; `complete` takes the last word for a keyword where it can be one,
    since what follows is still to be typed. `reserved` words name nothing. `identifiers`: whether
    IDENTIFIER('a') may stand for any name.
    """

    def __init__(
        self,
        table: Table,
        tokens: list[Token],
        strict: bool,
        complete: bool = False,
        reserved: frozenset[str] = frozenset(),
        identifiers: bool = True,
    ) -> None:
        self.table = table
        self.tokens = tokens
        self.strict = strict
        self.complete = complete
        self.reserved = reserved
        self.identifiers = identifiers

    def kind(self, index: int, states: list[int]) -> str:
        """The terminal that `tokens[index]` is, after `states`; may split a `>>` in two."""
        token = self.tokens[index]
        kind = token.kind
        if kind == "WORD":
            return self._word(index, token.text.upper(), states)
        row = self.table.rows[states[-1]]
        if kind in ("PLUS", "HYPHEN"):
            is_sign = "INTERVAL_SIGN" in row and self._is_amount(index + 1) and self._can(states, "INTERVAL_SIGN")
            return "INTERVAL_SIGN" if is_sign else kind
        if kind == "BANG":
            is_infix = self._text(index + 1) in _AFTER_NOT and self._can(states, "NOT_INFIX")
            return "NOT_INFIX" if is_infix else kind
        if kind == "LAMBDA_OPEN":
            return kind if self._can(states, kind) else "LPAR"
        return self._angle(index, token, states)

    def _angle(self, index: int, token: Token, states: list[int]) -> str:
        if token.text in ("<", "<>") and self._text(index - 1) in _NESTED_TYPES:
            kind = "TYPE_OPEN" if token.text == "<" else "TYPE_EMPTY"
            return kind if self._can(states, kind) else token.kind
        if token.text[0] == ">" and self._can(states, "TYPE_CLOSE"):
            if len(token.text) > 1:
                rest = token.text[1:]
                self.tokens[index] = Token("CMP_OP", ">", token.start)
                self.tokens.insert(index + 1, Token(_rest_kind(rest), rest, token.start + 1))
            return "TYPE_CLOSE"
        return token.kind

    def _word(self, index: int, word: str, states: list[int]) -> str:
        table = self.table
        row = table.rows[states[-1]]
        special = self._special(index, word, states, row)
        if special:
            return special
        if (word, self._text(index + 1)) in _FOREIGN and self._text(index - 1) != "AS":
            return word  # fits nowhere: the error names the clause
        if word in self.reserved and not self._is_function(word, index):
            return word
        if word not in table.keywords:
            return "IDENT"
        hard = word in HARD_WORDS
        # a hard word names nothing in a strict parse, and is never an alias without AS: `select 1 on` lacks something
        keeps = hard and (self.strict or "AS" in row or word in _NEVER_NAMES) and self._kind(index - 1) != "DOT"
        if word not in row:
            if keeps:
                return word
            return "IDENT" if "IDENT" in row else word
        if "IDENT" not in row:
            return word
        as_keyword = table.after(states, word)
        if as_keyword is None:
            return "IDENT"
        if keeps or (self.complete and self._kind(index + 1) == END):
            return word
        as_name = table.after(states, "IDENT")
        if as_name is None:
            return word
        if hard and self._fit(as_keyword, index + 1):
            return word
        return word if self._fit(as_keyword, index + 1) >= self._fit(as_name, index + 1) else "IDENT"

    def _special(self, index: int, word: str, states: list[int], row: dict[str, int]) -> str | None:
        """The terminals that are words only with what follows or encloses them."""
        if "UNIT" in row and word in UNITS and self._can(states, "UNIT"):
            # DATE_ADD(day, 1, d) begins with a unit, DATE_ADD(day, 1) with a column
            return "UNIT" if self._kind(index - 1) != "LPAR" or self._is_first_of_three(index) else None
        if word == "INTERVAL" and "INTERVAL" in row and self._is_interval(index, states):
            return "INTERVAL"
        if word == "NOT" and self._text(index + 1) in _AFTER_NOT and self._can(states, "NOT_INFIX"):
            return "NOT_INFIX"
        if word == "EXCEPT" and "STAR_EXCEPT" in row and self._is_star_except(index):
            return "STAR_EXCEPT" if self._can(states, "STAR_EXCEPT") else None
        if word == "IDENTIFIER" and "IDENTIFIER_CALL" in row and self._is_called_twice(index):
            return "IDENTIFIER_CALL" if self._can(states, "IDENTIFIER_CALL") else None
        if word == "IDENTIFIER" and "NUMBER" not in row:
            return self._identifier(index, states, row)
        if word == "IN" and "IN_POSITION" in row and self._in_position(index):
            return "IN_POSITION" if self._can(states, "IN_POSITION") else None
        return None

    def _fit(self, states: list[int], index: int) -> int:
        """How well `tokens[index]` follows `states`: 2 as what it looks like, 1 only as a name, 0 not at all."""
        token = self.tokens[index]
        if token.kind != "WORD":
            kinds = (token.kind, *_DISGUISES.get(token.kind, ()))
            return 2 if any(self._can(states, kind) for kind in kinds) else 0
        word = token.text.upper()
        if word not in self.table.keywords:
            can_be = self._can(states, "IDENT") or (word in UNITS and self._can(states, "UNIT"))
            return 2 if can_be or (word == "INTERVAL" and self._can(states, "INTERVAL")) else 0
        if self._can(states, word) or (word == "NOT" and self._can(states, "NOT_INFIX")):
            return 2
        return 1 if self._can(states, "IDENT") else 0

    def _can(self, states: list[int], kind: str) -> bool:
        return self.table.after(states, kind) is not None

    def _kind(self, index: int) -> str:
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else END

    def _text(self, index: int) -> str:
        return self.tokens[index].text.upper() if 0 <= index < len(self.tokens) else ""

    def _is_interval(self, index: int, states: list[int]) -> bool:
        """Whether INTERVAL is followed by a value, a sign and a value, or in a type by a unit."""
        after = self.table.after(states, "INTERVAL")
        if after is None:
            return False
        following = self._kind(index + 1)
        if following in ("PLUS", "HYPHEN"):
            return self._is_amount(index + 2)
        if following == "WORD":
            return self._text(index + 1) in UNITS and self._can(after, "UNIT")
        return following in ("NUMBER", "STRING")

    def _is_amount(self, index: int) -> bool:
        return self._kind(index) in ("NUMBER", "STRING") and self._text(index + 1) in UNITS

    def _is_first_of_three(self, index: int) -> bool:
        """Whether the token at `index` is the first of three arguments of a call."""
        depth = commas = 0
        for token in self.tokens[index + 1 :]:
            if token.kind in ("LPAR", "LAMBDA_OPEN", "LSQB"):
                depth += 1
            elif token.kind in ("RPAR", "RSQB"):
                if depth == 0:
                    break
                depth -= 1
            elif token.kind == "COMMA" and depth == 0:
                commas += 1
        return commas == 2 and self._kind(index + 1) == "COMMA"

    def _is_star_except(self, index: int) -> bool:
        """`* EXCEPT (a, b)`, and not `SELECT * EXCEPT (SELECT ...)`."""
        after_star = self._kind(index - 1) == "STAR" and self._kind(index + 1) == "LPAR"
        return after_star and self._text(index + 2) not in _QUERY_STARTS

    def _is_called_twice(self, index: int) -> bool:
        """Whether two pairs of parentheses follow the token at `index`."""
        depth = 0
        for place in range(index + 1, len(self.tokens)):
            kind = self.tokens[place].kind
            if kind in ("LPAR", "LAMBDA_OPEN"):
                depth += 1
            elif kind == "RPAR":
                depth -= 1
            if depth == 0:
                return place > index + 1 and self._kind(place + 1) in ("LPAR", "LAMBDA_OPEN")
        return False

    def _identifier(self, index: int, states: list[int], row: dict[str, int]) -> str | None:
        """IDENTIFIER where a name is expected and no expression: its text as the name, or what computes one."""
        end = named_text(self.tokens, index) if self.identifiers and "IDENT" in row else 0
        found = name_tokens(self.tokens, index, end, several=self._may_have_parts(states)) if end else None
        if found is not None:
            self.tokens[index : end + 1] = found
            return "IDENT"
        if "IDENTIFIER_NAME" in row and self._is_computed_name(index) and self._can(states, "IDENTIFIER_NAME"):
            return "IDENTIFIER_NAME"
        return None

    def _may_have_parts(self, states: list[int]) -> bool:
        """Whether the name that begins here may go on after a dot."""
        after = self.table.after(states, "IDENT")
        return after is not None and self._can(after, "DOT")

    def _is_computed_name(self, index: int) -> bool:
        """Whether an expression in parentheses follows, and not the columns of a table called identifier."""
        is_column = self._kind(index + 2) in ("WORD", "IDENT") and self._kind(index + 3) in ("WORD", "IDENT")
        return self._kind(index + 1) == "LPAR" and not is_column

    def _is_function(self, word: str, index: int) -> bool:
        """Whether a reserved word is a function here."""
        return word in _BARE_FUNCTIONS or (word in _CALLED and self._kind(index + 1) == "LPAR")

    def _in_position(self, index: int) -> bool:
        """Whether the innermost open parenthesis is that of POSITION( ... )."""
        depth = 0
        for before in range(index - 1, 0, -1):
            kind = self.tokens[before].kind
            if kind == "RPAR":
                depth += 1
            elif kind in ("LPAR", "LAMBDA_OPEN"):
                if depth == 0:
                    return self._text(before - 1) == "POSITION"
                depth -= 1
        return False


# What else a token of a kind may turn out to be, once it is its turn.
_DISGUISES = {
    "CMP_OP": ("TYPE_OPEN", "TYPE_CLOSE", "TYPE_EMPTY"),
    "SHIFT_OP": ("TYPE_CLOSE",),
    "LAMBDA_OPEN": ("LPAR",),
    "BANG": ("NOT_INFIX",),
    "PLUS": ("INTERVAL_SIGN",),
    "HYPHEN": ("INTERVAL_SIGN",),
}


def _rest_kind(text: str) -> str:
    """The kind of what remains of a `>>`, `>>>` or `>=` after its first character."""
    if text == "=":
        return "EQ"
    return "SHIFT_OP" if text == ">>" else "CMP_OP"
