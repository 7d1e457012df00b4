"""Every setting once: name, type, default, one line of documentation. Spark's names where Spark has one.

Settings are text, as in Spark; `Conf.get` gives the text and `Conf.value` the typed value. Settings of Spark that have no
effect here are accepted with a note, and unknown ones are kept as they are (user code reads its own back).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from engine.errors import AnalysisError, suggestions
from engine.records import dataclass
from engine.setting_values import (
    boolean,
    integer,
    not_negative,
    one_of,
    optional_size,
    positive,
    seconds,
    share,
    size,
    time_zone,
)
from engine.types.binary_text import binary_style


@dataclass(frozen=True)
class Setting:
    """`parse` turns the text into the typed value and raises ValueError with the reason where it cannot."""

    name: str
    parse: Callable[[str], Any]
    default: str
    doc: str
    static: bool = False


_VARIABLE = re.compile(r"\$\{(?:(?:spark|sparkconf|hivevar|hiveconf):)?([^}]+)\}")


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("spark.app.name", str, "flint", "Name of the application, for logs."),
        Setting(
            "spark.default.parallelism",
            positive,
            "",
            "Partitions of range() and of round-robin exchanges; empty: one per core.",
        ),
        Setting(
            "spark.executor.cores",
            positive,
            "",
            "Threads of each executor; empty: the cores divided by the executors.",
            static=True,
        ),
        Setting("spark.executor.instances", positive, "1", "Worker processes.", static=True),
        Setting(
            "spark.executor.memory",
            optional_size,
            "",
            "Memory of each executor; empty: a share of the machine's.",
            static=True,
        ),
        Setting(
            "spark.local.dir",
            str,
            "",
            "Folder for shuffle and spill files; empty: the system's temporary folder.",
            static=True,
        ),
        Setting(
            "spark.memory.fraction",
            share,
            "0.75",
            "How much of an executor's memory operators fill before they write to disk; the rest is for rows on their way.",
            static=True,
        ),
        Setting("spark.master", str, "local[*]", "Where queries run: local[N].", static=True),
        Setting("spark.sql.adaptive.enabled", boolean, "true", "Accepted; stages are sized from bytes while planning."),
        Setting(
            "spark.sql.ansi.doubleQuotedIdentifiers",
            boolean,
            "false",
            'Read "a" as a name, not as a string (with ANSI).',
        ),
        Setting("spark.sql.ansi.enabled", boolean, "true", "Raise on overflow, invalid casts and division by zero."),
        Setting(
            "spark.sql.ansi.enforceReservedKeywords", boolean, "false", "Let reserved words name nothing (with ANSI)."
        ),
        Setting(
            "spark.sql.autoBroadcastJoinThreshold",
            size,
            "10m",
            "Largest side of a join that is sent to all executors; -1: never.",
        ),
        Setting(
            "spark.sql.binaryOutputStyle",
            binary_style,
            "",
            "How BINARY is shown: UTF-8, BASIC, BASE64, HEX or HEX_DISCRETE; empty: HEX_DISCRETE.",
        ),
        Setting("spark.sql.caseSensitive", boolean, "false", "Whether names are told apart by case."),
        Setting(
            "spark.sql.catalogImplementation",
            str,
            "folder",
            "Where tables and views are kept: folder (spark.sql.warehouse.dir), or in-memory.",
            static=True,
        ),
        Setting("spark.sql.cbo.joinReorder.enabled", boolean, "true", "Order joins by cost."),
        Setting("spark.sql.crossJoin.enabled", boolean, "true", "Allow joins without a condition."),
        Setting("spark.sql.cteRecursionAnchorRowsLimitToConvertToLocalRelation", integer, "100", "Has no effect."),
        Setting("spark.sql.cteRecursionLevelLimit", integer, "100", "Most levels of a recursive query; -1: no limit."),
        Setting("spark.sql.cteRecursionRowLimit", integer, "1000000", "Most rows of a recursive query; -1: no limit."),
        Setting(
            "spark.sql.decimalOperations.allowPrecisionLoss",
            boolean,
            "true",
            "Whether decimals give up fraction digits where a result needs more than 38.",
        ),
        Setting("spark.sql.function.concatBinaryAsString", boolean, "false", "Whether joined binaries are a STRING."),
        Setting("spark.sql.function.eltOutputAsString", boolean, "false", "Whether elt() of binaries is a STRING."),
        Setting("spark.sql.groupByAliases", boolean, "true", "Let GROUP BY name columns of the select list."),
        Setting(
            "spark.sql.groupByOrdinal", boolean, "true", "Let GROUP BY 1 mean the first column of the select list."
        ),
        Setting("spark.sql.join.preferSortMergeJoin", boolean, "false", "Prefer sort-merge to shuffled hash joins."),
        Setting(
            "spark.sql.legacy.identifierClause",
            boolean,
            "false",
            "Let IDENTIFIER() name objects, columns and functions only, not aliases and the like.",
        ),
        Setting(
            "spark.sql.maxResultRows", integer, "-1", "Most rows collect() gives, an error beyond; -1: no limit (ours)."
        ),
        Setting(
            "spark.sql.optimizer.excludedRules", str, "", "Optimizer rules or batches to leave out, comma separated."
        ),
        Setting(
            "spark.sql.orderByOrdinal", boolean, "true", "Let ORDER BY 1 mean the first column of the select list."
        ),
        Setting(
            "spark.sql.legacy.ctePrecedencePolicy",
            one_of("EXCEPTION", "CORRECTED", "LEGACY"),
            "CORRECTED",
            "Of two WITH queries of one name: the inner one counts, LEGACY: the outer one, EXCEPTION: an error.",
        ),
        Setting(
            "spark.sql.legacy.interval.enabled",
            boolean,
            "false",
            "Give interval constants and differences of dates the old type INTERVAL of months, days and microseconds.",
        ),
        Setting("spark.sql.parquet.mergeSchema", boolean, "false", "Unite the columns of all files of a table."),
        Setting(
            "spark.sql.legacy.timeParserPolicy",
            one_of("EXCEPTION", "CORRECTED", "LEGACY"),
            "CORRECTED",
            "Patterns of dates: LEGACY: those of SimpleDateFormat, EXCEPTION: an error for what only that reads.",
        ),
        Setting(
            "spark.sql.legacy.charVarcharAsString",
            boolean,
            "false",
            "Take CHAR(n) and VARCHAR(n) for strings of any length: neither padded nor checked.",
        ),
        Setting(
            "spark.sql.legacy.viewSchemaBindingMode",
            boolean,
            "true",
            "Keep with a view what happens when the columns of its query change (WITH SCHEMA).",
        ),
        Setting(
            "spark.sql.legacy.viewSchemaCompensation",
            boolean,
            "true",
            "Views without WITH SCHEMA cast the columns of their query to the types they had (COMPENSATION, else BINDING).",
        ),
        Setting(
            "spark.sql.parser.quotedRegexColumnNames",
            boolean,
            "false",
            "Read a name in backquotes in a select list as a pattern of column names.",
        ),
        Setting(
            "spark.sql.sources.partitionOverwriteMode",
            one_of("STATIC", "DYNAMIC"),
            "STATIC",
            "What INSERT OVERWRITE replaces: all partitions that its PARTITION clause allows, or those that get rows.",
        ),
        Setting(
            "spark.sql.statistics.histogram.enabled",
            boolean,
            "false",
            "Whether ANALYZE TABLE ... FOR COLUMNS makes histograms.",
        ),
        Setting(
            "spark.sql.statistics.histogram.numBins", positive, "254", "Bins of such a histogram, of as many rows each."
        ),
        Setting(
            "spark.sql.variable.substitute", boolean, "true", "Put settings in the place of ${name} in statements."
        ),
        Setting(
            "spark.sql.storeAssignmentPolicy",
            one_of("ANSI", "LEGACY", "STRICT"),
            "ANSI",
            "Which types INSERT casts to those of the columns.",
        ),
        Setting("spark.sql.session.timeZone", time_zone, "UTC", "Zone of TIMESTAMP values when read and shown."),
        Setting(
            "spark.sql.shuffle.partitions",
            not_negative,
            "0",
            "Partitions of an exchange; 0: sized from bytes and executors.",
        ),
        Setting("spark.sql.sources.default", str, "parquet", "Format of tables created without USING."),
        Setting(
            "spark.sql.sources.partitionColumnTypeInference.enabled",
            boolean,
            "true",
            "Give partition columns types by their values; else they are STRING.",
        ),
        Setting(
            "spark.sql.timestampType",
            one_of("TIMESTAMP_LTZ", "TIMESTAMP_NTZ"),
            "TIMESTAMP_LTZ",
            "What the word TIMESTAMP means: TIMESTAMP_LTZ or TIMESTAMP_NTZ.",
        ),
        Setting("spark.sql.statementTimeout", seconds, "0s", "Time limit of a statement; 0: none (ours)."),
        Setting(
            "spark.sql.warehouse.dir", str, "spark-warehouse", "Folder of tables created without LOCATION.", static=True
        ),
        Setting("spark.task.maxFailures", positive, "4", "Attempts at a task before the query fails."),
        Setting(
            "flint.compile.cache.directory", str, "", "Folder of object code; empty: flint/objects in the user's cache."
        ),
        Setting("flint.compile.cache.enabled", boolean, "true", "Keep object code in files for later sessions."),
        Setting("flint.compile.checked", boolean, "false", "Machine code looks where it reads and writes; for tests."),
        Setting("flint.compile.enabled", boolean, "true", "Run chains of operators as machine code."),
        Setting(
            "flint.compile.minRows", not_negative, "20000", "Chains that read fewer rows than this run interpreted."
        ),
        Setting(
            "flint.compile.nearBytes",
            not_negative,
            "524288",
            "Tables of joins of at least so many bytes are far from a core: memory is asked for before rows are looked up.",
        ),
        Setting(
            "flint.compile.optimize",
            one_of("AUTO", "0", "2"),
            "AUTO",
            "Optimization of code: 0 none, 2 full, AUTO: none at first, then full in the background.",
        ),
        Setting("flint.columnCache.enabled", boolean, "true", "Keep decoded columns of files for the next query."),
        Setting(
            "flint.columnCache.size",
            optional_size,
            "",
            "Memory for decoded columns without CACHE TABLE, shared out among the executors; empty: a fifth of the machine's.",
        ),
        Setting(
            "flint.optimizer.check", boolean, "false", "Check every plan after every rule that changed it (tests)."
        ),
        Setting(
            "flint.planCache.size",
            not_negative,
            "200",
            "How many plans of queries are kept for when the same text is run again; 0: none.",
        ),
        Setting(
            "flint.local.rowLimit",
            not_negative,
            "20000",
            "Queries over at most so many rows known while planning run in this process.",
        ),
    )
}


class Conf(Mapping[str, str]):
    """The settings of a session, as a mapping of all of them. Thread-safe; `version` changes with every change."""

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        self._values: dict[str, str] = {}
        self._lock = threading.Lock()
        self.version = 0
        for name, value in (initial or {}).items():
            self._put(name, _text(value))
        self._initial = dict(self._values)

    def __getitem__(self, name: str) -> str:
        return self.mapping()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.mapping())

    def __len__(self) -> int:
        return len(self.mapping())

    def substituted(self, text: str) -> str:
        """`text` with the values of settings in the place of `${name}`, as in Spark; names that are not set stay."""
        if "${" not in text or not self.value("spark.sql.variable.substitute"):
            return text
        return _VARIABLE.sub(lambda match: self.mapping().get(match[1], match[0]), text)

    def get(self, name: str, default: str | None = None) -> str:  # type: ignore[override]
        """The text of a setting: as set, else `default`, else its declared default. Raises AnalysisError if unknown."""
        if name in self._values:
            return self._values[name]
        if default is not None:
            return default
        if name in SETTINGS:
            return SETTINGS[name].default
        near = suggestions(name, SETTINGS)
        raise AnalysisError("SQL_CONF_NOT_FOUND", {"sqlConf": name}, hint=f"Did you mean {near[0]}?" if near else "")

    def value(self, name: str) -> Any:
        """The typed value of a declared setting; None where it is empty."""
        text = self.get(name)
        return SETTINGS[name].parse(text) if text != "" else (None if SETTINGS[name].parse is not str else "")

    def set(self, name: str, value: Any) -> None:
        """Changes a setting. Raises AnalysisError for a value that does not fit, or a setting fixed at the start."""
        if name in SETTINGS and SETTINGS[name].static and _text(value) != self.get(name):
            raise AnalysisError("CANNOT_MODIFY_STATIC_CONFIG", {"key": name})
        self._put(name, _text(value))

    def unset(self, name: str) -> None:
        """Puts a setting back to what it was when the session began."""
        with self._lock:
            if name in self._initial:
                self._values[name] = self._initial[name]
            else:
                self._values.pop(name, None)
            self.version += 1

    def reset(self) -> None:
        """Puts all settings back to what they were when the session began."""
        with self._lock:
            self._values = dict(self._initial)
            self.version += 1

    def all(self) -> dict[str, str]:
        """What was set, by name."""
        return dict(sorted(self._values.items()))

    def mapping(self) -> dict[str, str]:
        """Every setting's text, set or default: what plans and tasks are given."""
        return {name: setting.default for name, setting in SETTINGS.items()} | self._values

    def _put(self, name: str, text: str) -> None:
        setting = SETTINGS.get(name)
        if setting is not None and (text or setting.default):  # no text means the default only where that is empty, too
            try:
                setting.parse(text)
            except ValueError as reason:
                parameters = {"confName": name, "confValue": text, "reason": reason}
                if setting.parse is time_zone:
                    raise AnalysisError("INVALID_CONF_VALUE.TIME_ZONE", parameters) from None
                raise AnalysisError("INVALID_CONF_VALUE", parameters) from None
        with self._lock:
            self._values[name] = text
            self.version += 1


def typed(conf: Mapping[str, str], name: str) -> Any:
    """The typed value of a setting in a plain mapping, as tasks get it; the default where it is missing."""
    text = conf.get(name)
    return _parsed(name, SETTINGS[name].default if text is None else text)


@lru_cache(1024)
def _parsed(name: str, text: str) -> Any:
    return SETTINGS[name].parse(text) if text != "" else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
