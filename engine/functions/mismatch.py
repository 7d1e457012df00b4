"""What is said where arguments do not fit a function: their number, their types, that they are no constants.

These errors leave out the call they are about: `engine.functions.resolve` knows it and adds its text and its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.errors import AnalysisError, Position, quoted, suggestions
from engine.expressions.base import Expression
from engine.expressions.sql import shown, shown_type
from engine.functions.registry import Function, arity, names
from engine.functions.signature import Kind
from engine.types import DataType

SEARCH_PATH = "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]"
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

Text = Callable[[Expression], str]
"""The text of an argument as written, in double quotes."""


def mismatch(condition: str, **parameters: object) -> AnalysisError:
    """The error DATATYPE_MISMATCH.`condition`."""
    return AnalysisError(f"DATATYPE_MISMATCH.{condition}", parameters)


def wrong_input(index: int, wanted: str, given: Expression, text: Text = shown) -> AnalysisError:
    """The error for the argument number `index` (from 0), which is to be `wanted`."""
    return mismatch(
        "UNEXPECTED_INPUT_TYPE",
        paramIndex=ORDINALS[index] if index < len(ORDINALS) else f"{index + 1}th",
        requiredType=wanted,
        inputSql=text(given),
        inputType=shown_type(given.dataType),
    )


def wrong_type(index: int, wanted: str) -> AnalysisError:
    """As `wrong_input`, of an argument that only the caller knows."""
    return mismatch("UNEXPECTED_INPUT_TYPE", paramIndex=ORDINALS[index], requiredType=wanted)


def not_constant(name: str, wanted: str, given: Expression) -> AnalysisError:
    """The error for the argument `name`, which is to be a constant of the type `wanted`."""
    return mismatch("NON_FOLDABLE_INPUT", inputName=quoted(name), inputType=f'"{wanted}"', inputExpr=shown(given))


def different_types(name: str, types: Sequence[DataType]) -> AnalysisError:
    """The error for arguments that are to be of one type."""
    listed = " or ".join(dict.fromkeys(map(shown_type, types)))
    return mismatch("DATA_DIFF_TYPES", functionName=quoted(name), dataType=f"({listed})")


def type_name(parameter: DataType | Kind) -> str:
    """A type in quotes; of a family each of its types: ("ARRAY" or "MAP")."""
    name = parameter.name if isinstance(parameter, Kind) else parameter.sql
    parts = name.strip("()").split(" or ") if isinstance(parameter, Kind) else [name]
    return f'"{name}"' if len(parts) == 1 else "(" + " or ".join(f'"{part}"' for part in parts) + ")"


def wrong_number(overloads: Sequence[Function], name: str, given: int, origin: Position | None) -> AnalysisError:
    """The error for a number of arguments that no overload takes."""
    parameters = {"functionName": quoted(name), "expectedNum": _expected(overloads), "actualNum": given}
    return AnalysisError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", parameters, origin)


def _expected(overloads: Sequence[Function]) -> str:
    """The numbers of arguments that some overload takes, as messages say it: "[1, 2]", "> 0"."""
    told = next((each.expected for each in overloads if each.expected), "")
    if told:
        return told
    counts: set[int] = set()
    for least, most in map(arity, overloads):
        if most is None:
            return f"> {least - 1}"
        counts.update(range(least, most + 1))
    ordered = sorted(counts)
    return str(ordered[0]) if len(ordered) == 1 else f"[{', '.join(map(str, ordered))}]"


def unresolved_routine(name: str, origin: Position | None) -> AnalysisError:
    """The error for a function nobody knows, with the names nearest to it."""
    near = suggestions(name, names())
    hint = f"Did you mean {', '.join(quoted(each) for each in near)}?" if near else ""
    if name.lower() == "unnest":
        hint = "UNNEST stands in FROM; in a select list explode() makes rows of elements."
    parameters = {"routineName": quoted(name), "searchPath": SEARCH_PATH}
    return AnalysisError("UNRESOLVED_ROUTINE", parameters, origin, hint=hint)
