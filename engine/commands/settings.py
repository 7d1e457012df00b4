"""SET and RESET. Values of secret keys are never shown."""

from __future__ import annotations

from engine.commands.context import DONE, Context, answer
from engine.config import SETTINGS
from engine.errors import AnalysisError, quoted
from engine.events import redact
from engine.logical.commands import ResetConf, SetConf
from engine.logical.plan import LogicalPlan


def set_conf(command: SetConf, context: Context) -> LogicalPlan:
    """SET: what was set; SET -v: all settings; SET key: its value; SET key=value."""
    conf = context.session.conf
    if command.key is None:
        if command.verbose:
            values = redact(conf.mapping())
            rows = [(name, values.get(name, ""), setting.doc, "0.1") for name, setting in sorted(SETTINGS.items())]
            return answer(("key", "value", "meaning", "Since version"), rows)
        return answer(("key", "value"), sorted(redact(conf.all()).items()))
    if command.value is not None:
        if context.session.variables.value(command.key.split(".")) is not None:
            raise AnalysisError(
                "UNSUPPORTED_FEATURE.SET_VARIABLE_USING_SET", {"variableName": quoted(command.key.split("."))}
            )
        conf.set(command.key, command.value)
        context.catalog.changed()
    known = conf.mapping()
    value = redact({command.key: known[command.key]})[command.key] if command.key in known else "<undefined>"
    return answer(("key", "value"), [(command.key, value)])


def reset_conf(command: ResetConf, context: Context) -> LogicalPlan:
    """RESET, of one key or of all."""
    if command.key is None:
        context.session.conf.reset()
    else:
        context.session.conf.unset(command.key)
    context.catalog.changed()
    return DONE
