"""Functions that call methods of Java: there are no classes of Java here, so none is found."""

from __future__ import annotations

from engine.expressions.base import Expression, Literal
from engine.expressions.sql import sql
from engine.functions.mismatch import mismatch, not_constant
from engine.functions.registry import function
from engine.functions.signature import ANY, STRICT_TEXT, Variadic


def _declare(name: str, doc: str) -> None:
    def rewrite(class_name: Expression, method: Expression, *_arguments: Expression) -> Expression:
        for parameter, each in (("class", class_name), ("method", method)):
            if not isinstance(each, Literal):
                raise not_constant(parameter, "STRING", each)
        raise mismatch("UNEXPECTED_CLASS_TYPE", className=sql(class_name))

    rewrite.__doc__ = doc
    function(
        name, (STRICT_TEXT, STRICT_TEXT, Variadic(ANY)), kind="rewrite", folded=(0, 1), expected="> 1", hidden=True
    )(rewrite)


_DOC = """{}: there is no machine for Java here, so the class is not found."""
_declare("reflect", _DOC.format("Calls a method of a class of Java"))
_declare("java_method", _DOC.format("Calls a method of a class of Java"))
_declare("try_reflect", _DOC.format("Like `reflect`, giving null where the method fails"))
