"""The table of error conditions: Spark's name -> (SQLSTATE, message template with <parameters>).

Names, SQLSTATEs and the gist of the texts follow Apache Spark 4's error conditions; conditions of our own (workers, shells)
follow their form. Sorted by name; one line a condition.
"""

from __future__ import annotations

CONDITIONS: dict[str, tuple[str, str]] = {
    "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION": (
        "42845",
        "Non-deterministic expression <sqlExpr> should not appear in the arguments of an aggregate function.",
    ),
    "ALL_PARAMETERS_MUST_BE_NAMED": (
        "07001",
        "Using name parameterized queries requires all parameters to be named. Parameters missing names: <exprs>.",
    ),
    "ALL_PARTITION_COLUMNS_NOT_ALLOWED": ("KD005", "Cannot use all columns for partition columns."),
    "AMBIGUOUS_ALIAS_IN_NESTED_CTE": (
        "42KD0",
        'Name <name> is ambiguous in nested CTE. Please set <config> to "CORRECTED" so that name defined in '
        'inner CTE takes precedence. If set it to "LEGACY", outer CTE definitions will take precedence. See '
        "'<docroot>/sql-migration-guide.html#query-engine'.",
    ),
    "AMBIGUOUS_LATERAL_COLUMN_ALIAS": ("42702", "Lateral column alias <name> is ambiguous and has <n> matches."),
    "AMBIGUOUS_REFERENCE": ("42704", "Reference <name> is ambiguous, could be: <referenceNames>."),
    "ARITHMETIC_OVERFLOW": (
        "22003",
        '<message>. If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.',
    ),
    "ASSIGNMENT_ARITY_MISMATCH": (
        "42802",
        "The number of columns or variables assigned or aliased: <numTarget> does not match the number of source expressions: <numExpr>.",
    ),
    "BINARY_ARITHMETIC_OVERFLOW": (
        "22003",
        "<value1> <symbol> <value2> caused overflow. Use <functionName> to ignore overflow problem and return NULL.",
    ),
    "CANNOT_DECODE_URL": (
        "22546",
        "The provided URL cannot be decoded: <url>. Please ensure that the URL is properly formatted and try again.",
    ),
    "CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE": (
        "42825",
        "Failed to merge incompatible data types <left> and <right>. Please check the data types of the "
        "columns being merged and ensure that they are compatible. If necessary, consider casting the "
        "columns to compatible data types before attempting the merge.",
    ),
    "CANNOT_MERGE_SCHEMAS": (
        "42KD9",
        "Failed merging schemas: the column <column> is <left> in one file and <right> in <path>.",
    ),
    "CANNOT_MODIFY_STATIC_CONFIG": ("46110", 'Cannot modify the value of the static Spark config: "<key>".'),
    "CANNOT_PARSE_TIME": (
        "22010",
        "The input string <input> cannot be parsed to a TIME value because it does not match to the datetime format <format>.",
    ),
    "CANNOT_PARSE_TIMESTAMP": (
        "22007",
        "<message>. Use <func> to tolerate invalid input string and return NULL instead.",
    ),
    "CANNOT_RESOLVE_STAR_EXPAND": (
        "42704",
        "Cannot resolve <targetString>.* given input columns <columns>. Please check that the specified table or struct exists and is accessible in the input columns.",
    ),
    "CANNOT_UP_CAST_DATATYPE": ("42846", "Cannot up cast <expression> from <sourceType> to <targetType>. <details>."),
    "CAST_INVALID_INPUT": (
        "22018",
        "The value <expression> of the type <sourceType> cannot be cast to <targetType> because it is malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead.",
    ),
    "CAST_OVERFLOW": (
        "22003",
        "The value <value> of the type <sourceType> cannot be cast to <targetType> due to an overflow. Use `try_cast` to tolerate overflow and return NULL instead.",
    ),
    "CAST_OVERFLOW_IN_TABLE_INSERT": (
        "22003",
        "Fail to assign a value of <sourceType> type to the <targetType> type column or variable <columnName> due to an overflow. Use `try_cast` on the input value to tolerate overflow and return NULL instead.",
    ),
    "CATALOG_NOT_FOUND": ("42P08", "The catalog <catalogName> not found."),
    "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER": (
        "54000",
        "Can't create array with <numberOfElements> elements which exceeding the array size limit <maxRoundedArrayLength>, the parameter <parameter> of the function <functionName> is too large.",
    ),
    "COLLECT_LIMIT_EXCEEDED": ("54000", "The result is larger than <limit> rows, the limit of <setting>."),
    "COLUMN_ALREADY_EXISTS": (
        "42711",
        "The column <columnName> already exists. Choose another name or rename the existing column.",
    ),
    "COLUMN_NOT_DEFINED_IN_TABLE": (
        "42703",
        "<colType> column <colName> is not defined in table <tableName>, defined table columns are: <tableCols>.",
    ),
    "COLUMN_NOT_FOUND": (
        "42703",
        "The column <colName> cannot be found. Verify the spelling and correctness of the column name.",
    ),
    "COMPARATOR_RETURNS_NULL": (
        "22004",
        'The comparator has returned a NULL for a comparison between <firstValue> and <secondValue>. It should return a positive integer for "greater than", 0 for "equal" and a negative integer for "less than".',
    ),
    "CONFLICTING_PARTITION_COLUMN_NAMES": (
        "KD009",
        "Conflicting partition column names detected under <path>: <distinctPartColLists>. Directories of one table must nest the same partition columns in the same order.",
    ),
    "CONVERSION_INVALID_INPUT": (
        "22018",
        "The value <str> (<fmt>) cannot be converted to <targetType> because it is malformed. Correct the value as per the syntax, or change its format. Use <suggestion> to tolerate malformed input and return NULL instead.",
    ),
    "CREATE_EXTERNAL_TABLE_WITHOUT_LOCATION": ("42601", "CREATE EXTERNAL TABLE must be accompanied by LOCATION."),
    "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS": (
        "21S01",
        "Cannot create view <viewName>, the reason is not enough data columns: view columns: <viewColumns>; data columns: <dataColumns>.",
    ),
    "CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS": (
        "21S01",
        "Cannot create view <viewName>, the reason is too many data columns: view columns: <viewColumns>; data columns: <dataColumns>.",
    ),
    "CYCLIC_FUNCTION_REFERENCE": ("42887", "Cyclic function reference detected: <path>."),
    "CYCLIC_VIEW": ("42K0N", "The view <viewName> refers to itself."),
    "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should have been <dataType> followed by a value with same element type, but it's [<leftType>, <rightType>].",
    ),
    "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to function <functionName> should have been two <arrayType> with same element type, but it's [<leftType>, <rightType>].",
    ),
    "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: the left and right operands of the binary operator have incompatible types (<left> and <right>).",
    ),
    "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: the binary operator requires the input type <inputType>, not <actualDataType>.",
    ),
    "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to <targetType>.",
    ),
    "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION": (
        "42K09",
        'Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to <targetType> with ANSI mode on. If you have to cast <srcType> to <targetType>, you can set "spark.sql.ansi.enabled" as "false".',
    ),
    "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to <targetType>. To convert values from <srcType> to <targetType>, you can use the functions <functionNames> instead.",
    ),
    "DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The given keys of function <functionName> should all be the same type, but they are <dataType>.",
    ),
    "DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The given values of function <functionName> should all be the same type, but they are <dataType>.",
    ),
    "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Only foldable `STRING` expressions are allowed to appear at odd position, but they are <inputExprs>.",
    ),
    "DATATYPE_MISMATCH.DATA_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should all be the same type, but it's <dataType>.",
    ),
    "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: filter expression <filter> of type <type> is not a boolean.",
    ),
    "DATATYPE_MISMATCH.HASH_MAP_TYPE": (
        "42K09",
        'Cannot resolve <sqlExpr> due to data type mismatch: Input to the function <functionName> cannot contain elements of the "MAP" type. In Spark, same maps may have different hashcode, thus hash expressions are prohibited on "MAP" elements.',
    ),
    "DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Length of <exprName> should be 1.",
    ),
    "DATATYPE_MISMATCH.INVALID_ARG_VALUE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The <inputName> value must to be a <requireType> literal of <validValues>, but got <inputValue>.",
    ),
    "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Input schema <schema> can only contain STRING as a key type for a MAP.",
    ),
    "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Input schema <schema> must be a struct, an array, a map or a variant.",
    ),
    "DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The key of map cannot be/contain <keyType>.",
    ),
    "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: the <functionName> does not support ordering on type <dataType>.",
    ),
    "DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The data type of one or more elements in the left hand side of an IN subquery is not compatible with the data type of the output of the subquery. Mismatched columns: [<mismatchedColumns>], left side: [<leftType>], right side: [<rightType>].",
    ),
    "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH": (
        "42K09",
        "Cannot resolve the IN subquery due to data type mismatch: the number of columns in the left hand side of an IN subquery does not match the number of columns in the output of the subquery: <leftLength> and <rightLength>.",
    ),
    "DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The <functionName> should all be of type map, but it's <dataType>.",
    ),
    "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should have been <dataType> followed by a value with same key type, but it's [<leftType>, <rightType>].",
    ),
    "DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to the <functionName> should have been two maps with compatible key types, but it's [<leftType>, <rightType>].",
    ),
    "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: the input <inputName> should be a foldable <inputType> expression; however, got <inputExpr>.",
    ),
    "DATATYPE_MISMATCH.NON_STRING_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: all arguments of the function <funcName> must be strings.",
    ),
    "DATATYPE_MISMATCH.NULL_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Null typed values cannot be used as arguments of <functionName>.",
    ),
    "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The <leftExprName>(<leftExprValue>) must be <constraint> the <rightExprName>(<rightExprValue>).",
    ),
    "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The data type <orderSpecType> used in the order specification does not support the data type <valueBoundaryType> which is used in the range frame.",
    ),
    "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: A range window frame with value boundaries cannot be used in a window specification with multiple order by expressions: <orderSpec>.",
    ),
    "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: A range window frame cannot be used in an unordered window specification.",
    ),
    "DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> uses the wrong parameter type. The parameter type must conform to: 1. The start and stop expressions must resolve to the same type. 2. If start and stop expressions resolve to the <startType> type, then the step expression must resolve to the <stepType> type. 3. Otherwise, if start and stop expressions resolve to the <otherStartType> type, then the step expression must resolve to the same type.",
    ),
    "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Window frame bounds <lower> and <upper> do not have the same type: <lowerType> <> <upperType>.",
    ),
    "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: Window frame upper bound <upper> does not follow the lower bound <lower>.",
    ),
    "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The data type of the window frame bound <exprType> does not match the expected data type <expectedType>.",
    ),
    "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The lower bound of a window frame must not be <comparison> the upper bound.",
    ),
    "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The data type of the column (<columnIndex>) do not have the same type: <leftType> (<leftParamIndex>) <> <rightType> (<rightParamIndex>).",
    ),
    "DATATYPE_MISMATCH.UNEXPECTED_CLASS_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: class <className> not found.",
    ),
    "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The <paramIndex> parameter requires the <requiredType> type, however <inputSql> has the type <inputType>.",
    ),
    "DATATYPE_MISMATCH.UNEXPECTED_NULL": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The <exprName> must not be null.",
    ),
    "DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The <functionName> requires return <expectedType> type, but the actual is <actualType> type.",
    ),
    "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The input of <functionName> can't be <dataType> type data.",
    ),
    "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The <exprName> must be between <valueRange> (current value = <currentValue>).",
    ),
    "DATATYPE_MISMATCH.WRONG_NUM_ENDPOINTS": (
        "42K09",
        "Cannot resolve <sqlExpr> due to data type mismatch: The number of endpoints must be >= 2 to construct intervals but the actual number is <actualNumber>.",
    ),
    "DATATYPE_MISSING_SIZE": ("42K01", "DataType <type> requires a length parameter, for example <type>(10)."),
    "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION": ("22023", "<rangeMessage>."),
    "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION": (
        "22023",
        '<rangeMessage>. If necessary set <ansiConfig> to "false" to bypass this error.',
    ),
    "DATETIME_OVERFLOW": ("22008", "Datetime operation overflow: <operation>."),
    "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION": (
        "22003",
        "Decimal precision <precision> exceeds max precision <maxPrecision>.",
    ),
    "DECIMAL_SCALE_EXCEEDS_PRECISION": (
        "42832",
        "DECIMAL(<size>) does not exist: the scale is at most the precision.",
    ),
    "DEFAULT_PLACEMENT_INVALID": (
        "42608",
        "A DEFAULT keyword in a MERGE, INSERT, UPDATE, or SET VARIABLE command could not be directly assigned to a target column because it was part of an expression. For example: `UPDATE SET c1 = DEFAULT` is allowed, but `UPDATE T SET c1 = DEFAULT + 1` is not allowed.",
    ),
    "DESCRIBE_JSON_NOT_EXTENDED": (
        "0A000",
        "DESCRIBE TABLE ... AS JSON only supported when [EXTENDED|FORMATTED] is specified. For example: DESCRIBE EXTENDED <tableName> AS JSON is supported but DESCRIBE <tableName> AS JSON is not.",
    ),
    "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED": (
        "0A000",
        "Distinct window functions are not supported: <windowExpr>.",
    ),
    "DIVIDE_BY_ZERO": (
        "22012",
        'Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.',
    ),
    "DUPLICATED_CTE_NAMES": ("42602", "CTE definition can't have duplicate names: <duplicateNames>."),
    "DUPLICATED_MAP_KEY": ("23505", "Duplicate map key <key> was found, please check the input data."),
    "DUPLICATE_ASSIGNMENTS": (
        "42701",
        "The columns or variables <nameList> appear more than once as assignment targets.",
    ),
    "DUPLICATE_CLAUSES": ("42614", "Found duplicate clauses: <clauseName>. Please, remove one of them."),
    "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED": (
        "4274K",
        "Call to routine <routineName> is invalid because it includes multiple argument assignments to the same parameter name <parameterName>. A positional argument and named argument both referred to the same parameter. Please remove the named argument referring to this parameter.",
    ),
    "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE": (
        "4274K",
        "Call to routine <routineName> is invalid because it includes multiple argument assignments to the same parameter name <parameterName>. More than one named argument referred to the same parameter. Please assign a value only once.",
    ),
    "DUPLICATE_ROUTINE_PARAMETER_NAMES": (
        "42734",
        "Found duplicate name(s) in the parameter list of the user-defined routine <routineName>: <names>.",
    ),
    "DUPLICATE_ROUTINE_RETURNS_COLUMNS": (
        "42711",
        "Found duplicate column(s) in the RETURNS clause column list of the user-defined routine "
        "<routineName>: <columns>.",
    ),
    "DUPLICATE_VARIABLE_NAME_INSIDE_DECLARE": (
        "42734",
        "Found duplicate variable <variableName> in the declare variable list. Please, remove one of them.",
    ),
    "EXCEED_LIMIT_LENGTH": ("54006", "Exceeds char/varchar type length limitation: <limit>."),
    "EXCEPT_OVERLAPPING_COLUMNS": (
        "42702",
        "Columns in an EXCEPT list must be distinct and non-overlapping, but got (<columns>).",
    ),
    "EXECUTOR_LOST": ("58000", "An executor was lost <times> times while running stage <stage>: <reason>."),
    "EXECUTOR_START_FAILED": ("58000", "Executors cannot be started: <reason>."),
    "EXEC_IMMEDIATE_DUPLICATE_ARGUMENT_ALIASES": (
        "42701",
        "The USING clause of this EXECUTE IMMEDIATE command contained multiple arguments with same alias (<aliases>), which is invalid; please update the command to specify unique aliases and then try it again.",
    ),
    "EXPECT_PERMANENT_VIEW_NOT_TEMP": (
        "42809",
        "'<operation>' expects a permanent view but <viewName> is a temp view.",
    ),
    "EXPECT_PERSISTENT_FUNCTION_NOT_TEMP": (
        "42809",
        "<functionName> is a temporary function. '<operation>' expects a persistent function.<alternative>",
    ),
    "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE": ("42809", "'<operation>' expects a table but <viewName> is a view."),
    "EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW": (
        "42809",
        "'<operation>' expects a table but <viewName> is a view. Please use ALTER VIEW instead.",
    ),
    "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE": ("42809", "The table <tableName> does not support <operation>."),
    "EXPECT_VIEW_NOT_TABLE.USE_ALTER_TABLE": (
        "42809",
        "The table <tableName> does not support <operation>. Please use ALTER TABLE instead.",
    ),
    "FAILED_FUNCTION_CALL": (
        "38000",
        "Failed preparing of the function <funcName> for call. Please, double check function's arguments.",
    ),
    "FAILED_READ_FILE": ("KD001", "Encountered error while reading file <path>. <reason>"),
    "FAILED_TO_PARSE_TOO_COMPLEX": (
        "54001",
        "The statement, including potential SQL functions and referenced views, was too complex to parse. To mitigate this error divide the statement into multiple, less complex chunks.",
    ),
    "FEATURE_NOT_ENABLED": (
        "56038",
        "The feature <featureName> is not enabled. Consider setting the config <configKey> to <configValue> to enable this capability.",
    ),
    "FETCH_FAILED": ("58030", "Shuffle output of stage <stage> could not be read: <reason>."),
    "FIELD_NOT_FOUND": ("42704", "No such struct field <fieldName> in <fields>."),
    "FORBIDDEN_OPERATION": ("42809", "The operation <statement> is not allowed on the <objectType>: <objectName>."),
    "GROUPING_COLUMN_MISMATCH": (
        "42803",
        "Column of grouping (<grouping>) can't be found in grouping columns <groupingColumns>.",
    ),
    "GROUPING_ID_COLUMN_MISMATCH": (
        "42803",
        "Columns of grouping_id (<groupingIdColumn>) does not match grouping columns (<groupByColumns>).",
    ),
    "GROUP_BY_AGGREGATE": ("42903", "Aggregate functions are not allowed in GROUP BY, but found <sqlExpr>."),
    "GROUP_BY_ALL": ("42803", "GROUP BY ALL cannot tell the grouping columns of <expression>."),
    "GROUP_BY_POS_AGGREGATE": (
        "42903",
        "GROUP BY <index> refers to an expression <aggExpr> that contains an aggregate function. Aggregate functions are not allowed in GROUP BY.",
    ),
    "GROUP_BY_POS_OUT_OF_RANGE": (
        "42805",
        "GROUP BY position <index> is not in select list (valid range is [1, <size>]).",
    ),
    "IDENTIFIER_TOO_MANY_NAME_PARTS": (
        "42601",
        "<identifier> is not a valid identifier as it has more than <limit> name parts.",
    ),
    "ILLEGAL_DAY_OF_WEEK": ("22009", "Illegal input for day of week: <string>."),
    "ILLEGAL_SEQUENCE_BOUNDARIES": ("22023", "Illegal sequence boundaries: <start> to <stop> by <step>."),
    "INCOMPARABLE_PIVOT_COLUMN": ("42818", "Invalid pivot column <columnName>. Pivot columns must be comparable."),
    "INCOMPATIBLE_COLUMN_TYPE": (
        "42825",
        "<operator> can only be performed on tables with compatible column types. The <columnOrdinalNumber> column of the <tableOrdinalNumber> table is <dataType1> type which is not compatible with <dataType2> at the same column of the first table.<hint>",
    ),
    "INCOMPATIBLE_DATA_FOR_TABLE.AMBIGUOUS_COLUMN_NAME": (
        "KD000",
        "Cannot write incompatible data for the table <tableName>: Ambiguous column name in the input data <colName>.",
    ),
    "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST": (
        "KD000",
        "Cannot write incompatible data for the table <tableName>: Cannot safely cast <colName> <srcType> to <targetType>.",
    ),
    "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS": (
        "KD000",
        "Cannot write incompatible data for the table <tableName>: Cannot write extra columns <extraColumns>.",
    ),
    "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_STRUCT_FIELDS": (
        "KD000",
        "Cannot write incompatible data for the table <tableName>: Cannot write extra fields <extraFields> to the struct <colName>.",
    ),
    "INCOMPATIBLE_DATA_FOR_TABLE.STRUCT_MISSING_FIELDS": (
        "KD000",
        "Cannot write incompatible data for the table <tableName>: Struct <colName> missing fields: <missingFields>.",
    ),
    "INCOMPATIBLE_VIEW_SCHEMA_CHANGE": (
        "51024",
        "The SQL query of view <viewName> has an incompatible schema change and column <colName> cannot be resolved. Expected <expectedNum> columns named <colName> but got <actualCols>. Please try to re-create the view by running: <suggestion>.",
    ),
    "INCOMPLETE_TYPE_DEFINITION": (
        "42K01",
        'Incomplete complex type: the definition of "<type>" lacks the types inside it, for example "<example>".',
    ),
    "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION": (
        "42K0B",
        "You may get a different result due to the upgrading to Spark >= 3.0: Fail to recognize <pattern> pattern in the DateTimeFormatter. You can form a valid datetime pattern with the guide from '<docroot>/sql-ref-datetime-pattern.html'.",
    ),
    "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN": (
        "42K0B",
        "You may get a different result due to the upgrading to Spark >= 3.0: All week-based patterns are unsupported since Spark 3.0, detected week-based character: <c>. Please use the SQL function EXTRACT instead.",
    ),
    "INCONSISTENT_BEHAVIOR_CROSS_VERSION.PARSE_DATETIME_BY_NEW_PARSER": (
        "42K0B",
        'You may get a different result due to the upgrading to Spark >= 3.0: Fail to parse <datetime> in the new parser. You can set <config> to "LEGACY" to restore the behavior before Spark 3.0, or set to "CORRECTED" and treat it as an invalid datetime string.',
    ),
    "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS": (
        "21S01",
        "Cannot write to <tableName>, the reason is not enough data columns: Table columns: <tableColumns>. Data columns: <dataColumns>.",
    ),
    "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS": (
        "21S01",
        "Cannot write to <tableName>, the reason is too many data columns: Table columns: <tableColumns>. Data columns: <dataColumns>.",
    ),
    "INSERT_PARTITION_COLUMN_ARITY_MISMATCH": (
        "21S01",
        "Cannot write to '<tableName>', the reason is a mismatch of columns: Table columns: <tableColumns>. Partition columns with static values: <staticPartCols>. Data columns: <dataColumns>.",
    ),
    "INTERNAL_ERROR": ("XX000", "<message>"),
    "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION": (
        "22015",
        "Integer overflow while operating with intervals. Try devising appropriate values for the interval parameters.",
    ),
    "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION": (
        "22015",
        "Integer overflow while operating with intervals. Use <functionName> to tolerate overflow and return NULL instead.",
    ),
    "INTERVAL_DIVIDED_BY_ZERO": (
        "22012",
        "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead.",
    ),
    "INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE": (
        "42903",
        'The FILTER expression "<filterExpr>" in an aggregate function is invalid. Expected a FILTER expression without an aggregation, but found <aggExpr>.',
    ),
    "INVALID_AGGREGATE_FILTER.CONTAINS_WINDOW_FUNCTION": (
        "42903",
        "The FILTER expression <filterExpr> in an aggregate function is invalid. Expected a FILTER expression without a window function, but found <windowExpr>.",
    ),
    "INVALID_AGGREGATE_FILTER.NON_DETERMINISTIC": (
        "42903",
        "The FILTER expression <filterExpr> in an aggregate function is invalid. Expected a deterministic FILTER expression.",
    ),
    "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN": (
        "42903",
        'The FILTER expression "<filterExpr>" in an aggregate function is invalid. Expected a FILTER expression of the BOOLEAN type.',
    ),
    "INVALID_ARRAY_INDEX": (
        "22003",
        "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use the SQL function `get()` to tolerate accessing element at invalid index and return NULL instead.",
    ),
    "INVALID_ARRAY_INDEX_IN_ELEMENT_AT": (
        "22003",
        "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use `try_element_at` to tolerate accessing element at invalid index and return NULL instead.",
    ),
    "INVALID_BUCKET_COUNT": (
        "22003",
        "Number of buckets should be greater than 0 but less than or equal to bucketing.maxBuckets (<bucketingMaxBuckets>). Got <numBuckets>.",
    ),
    "INVALID_CONF_VALUE": ("22022", "The value '<confValue>' in the config \"<confName>\" is invalid. <reason>"),
    "INVALID_CONF_VALUE.TIME_ZONE": (
        "22022",
        "The value '<confValue>' in the config \"<confName>\" is invalid. Cannot resolve the given timezone. <reason>",
    ),
    "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER": (
        "22007",
        "Unrecognized datetime pattern: <pattern>. Illegal pattern character found in datetime pattern: <c>. Please provide legal character.",
    ),
    "INVALID_DATETIME_PATTERN.LENGTH": (
        "22007",
        "Unrecognized datetime pattern: <pattern>. Too many letters in datetime pattern: <pattern>. Please reduce pattern length.",
    ),
    "INVALID_DATETIME_PATTERN.WITH_SUGGESTION": (
        "22007",
        "Unrecognized datetime pattern: <pattern>. You can form a valid datetime pattern with the guide from '<docroot>/sql-ref-datetime-pattern.html'.",
    ),
    "INVALID_DEFAULT_VALUE.DATA_TYPE": (
        "42623",
        "Failed to execute <statement> command because the destination column or variable <colName> has a DEFAULT value <defaultValue>, which requires <expectedType> type, but the statement provided a value of incompatible <actualType> type.",
    ),
    "INVALID_DEFAULT_VALUE.NOT_CONSTANT": (
        "42623",
        "Failed to execute <statement> command because the destination column or variable <colName> has a DEFAULT value <defaultValue>, which is not a constant expression whose equivalent value is known at query planning time.",
    ),
    "INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION": (
        "42623",
        "Failed to execute <statement> command because the destination column or variable <colName> has a DEFAULT value <defaultValue>, which contains subquery expressions.",
    ),
    "INVALID_EMPTY_LOCATION": ("42K05", "The location name cannot be empty string, but `<location>` was given."),
    "INVALID_ESCAPE_CHAR": (
        "42604",
        "`EscapeChar` should be a string literal of length one, but got <sqlExpr>.",
    ),
    "INVALID_ESC_IN_LIKE": ("22019", "The escape character is not allowed to <message>."),
    "INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE": (
        "42K09",
        "Expression type must be string type but got <exprType>.",
    ),
    "INVALID_EXTRACT_BASE_FIELD_TYPE": (
        "42000",
        "Can't extract a value from <base>. Need a complex type [STRUCT, ARRAY, MAP] but got <other>.",
    ),
    "INVALID_EXTRACT_FIELD": ("42601", "Cannot extract <field> from <expr>."),
    "INVALID_FORMAT.ESC_AT_THE_END": (
        "42601",
        "The format is invalid: <format>. The escape character is not allowed to end with.",
    ),
    "INVALID_FORMAT.ESC_IN_THE_MIDDLE": (
        "42601",
        "The format is invalid: <format>. The escape character is not allowed to precede <char>.",
    ),
    "INVALID_FORMAT.MISMATCH_INPUT": (
        "42601",
        "The format is invalid: <format>. The input <inputType> <input> does not match the format.",
    ),
    "INVALID_FRACTION_OF_SECOND": (
        "22023",
        "Valid range for seconds is [0, 60] (inclusive), but the provided value is <secAndMicros>. To avoid this error, use `try_make_timestamp`, which returns NULL on error. If you do not want to use the session default timestamp version of this function, use `try_make_timestamp_ntz` or `try_make_timestamp_ltz`.",
    ),
    "INVALID_INDEX_OF_ZERO": (
        "22003",
        "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1).",
    ),
    "INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE": (
        "42000",
        "Invalid inline table. Cannot evaluate the expression <expr> in inline table definition.",
    ),
    "INVALID_INLINE_TABLE.FAILED_SQL_EXPRESSION_EVALUATION": (
        "42000",
        "Invalid inline table. Failed to evaluate the SQL expression <sqlExpr>. Please check your syntax and ensure all required tables and columns are available.",
    ),
    "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE": (
        "42000",
        "Invalid inline table. Found incompatible types in the column <colName> for inline table: <types>.",
    ),
    "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH": (
        "42000",
        "Invalid inline table. Inline table expected <expectedNumCols> columns but found <actualNumCols> columns in row <rowIndex>.",
    ),
    "INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Uncaught arithmetic exception while parsing '<input>'.",
    ),
    "INVALID_INTERVAL_FORMAT.DAY_TIME_PARSING": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Error parsing interval day-time string: <msg>.",
    ),
    "INVALID_INTERVAL_FORMAT.INPUT_IS_EMPTY": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Interval string cannot be empty.",
    ),
    "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Error parsing interval <interval> string.",
    ),
    "INVALID_INTERVAL_FORMAT.INVALID_FRACTION": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. <unit> cannot have fractional part.",
    ),
    "INVALID_INTERVAL_FORMAT.INVALID_PRECISION": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Interval can only support nanosecond precision, <value> is out of range.",
    ),
    "INVALID_INTERVAL_FORMAT.INVALID_PREFIX": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Invalid interval prefix <prefix>.",
    ),
    "INVALID_INTERVAL_FORMAT.INVALID_UNIT": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Invalid unit <unit>.",
    ),
    "INVALID_INTERVAL_FORMAT.INVALID_VALUE": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Invalid value <value>.",
    ),
    "INVALID_INTERVAL_FORMAT.MISSING_NUMBER": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Expect a number after <word> but hit EOL.",
    ),
    "INVALID_INTERVAL_FORMAT.MISSING_UNIT": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Expect a unit name after <word> but hit EOL.",
    ),
    "INVALID_INTERVAL_FORMAT.TIMEZONE_INTERVAL_OUT_OF_RANGE": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. The interval value must be in the range of [-18, +18] hours with second precision.",
    ),
    "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Interval string does not match <intervalStr> format of <supportedFormat> when cast to <typeName>: <input>.",
    ),
    "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Interval string does not match <intervalStr> format of <supportedFormat> when cast to <typeName>: <input>.",
    ),
    "INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Unrecognized number <number>.",
    ),
    "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION": (
        "22006",
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Cannot support (interval '<input>' <from> to <to>) expression.",
    ),
    "INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION": (
        "22006",
        "Cannot add an interval to a date because its microseconds part is not 0. To resolve this, cast the input date to a timestamp, which supports the addition of intervals with non-zero microseconds.",
    ),
    "INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES": (
        "42K0D",
        'Invalid lambda function call. The lambda function has duplicate arguments <args>. Please, consider to rename the argument names or set <caseSensitiveConfig> to "true".',
    ),
    "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION": (
        "42K0D",
        "Invalid lambda function call. A lambda function should only be used in a higher order function. However, its class is <class>, which is not a higher order function.",
    ),
    "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH": (
        "42K0D",
        "Invalid lambda function call. A higher order function expects <expectedNumArgs> arguments, but got <actualNumArgs>.",
    ),
    "INVALID_LATERAL_JOIN_TYPE": (
        "42613",
        "The <joinType> JOIN with LATERAL correlation is not allowed because an OUTER subquery cannot correlate to its join partner. Remove the LATERAL correlation or use an INNER JOIN, or LEFT OUTER JOIN instead.",
    ),
    "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE": (
        "42K0E",
        'The limit like expression "<expr>" is invalid. The <name> expression must be integer type, but got <dataType>.',
    ),
    "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE": (
        "42K0E",
        'The limit like expression "<expr>" is invalid. The <name> expression must be equal to or greater than 0, but got <v>.',
    ),
    "INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL": (
        "42K0E",
        'The limit like expression "<expr>" is invalid. The evaluated <name> expression must not be null.',
    ),
    "INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE": (
        "42K0E",
        'The limit like expression "<expr>" is invalid. The <name> expression must evaluate to a constant value.',
    ),
    "INVALID_NUMERIC_LITERAL_RANGE": (
        "22003",
        "Numeric literal <rawStrippedQualifier> is outside the valid range for <typeName> with minimum value of <minValue> and maximum value of <maxValue>. Please adjust the value accordingly.",
    ),
    "INVALID_OPTIONS.NON_MAP_FUNCTION": ("42K06", "Invalid options: Must use the `map()` function for options."),
    "INVALID_OPTIONS.NON_STRING_TYPE": (
        "42K06",
        "Invalid options: A type of keys and values in `map()` must be string, but got <mapType>.",
    ),
    "INVALID_OPTIONS.UNKNOWN": ("42K06", "Unknown option <option> of <format>.<suggestion>"),
    "INVALID_PARAMETER_VALUE": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: <reason>",
    ),
    "INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: detail message: <detailMessage>",
    ),
    "INVALID_PARAMETER_VALUE.AES_IV_LENGTH": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: supports 16-byte CBC IVs and 12-byte GCM IVs, but got <actualLength> bytes for <mode>.",
    ),
    "INVALID_PARAMETER_VALUE.AES_KEY_LENGTH": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects a binary value with 16, 24 or 32 bytes, but got <actualLength> bytes.",
    ),
    "INVALID_PARAMETER_VALUE.BINARY_FORMAT": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of binary formats 'base64', 'hex', 'utf-8', but got <invalidFormat>.",
    ),
    "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects an integer value in [0, <upper>), but got <invalidValue>.",
    ),
    "INVALID_PARAMETER_VALUE.CHARSET": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the <charsets>, but got <charset>.",
    ),
    "INVALID_PARAMETER_VALUE.DATETIME_UNIT": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, but got the string literal <invalidValue>.",
    ),
    "INVALID_PARAMETER_VALUE.LENGTH": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: Expects `length` greater than or equal to 0, but got <length>.",
    ),
    "INVALID_PARAMETER_VALUE.OCCURRENCE": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects a positive integer, but got <actual>.",
    ),
    "INVALID_PARAMETER_VALUE.PATTERN": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: <value>.",
    ),
    "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: Expects group index between 0 and <groupCount>, but got <groupIndex>.",
    ),
    "INVALID_PARAMETER_VALUE.START": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: Expects a positive or a negative value for `start`, but got 0.",
    ),
    "INVALID_PARAMETER_VALUE.TIME_UNIT": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the units 'HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND', but got <invalidValue>.",
    ),
    "INVALID_PARAMETER_VALUE.ZERO_INDEX": (
        "22023",
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects %1$, %2$ and so on, but got %0$.",
    ),
    "INVALID_PARTITION_COLUMN_DATA_TYPE": ("0A000", "Cannot use <type> for partition column."),
    "INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY": (
        "42601",
        "The partition command is invalid. Table <name> is not partitioned.",
    ),
    "INVALID_PARTITION_SPEC": ("42601", "The partition specification is invalid: <details>."),
    "INVALID_PARTITION_VALUE": (
        "42846",
        "Failed to cast value <value> to data type <type> for a partition column. Ensure the value matches the expected data type for this partition column.",
    ),
    "INVALID_QUALIFY_CONDITION": ("42903", "The QUALIFY condition <condition> is not a boolean expression."),
    "INVALID_QUERY_MIXED_QUERY_PARAMETERS": (
        "42613",
        "Parameterized query must either use positional, or named parameters, but not both.",
    ),
    "INVALID_RECURSIVE_CTE": (
        "42836",
        "Invalid recursive definition found. Recursive queries must contain an UNION or an UNION ALL "
        "statement with 2 children. The first child needs to be the anchor term without any recursive "
        "references. Any top level inner CTE must not contain self references.",
    ),
    "INVALID_RECURSIVE_REFERENCE.PLACE": (
        "42836",
        "Invalid recursive reference found inside WITH RECURSIVE clause. Recursive references cannot be used "
        "on the right side of left outer/semi/anti joins, on the left side of right outer joins, in full "
        "outer joins, in aggregates, window functions or sorts",
    ),
    "INVALID_REGEXP": ("22023", "The regular expression '<regexp>' of <functionName> is invalid: <reason>"),
    "INVALID_SCHEMA.NON_STRING_LITERAL": (
        "42K07",
        "The input schema <inputSchema> is not a valid schema string. The input expression must be string literal and not null.",
    ),
    "INVALID_SCHEMA.NON_STRUCT_TYPE": (
        "42K07",
        "The input schema <inputSchema> is not a valid schema string. The input expression should be evaluated to struct type, but got <dataType>.",
    ),
    "INVALID_SCHEMA.PARSE_ERROR": (
        "42K07",
        "The input schema <inputSchema> is not a valid schema string. Cannot parse the schema: <reason>",
    ),
    "INVALID_SCHEMA_OR_RELATION_NAME": (
        "42602",
        "<name> is not a valid name for tables/schemas. Valid names only contain alphabet characters, numbers and _.",
    ),
    "INVALID_SET_SYNTAX": (
        "42000",
        "Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include special characters in key, or include semicolon in value, please use backquotes, e.g., SET `key`=`value`.",
    ),
    "INVALID_SQL_FUNCTION_DATA_ACCESS": (
        "42K0E",
        "Cannot create a SQL function with CONTAINS SQL that accesses a table/view or a SQL function that "
        "reads SQL data. Please use READS SQL DATA instead.",
    ),
    "INVALID_SQL_SYNTAX.ANALYZE_TABLE_UNEXPECTED_NOSCAN": (
        "42000",
        "Invalid SQL syntax: ANALYZE TABLE(S) ... COMPUTE STATISTICS ... <ctx> must be either NOSCAN or empty.",
    ),
    "INVALID_SQL_SYNTAX.CREATE_FUNC_WITH_COLUMN_CONSTRAINTS": (
        "42000",
        "Invalid SQL syntax: CREATE FUNCTION with constraints on parameters is not allowed.",
    ),
    "INVALID_SQL_SYNTAX.CREATE_FUNC_WITH_GENERATED_COLUMNS_AS_PARAMETERS": (
        "42000",
        "Invalid SQL syntax: CREATE FUNCTION with generated columns as parameters is not allowed.",
    ),
    "INVALID_SQL_SYNTAX.CREATE_ROUTINE_WITH_IF_NOT_EXISTS_AND_REPLACE": (
        "42000",
        "Invalid SQL syntax: Cannot create a routine with both IF NOT EXISTS and REPLACE specified.",
    ),
    "INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_IF_NOT_EXISTS": (
        "42000",
        "Invalid SQL syntax: CREATE TEMPORARY FUNCTION with IF NOT EXISTS is not allowed.",
    ),
    "INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE": (
        "42000",
        "Invalid SQL syntax: Partition key <partKey> must set value.",
    ),
    "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX": (
        "42000",
        "Invalid SQL syntax: The function <functionName> does not support <syntax>.",
    ),
    "INVALID_SQL_SYNTAX.INVALID_WINDOW_FRAME_BOUND": (
        "42000",
        "Invalid SQL syntax: Frame bound value must be a literal.",
    ),
    "INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION": (
        "42000",
        "Invalid SQL syntax: The definition of window <windowName> is repetitive.",
    ),
    "INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED": (
        "42000",
        "Invalid SQL syntax: The definition of a SQL variable requires either a datatype or a DEFAULT clause.",
    ),
    "INVALID_STATEMENT_FOR_EXECUTE_INTO": (
        "07501",
        "The INTO clause of EXECUTE IMMEDIATE is only valid for queries but the given statement is not a query: <sqlString>.",
    ),
    "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN": (
        "42823",
        "Scalar subquery must return only one column, but got <number>.",
    ),
    "INVALID_TABLESAMPLE_FRACTION": ("22023", "Sampling fraction (<fraction>) must be on interval [0, 1]."),
    "INVALID_TEMP_OBJ_QUALIFIER": (
        "42602",
        "Temporary <objectType> <objectName> cannot be qualified with <qualifier>. Temporary objects can "
        "only be qualified with SESSION or SYSTEM.SESSION.",
    ),
    "INVALID_TEMP_OBJ_REFERENCE": (
        "42K0F",
        "Cannot create the persistent object <objName> of the type <obj> because it references to the temporary object <tempObjName> of the type <tempObj>. Please make the temporary object <tempObjName> persistent, or make the persistent object <objName> temporary.",
    ),
    "INVALID_TIMEZONE": (
        "22009",
        "The timezone: <timeZone> is invalid. The timezone must be either a region-based zone ID or a zone offset. Region IDs must have the form 'area/city', such as 'America/Los_Angeles'. Zone offsets must be in the format '(+|-)HH', '(+|-)HH:mm' or '(+|-)HH:mm:ss', e.g '-08' , '+01:00' or '-13:33:33', and must be in the range from -18:00 to +18:00. 'Z' and 'UTC' are accepted as synonyms for '+00:00'.",
    ),
    "INVALID_TYPED_LITERAL": ("42604", "The value of the typed literal <valueType> is invalid: <value>."),
    "INVALID_URL": (
        "22P02",
        "The url is invalid: <url>. Use `try_parse_url` to tolerate invalid URL and return NULL instead.",
    ),
    "INVALID_USAGE_OF_STAR_OR_REGEX": ("42000", "Invalid usage of <elem> in <prettyName>."),
    "INVALID_UTF8_STRING": ("22029", "Invalid UTF8 byte sequence found in string: <str>."),
    "INVALID_WHERE_CONDITION": (
        "42903",
        "The WHERE condition <condition> contains invalid expressions: <expressionList>. Rewrite the query to avoid window functions, aggregate functions, and generator functions in the WHERE clause.",
    ),
    "INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC": ("42601", "Cannot specify ORDER BY or a window frame for <aggFunc>."),
    "INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED": (
        "42K0K",
        "Invalid function <funcName> with WITHIN GROUP. The function does not support DISTINCT with WITHIN GROUP.",
    ),
    "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT": (
        "42K0K",
        "Invalid function <funcName> with WITHIN GROUP. The function is invoked with DISTINCT and WITHIN GROUP but expressions <funcArg> and <orderingExpr> do not match. The WITHIN GROUP ordering expression must be picked from the function inputs.",
    ),
    "INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING": (
        "42K0K",
        "Invalid function <funcName> with WITHIN GROUP. WITHIN GROUP is required for the function.",
    ),
    "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS": (
        "42K0K",
        "Invalid function <funcName> with WITHIN GROUP. The function requires <expectedNum> orderings in WITHIN GROUP but got <actualNum>.",
    ),
    "LOCATION_ALREADY_EXISTS": (
        "42710",
        "Cannot name the managed table as <identifier>, as its associated location <location> already exists. Please pick a different table name, or remove the existing location first.",
    ),
    "MALFORMED_CHARACTER_CODING": ("22000", "Invalid value found when performing <function> with <charset>"),
    "MALFORMED_RECORD_IN_PARSING": (
        "22023",
        "Malformed records are detected in record parsing: <badRecord>. Parse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'.",
    ),
    "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION": (
        "22023",
        "Malformed records are detected in record parsing: <badRecord>. Parse Mode: <failFastMode>.",
    ),
    "MISSING_AGGREGATION": (
        "42803",
        'The non-aggregating expression "<expression>" is based on columns which are not participating in the GROUP BY clause. Add the columns or the expression to the GROUP BY, aggregate the expression, or use "<expressionAnyValue>" if you do not care which of the values within a group is returned.',
    ),
    "MISSING_ATTRIBUTES.RESOLVED_ATTRIBUTE_APPEAR_IN_OPERATION": (
        "XX000",
        "Resolved attribute(s) <missingAttributes> missing from <input> in operator <operator>. Attribute(s) with the same name appear in the operation: <operation>. Please check if the right attribute(s) are used.",
    ),
    "MISSING_ATTRIBUTES.RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT": (
        "XX000",
        "Resolved attribute(s) <missingAttributes> missing from <input> in operator <operator>.",
    ),
    "MISSING_GROUP_BY": (
        "42803",
        "The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window functions using OVER clauses.",
    ),
    "MISSING_WINDOW_SPECIFICATION": (
        "42P20",
        "Window specification is not defined in the WINDOW clause for <windowName>.",
    ),
    "MULTIPLE_LOAD_PATH": ("42000", "Several paths were given where one was expected: <paths>."),
    "MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS": (
        "42000",
        "<clause1> and <clause2> cannot coexist in the same SQL pipe operator using '|>'. Please separate the multiple result clauses into separate pipe operators and then retry the query again.",
    ),
    "NAMED_PARAMETERS_NOT_SUPPORTED": (
        "4274K",
        "Named parameters are not supported for function <functionName>; please retry the query with positional arguments to the function call instead.",
    ),
    "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION": (
        "22003",
        "Found the negative value in <frequencyExpression>: <negativeValue>, but expected a positive integral value.",
    ),
    "NESTED_AGGREGATE_FUNCTION": (
        "42607",
        "It is not allowed to use an aggregate function in the argument of another aggregate function. Please use the inner aggregate function in a sub-query.",
    ),
    "NON_FOLDABLE_ARGUMENT": (
        "42K08",
        "The function <funcName> requires the parameter <paramName> to be a foldable expression of the type <paramType>, but the actual argument is a non-foldable.",
    ),
    "NON_LITERAL_PIVOT_VALUES": ("42K08", "Literal expressions required for pivot values, found <expression>."),
    "NON_PARTITION_COLUMN": ("42000", "PARTITION clause cannot contain the non-partition column: <columnName>."),
    "NOT_A_CONSTANT_STRING.NOT_CONSTANT": (
        "42601",
        "The expression <expr> used for the routine or clause <name> must be a constant STRING which is NOT NULL. To be considered constant the expression must not depend on any columns, contain a subquery, or invoke a non deterministic function such as rand().",
    ),
    "NOT_A_CONSTANT_STRING.NULL": (
        "42601",
        "The expression <expr> used for the routine or clause <name> must be a constant STRING which is NOT NULL. The expression evaluates to NULL.",
    ),
    "NOT_A_CONSTANT_STRING.WRONG_TYPE": (
        "42601",
        "The expression <expr> used for the routine or clause <name> must be a constant STRING which is NOT NULL. The data type of the expression is <dataType>.",
    ),
    "NOT_A_PARTITIONED_TABLE": (
        "42809",
        "Operation <operation> is not allowed for <tableIdentWithDB> because it is not a partitioned table.",
    ),
    "NOT_A_SCALAR_FUNCTION": (
        "42887",
        "<functionName> appears as a scalar expression here, but the function was defined as a table "
        "function. Please update the query to move the function call into the FROM clause, or redefine "
        "<functionName> as a scalar function instead.",
    ),
    "NOT_A_TABLE_FUNCTION": (
        "42887",
        "<functionName> appears as a table function here, but the function was defined as a scalar function. "
        "Please update the query to move the function call outside the FROM clause, or redefine "
        "<functionName> as a table function instead.",
    ),
    "NOT_SUPPORTED_CHANGE_COLUMN": (
        "0A000",
        "ALTER TABLE ALTER/CHANGE COLUMN is not supported for changing <table>'s column <originName> with type <originType> to <newName> with type <newType>.",
    ),
    "NULL_MAP_KEY": ("2200E", "Cannot use null as map key."),
    "NULL_QUERY_STRING_EXECUTE_IMMEDIATE": (
        "22004",
        "Execute immediate requires a non-null variable as the query string, but the provided variable <varName> is null.",
    ),
    "NUMERIC_OUT_OF_SUPPORTED_RANGE": (
        "22003",
        "The value <value> cannot be interpreted as a numeric since it has more than 38 digits.",
    ),
    "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION": (
        "22003",
        'The value <value> cannot be represented as Decimal(<precision>, <scale>). If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error, and return NULL instead.',
    ),
    "NUM_COLUMNS_MISMATCH": (
        "42826",
        "<operator> can only be performed on inputs with the same number of columns, but the first input has <firstNumColumns> columns and the <invalidOrdinalNum> input has <invalidNumColumns> columns.",
    ),
    "NUM_TABLE_VALUE_ALIASES_MISMATCH": (
        "42826",
        "Number of given aliases does not match number of output columns. Function name: <funcName>; number "
        "of aliases: <aliasesNum>; number of output columns: <outColsNum>.",
    ),
    "OPERATION_CANCELED": ("HY008", "Operation has been canceled."),
    "ORDER_BY_POS_OUT_OF_RANGE": (
        "42805",
        "ORDER BY position <index> is not in select list (valid range is [1, <size>]).",
    ),
    "OUT_OF_MEMORY": (
        "53200",
        "<operator> needs <needed> more, but its executor's memory of <limit> is in use. Raise <setting>, or give the query fewer rows.",
    ),
    "PARSE_EMPTY_STATEMENT": ("42617", "Syntax error, unexpected empty statement."),
    "PARSE_MODE_UNSUPPORTED": (
        "42601",
        "The function <funcName> doesn't support the <mode> mode. Acceptable modes are PERMISSIVE and FAILFAST.",
    ),
    "PARSE_SYNTAX_ERROR": ("42601", "Syntax error at or near <error><hint>."),
    "PARTITIONS_ALREADY_EXIST": (
        "428FT",
        "Cannot ADD or RENAME TO partition(s) <partitionList> in table <tableName> because they already exist. Choose a different name, drop the existing partition, or add the IF NOT EXISTS clause to tolerate a pre-existing partition.",
    ),
    "PARTITIONS_NOT_FOUND": (
        "428FT",
        "The partition(s) <partitionList> cannot be found in table <tableName>. Verify the partition specification and table name.",
    ),
    "PATH_NOT_FOUND": ("42K03", "Path does not exist: <path>."),
    "PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION": (
        "0A000",
        "Non-grouping expression <expr> is provided as an argument to the |> AGGREGATE pipe operator but does not contain any aggregate function; please update it to include an aggregate function and then retry the query again.",
    ),
    "PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION": (
        "0A000",
        "Aggregate function <expr> is not allowed when using the pipe operator |> <clause> clause; please use the pipe operator |> AGGREGATE clause instead.",
    ),
    "PIVOT_VALUE_DATA_TYPE_MISMATCH": (
        "42K09",
        "Invalid pivot value '<value>': value data type <valueType> does not match pivot column data type <pivotType>.",
    ),
    "QUERY_TIMEOUT": ("HYT00", "The statement ran longer than <seconds> s, the limit of <setting>."),
    "RECURSION_LEVEL_LIMIT_EXCEEDED": (
        "42836",
        "Recursion level limit <levelLimit> reached but query has not exhausted, try increasing it.",
    ),
    "RECURSION_ROW_LIMIT_EXCEEDED": (
        "42836",
        "Recursion row limit <rowLimit> reached but query has not exhausted, try setting a larger LIMIT "
        "value when querying the CTE relation.",
    ),
    "RECURSIVE_VIEW": ("42K0H", "Recursive view <viewIdent> detected (cycle: <newPath>)."),
    "REMAINDER_BY_ZERO": (
        "22012",
        'Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead. If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.',
    ),
    "RENAME_TABLE_SOURCE_DESTINATION_DATABASE_MISMATCH": (
        "3F000",
        "Renaming a table across databases is not allowed: from <db> to <newDb>.",
    ),
    "REQUIRED_PARAMETER_NOT_FOUND": (
        "4274K",
        "Cannot invoke routine <routineName> because the parameter named <parameterName> is required, but the routine call did not supply a value. Please update the routine call to supply an argument value (either positionally at index <index> or by name) and retry the query again.",
    ),
    "ROUTINE_ALREADY_EXISTS": (
        "42723",
        "Cannot create the <newRoutineType> <routineName> because a <existingRoutineType> of that name "
        "already exists. Choose a different name, drop or replace the existing <existingRoutineType>, or add "
        "the IF NOT EXISTS clause to tolerate a pre-existing <newRoutineType>.",
    ),
    "ROUTINE_NOT_FOUND": (
        "42883",
        "The routine <routineName> cannot be found. Verify the spelling and correctness of the schema and "
        "catalog. If you did not qualify the name with a schema and catalog, verify the current_schema() "
        "output, or qualify the name with the correct schema and catalog. To tolerate the error on drop use "
        "DROP ... IF EXISTS.",
    ),
    "ROW_SUBQUERY_TOO_MANY_ROWS": ("21000", "More than one row returned by a subquery used as a row."),
    "SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION": (
        "0A000",
        "The correlated scalar subquery '<sqlExpr>' is neither present in GROUP BY, nor in an aggregate function. Add it to GROUP BY using ordinal position or wrap it in `first()` (or `first_value`) if you don't care which value you get.",
    ),
    "SCALAR_SUBQUERY_TOO_MANY_ROWS": ("21000", "More than one row returned by a subquery used as an expression."),
    "SCHEMA_ALREADY_EXISTS": (
        "42P06",
        "Cannot create schema <schemaName> because it already exists. Choose a different name, drop or replace the existing schema, or add the IF NOT EXISTS clause to tolerate pre-existing schema.",
    ),
    "SCHEMA_NOT_EMPTY": (
        "2BP01",
        "Cannot drop a schema <schemaName> because it contains objects. Use DROP SCHEMA ... CASCADE to drop the schema and all its objects.",
    ),
    "SCHEMA_NOT_FOUND": (
        "42704",
        "The schema <schemaName> cannot be found. Verify the spelling and correctness of the schema and catalog.",
    ),
    "SHOW_COLUMNS_WITH_CONFLICT_NAMESPACE": (
        "42K05",
        "SHOW COLUMNS with conflicting namespaces: <namespaceA> != <namespaceB>.",
    ),
    "SPILL_DISK_FULL": (
        "53100",
        "The disk is full or not writable while writing to <directory>: <reason>. Free space there, or set <setting> to another directory.",
    ),
    "SQL_CONF_NOT_FOUND": (
        "42K0I",
        'The SQL config "<sqlConf>" cannot be found. Please verify that the config exists.',
    ),
    "STAR_GROUP_BY_POS": (
        "0A000",
        "Star (*) is not allowed in a select list when GROUP BY an ordinal position is used.",
    ),
    "TABLE_OR_VIEW_ALREADY_EXISTS": (
        "42P07",
        "Cannot create table or view <relationName> because it already exists. Choose a different name, drop or replace the existing object, or add the IF NOT EXISTS clause to tolerate pre-existing objects.",
    ),
    "TABLE_OR_VIEW_NOT_FOUND": (
        "42P01",
        "The table or view <relationName> cannot be found. Verify the spelling and correctness of the schema and catalog.",
    ),
    "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS": (
        "42P07",
        "Cannot create the temporary view <relationName> because it already exists. Choose a different name, drop or replace the existing view, or add the IF NOT EXISTS clause to tolerate pre-existing views.",
    ),
    "TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS": (
        "428EK",
        "CREATE TEMPORARY VIEW or the corresponding Dataset APIs only accept single-part view names, but got: <actualName>.",
    ),
    "TRAILING_COMMA_IN_SELECT": (
        "42601",
        "Trailing comma detected in SELECT clause. Remove the trailing comma before the FROM clause.",
    ),
    "UDTF_ALIAS_NUMBER_MISMATCH": (
        "42802",
        "The number of aliases supplied in the AS clause does not match the number of columns output by the UDTF. Expected <aliasesSize> aliases, but got <aliasesNames>. Please ensure that the number of aliases provided matches the number of columns output by the UDTF.",
    ),
    "UNABLE_TO_INFER_SCHEMA": ("42KD9", "Unable to infer schema for <format>. It must be specified manually."),
    "UNBOUND_SQL_PARAMETER": (
        "42P02",
        "Found the unbound parameter: <name>. Please, fix `args` and provide a mapping of the parameter to either a SQL literal or collection constructor functions.",
    ),
    "UNCLOSED_BRACKETED_COMMENT": (
        "42601",
        "Found an unclosed bracketed comment. Please, append */ at the end of the comment.",
    ),
    "UNCLOSED_QUOTE": ("42601", "Found an unclosed <quote>. Please, append <quote> at the end of the text."),
    "UNEXPECTED_INPUT_TYPE": (
        "42K09",
        "Parameter <paramIndex> of function <functionName> requires the <requiredType> type, however <inputSql> has the type <inputType>.",
    ),
    "UNEXPECTED_POSITIONAL_ARGUMENT": (
        "4274K",
        "Cannot invoke routine <routineName> because it contains positional argument(s) following the named argument assigned to <parameterName>; please rearrange them so the positional arguments come first and then retry the query again.",
    ),
    "UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE": (
        "42836",
        "The UNION operator is not yet supported within recursive common table expressions (WITH clauses "
        "that refer to themselves, directly or indirectly). Please use UNION ALL instead.",
    ),
    "UNKNOWN_DATASOURCE": ("42K02", "Failed to find the data source: <provider>.<suggestion>"),
    "UNKNOWN_DIALECT": ("22023", "There is no SQL dialect `<dialect>`."),
    "UNPIVOT_REQUIRES_ATTRIBUTES": (
        "42K0A",
        "UNPIVOT requires all given <given> expressions to be columns when no <empty> expressions are given. These are not columns: [<expressions>].",
    ),
    "UNPIVOT_VALUE_DATA_TYPE_MISMATCH": (
        "42K09",
        "Unpivot value columns must share a least common type, some types do not: <types>.",
    ),
    "UNPIVOT_VALUE_SIZE_MISMATCH": (
        "428C4",
        "All unpivot value columns must have the same size as there are value column names (<names>).",
    ),
    "UNRECOGNIZED_PARAMETER_NAME": (
        "4274K",
        "Cannot invoke routine <routineName> because the routine call included a named argument reference for the argument named <argumentName>, but this routine does not include any signature containing an argument with this name. Did you mean one of the following? [<proposal>]",
    ),
    "UNRESOLVABLE_TABLE_VALUED_FUNCTION": (
        "42883",
        "Could not resolve <name> to a table-valued function. Please make sure that <name> is defined as a table-valued function and that all required parameters are provided correctly.",
    ),
    "UNRESOLVED_ALL_IN_GROUP_BY": (
        "42803",
        "Cannot infer grouping columns for GROUP BY ALL based on the select clause. Please explicitly specify the grouping columns.",
    ),
    "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION": (
        "42703",
        "A column, variable, or function parameter with name <objectName> cannot be resolved.",
    ),
    "UNRESOLVED_COLUMN.WITH_SUGGESTION": (
        "42703",
        "A column, variable, or function parameter with name <objectName> cannot be resolved. Did you mean one of the following? [<proposal>].",
    ),
    "UNRESOLVED_ROUTINE": ("42883", "Cannot resolve routine <routineName> on search path <searchPath>."),
    "UNRESOLVED_USING_COLUMN_FOR_JOIN": (
        "42703",
        "USING column <colName> cannot be resolved on the <side> side of the join. The <side>-side columns: [<suggestion>].",
    ),
    "UNRESOLVED_VARIABLE": ("42883", "Cannot resolve variable <variableName> on search path <searchPath>."),
    "UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING": (
        "0A000",
        "The char/varchar type can't be used in the table schema. If you want Spark treat them as string "
        'type as same as Spark 3.0 and earlier, please set "spark.sql.legacy.charVarcharAsString" to "true".',
    ),
    "UNSUPPORTED_DATATYPE": ("0A000", "Unsupported data type <typeName>."),
    "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE": (
        "0A000",
        "The <format> datasource doesn't support the column <columnName> of the type <columnType>.",
    ),
    "UNSUPPORTED_EXPR_FOR_OPERATOR": (
        "42K0E",
        "The query operator <operator> contains one or more unsupported expressions. Consider to rewrite it to avoid window functions, aggregate functions, and generator functions in the <operator> operator. Invalid expressions: [<invalidExprSqls>]",
    ),
    "UNSUPPORTED_EXPR_FOR_PARAMETER": (
        "42K0E",
        "A query parameter contains unsupported expression. Parameters can either be variables or literals. Invalid expression: [<invalidExprSql>]",
    ),
    "UNSUPPORTED_EXPR_FOR_WINDOW": ("42P20", "Expression <sqlExpr> not supported within a window function."),
    "UNSUPPORTED_FEATURE": ("0A000", "The feature is not supported: <feature>."),
    "UNSUPPORTED_FEATURE.AES_MODE": (
        "0A000",
        "The feature is not supported: AES-<mode> with the padding <padding> by the <functionName> function.",
    ),
    "UNSUPPORTED_FEATURE.AES_MODE_AAD": (
        "0A000",
        "The feature is not supported: <functionName> with AES-<mode> does not support additional authenticate data (AAD).",
    ),
    "UNSUPPORTED_FEATURE.AES_MODE_IV": (
        "0A000",
        "The feature is not supported: <functionName> with AES-<mode> does not support initialization vectors (IVs).",
    ),
    "UNSUPPORTED_FEATURE.ANALYZE_UNCACHED_TEMP_VIEW": (
        "0A000",
        "The feature is not supported: The ANALYZE TABLE FOR COLUMNS command can operate on temporary views that have been cached already. Consider to cache the view <viewName>.",
    ),
    "UNSUPPORTED_FEATURE.ANALYZE_UNSUPPORTED_COLUMN_TYPE": (
        "0A000",
        "The feature is not supported: The ANALYZE TABLE FOR COLUMNS command does not support the type <columnType> of the column <columnName> in the table <tableName>.",
    ),
    "UNSUPPORTED_FEATURE.ANALYZE_VIEW": (
        "0A000",
        "The feature is not supported: The ANALYZE TABLE command does not support views.",
    ),
    "UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_JSON": (
        "0A000",
        "The feature is not supported: DESC TABLE COLUMN AS JSON not supported for individual columns.",
    ),
    "UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_PARTITION": (
        "0A000",
        "The feature is not supported: DESC TABLE COLUMN for a specific partition.",
    ),
    "UNSUPPORTED_FEATURE.LAMBDA_FUNCTION_WITH_SQL_UDF": (
        "0A000",
        "The feature is not supported: Lambda function with SQL UDF <funcName> in a higher order function.",
    ),
    "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_AGGREGATE_FUNC": (
        "0A000",
        "The feature is not supported: Referencing a lateral column alias <lca> in the aggregate function <aggFunc>.",
    ),
    "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_GROUP_BY": (
        "0A000",
        "The feature is not supported: Referencing a lateral column alias via GROUP BY alias/ALL is not supported yet.",
    ),
    "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_WINDOW": (
        "0A000",
        "The feature is not supported: Referencing a lateral column alias <lca> in window expression <windowExpr>.",
    ),
    "UNSUPPORTED_FEATURE.LATERAL_JOIN_USING": (
        "0A000",
        "The feature is not supported: JOIN USING with LATERAL correlation.",
    ),
    "UNSUPPORTED_FEATURE.LATERAL_NATURAL_JOIN": (
        "0A000",
        "The feature is not supported: NATURAL join with LATERAL correlation.",
    ),
    "UNSUPPORTED_FEATURE.PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE": (
        "0A000",
        "The feature is not supported: The SQL pipe operator syntax with aggregation (using |> AGGREGATE) does not support <case>.",
    ),
    "UNSUPPORTED_FEATURE.SET_VARIABLE_USING_SET": (
        "0A000",
        "The feature is not supported: <variableName> is a VARIABLE and cannot be updated using the SET statement. Use SET VARIABLE <variableName> = ... instead.",
    ),
    "UNSUPPORTED_FEATURE.TABLE_OPERATION": (
        "0A000",
        'The feature is not supported: Table <tableName> does not support <operation>. Please check the current catalog and namespace to make sure the qualified table name is expected, and also check the catalog implementation which is configured by "spark.sql.catalog".',
    ),
    "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS": (
        "42K0E",
        "The generator is not supported: nested in expressions <expression>.",
    ),
    "UNSUPPORTED_GENERATOR.NOT_GENERATOR": (
        "42K0E",
        "The generator is not supported: <functionName> is expected to be a generator. However, its class is <classCanonicalName>, which is not a generator.",
    ),
    "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT": (
        "42K0E",
        "The generator is not supported: outside the SELECT clause, found: <plan>.",
    ),
    "UNSUPPORTED_GROUPING_EXPRESSION": (
        "42K0E",
        "grouping()/grouping_id() can only be used with GroupingSets/Cube/Rollup.",
    ),
    "UNSUPPORTED_OVERWRITE.TABLE": (
        "42902",
        "Can't overwrite the target that is also being read from: the table <table>.",
    ),
    "UNSUPPORTED_SQL_UDF_USAGE": ("0A000", "Using SQL function <functionName> in <nodeName> is not supported."),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED": (
        "0A000",
        "Unsupported subquery expression: Accessing outer query column is not allowed in this location: <treeNode>",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES": (
        "0A000",
        "Unsupported subquery expression: Found an aggregate function in a correlated predicate that has both outer and local references, which is not supported: <function>.",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE": (
        "0A000",
        "Unsupported subquery expression: Expressions referencing the outer query are not supported outside of WHERE/HAVING clauses: <sqlExprs>.",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.HIGHER_ORDER_FUNCTION": (
        "0A000",
        "Unsupported subquery expression: Subquery expressions are not supported within higher-order functions. Please remove all subquery expressions from higher-order functions and then try the query again.",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.LATERAL_JOIN_CONDITION_NON_DETERMINISTIC": (
        "0A000",
        "Unsupported subquery expression: Lateral join condition cannot be non-deterministic: <condition>.",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.MUST_AGGREGATE_CORRELATED_SCALAR_SUBQUERY": (
        "0A000",
        "Unsupported subquery expression: Correlated scalar subqueries must be aggregated to return at most one row.",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.NON_DETERMINISTIC_LATERAL_SUBQUERIES": (
        "0A000",
        "Unsupported subquery expression: Non-deterministic lateral subqueries are not supported when "
        "joining with outer relations that produce more than one row: <treeNode>",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.SCALAR_SUBQUERY_IN_VALUES": (
        "0A000",
        "Unsupported subquery expression: Scalar subqueries in the VALUES clause.",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION": (
        "0A000",
        "Unsupported subquery expression: Correlated subqueries in the join predicate cannot reference both join inputs: <subqueryExpression>",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_REFERENCE_DATA_TYPE": (
        "0A000",
        "Unsupported subquery expression: Correlated column reference '<expr>' cannot be <dataType> type.",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_SCALAR_SUBQUERY": (
        "0A000",
        "Unsupported subquery expression: Correlated scalar subqueries can only be used in filters, aggregations, projections, and UPDATE/MERGE/DELETE commands: <treeNode>",
    ),
    "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_IN_EXISTS_SUBQUERY": (
        "0A000",
        "Unsupported subquery expression: IN/EXISTS predicate subqueries can only be used in filters, joins, aggregations, window functions, projections, and UPDATE/MERGE/DELETE commands: <treeNode>",
    ),
    "UNSUPPORTED_TIME_PRECISION": (
        "0A001",
        "The seconds precision <precision> of the TIME data type is out of the supported range [0, 6].",
    ),
    "UNSUPPORTED_TYPED_LITERAL": (
        "0A000",
        "Literals of the type <unsupportedType> are not supported. Supported types are <supportedTypes>.",
    ),
    "USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS": (
        "42601",
        "User defined function is invalid: SQL scalar function cannot contain aggregate/window/generate "
        "functions: <queryText>",
    ),
    "USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_EXPRESSION": (
        "42601",
        "User defined function is invalid: The DEFAULT expression of `<functionName>`.`<parameterName>` is "
        "not supported because it contains a subquery.",
    ),
    "USER_DEFINED_FUNCTIONS.NOT_A_VALID_DEFAULT_PARAMETER_POSITION": (
        "42601",
        "User defined function is invalid: In routine `<functionName>` parameter `<parameterName>` with "
        "DEFAULT must not be followed by parameter `<nextParameterName>` without DEFAULT.",
    ),
    "USER_DEFINED_FUNCTIONS.NOT_NULL_ON_FUNCTION_PARAMETERS": (
        "42601",
        "User defined function is invalid: Cannot specify NOT NULL on function parameters: <input>",
    ),
    "USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH": (
        "42601",
        "User defined function is invalid: The number of columns produced by the RETURN clause (num: "
        "`<outputSize>`) does not match the number of column names specified by the RETURNS clause (num: "
        "`<returnParamSize>`) of <name>.",
    ),
    "USER_DEFINED_FUNCTIONS.SQL_TABLE_UDF_BODY_MUST_BE_A_QUERY": (
        "42601",
        "User defined function is invalid: SQL table function <name> body must be a query.",
    ),
    "USER_DEFINED_FUNCTIONS.SQL_TABLE_UDF_MISSING_COLUMN_NAMES": (
        "42601",
        "User defined function is invalid: The relation returned by the query in the CREATE FUNCTION "
        "statement for <functionName> with RETURNS TABLE clause lacks explicit names for one or more output "
        "columns; please rewrite the function body to provide explicit column names or add column names to "
        "the RETURNS TABLE clause, and re-run the command.",
    ),
    "USER_RAISED_EXCEPTION": ("P0001", "<errorMessage>"),
    "VARIABLE_ALREADY_EXISTS": (
        "42723",
        "Cannot create the variable <variableName> because it already exists. Choose a different name, or drop or replace the existing variable.",
    ),
    "VARIABLE_NOT_FOUND": (
        "42883",
        "The variable <variableName> cannot be found. Verify the spelling and correctness of the schema and catalog. If you did not qualify the name with a schema and catalog, verify the current_schema() output, or qualify the name with the correct schema and catalog. To tolerate the error on drop use DROP VARIABLE IF EXISTS.",
    ),
    "WINDOW_FUNCTION_FRAME_NOT_ORDERED": (
        "42601",
        "Window function <wf> requires window to be ordered, please add ORDER BY clause. For example SELECT <wf> (value_expr) OVER (PARTITION BY window_partition ORDER BY window_ordering) from table.",
    ),
    "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE": (
        "42903",
        "Window functions are not allowed in the <clauseName> clause. Use QUALIFY, or a sub-query.",
    ),
    "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE": ("42601", 'Window function "<funcName>" requires an OVER clause.'),
    "WRONG_COMMAND_FOR_OBJECT_TYPE": (
        "42809",
        "The operation <operation> requires a <requiredType>. But <objectName> is a <foundType>. Use <alternative> instead.",
    ),
    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION": (
        "42605",
        "The <functionName> requires <expectedNum> parameters but the actual number is <actualNum>.",
    ),
    "WRONG_NUM_ARGS.WITH_SUGGESTION": (
        "42605",
        "The <functionName> requires <expectedNum> parameters but the actual number is <actualNum>.",
    ),
    "_LEGACY_ERROR_TEMP_0014": ("42601", "TABLESAMPLE does not accept empty inputs."),
    "_LEGACY_ERROR_TEMP_0015": ("0A000", "TABLESAMPLE(<msg>) is not supported."),
    "_LEGACY_ERROR_TEMP_0016": (
        "42601",
        "<bytesStr> is not a valid byte length literal, expected syntax: DIGIT+ ('B' | 'K' | 'M' | 'G').",
    ),
    "_LEGACY_ERROR_TEMP_0026": (
        "42000",
        "Can only use numbers in the interval value part for multiple unit value pairs interval form, but got invalid value: <value>.",
    ),
    "_LEGACY_ERROR_TEMP_0027": (
        "42000",
        "The value of from-to unit must be a string.",
    ),
    "_LEGACY_ERROR_TEMP_0029": (
        "42000",
        "Cannot mix year-month and day-time fields: <literal>.",
    ),
    "_LEGACY_ERROR_TEMP_0034": ("0A000", "<operation> is not supported in Hive-style <command><msg>."),
    "_LEGACY_ERROR_TEMP_0035": ("42601", "Operation not allowed: <message>."),
    "_LEGACY_ERROR_TEMP_0045": (
        "42601",
        "Invalid time zone displacement value: LOCAL, a zone in quotes or an INTERVAL is expected.",
    ),
    "_LEGACY_ERROR_TEMP_0051": ("42000", "Empty set in <element> grouping sets is not supported."),
    "_LEGACY_ERROR_TEMP_0063": (
        "42000",
        "<msg>.",
    ),
    "_LEGACY_ERROR_TEMP_1006": (
        "42803",
        "Aggregate expression required for pivot, but '<sql>' did not appear in any aggregate function.",
    ),
    "_LEGACY_ERROR_TEMP_1031": (
        "42000",
        "It is not allowed to use a window function inside an aggregate function. Please use the inner window function in a sub-query.",
    ),
    "_LEGACY_ERROR_TEMP_1035": ("42000", "Cannot specify window frame for <prettyName> function."),
    "_LEGACY_ERROR_TEMP_1036": ("42000", "Window Frame <wf> must match the required frame <required>."),
    "_LEGACY_ERROR_TEMP_1046": (
        "42000",
        "Join strategy hint parameter should be an identifier or string but was <unsupported> (<class>).",
    ),
    "_LEGACY_ERROR_TEMP_1047": (
        "42000",
        "<hintName> Hint parameters should include an optional integral partitionNum and/or columns, but <invalidParams> can not be recognized as either partitionNum or columns.",
    ),
    "_LEGACY_ERROR_TEMP_1048": ("42000", "<hintName> Hint expects a partition number as a parameter."),
    "_LEGACY_ERROR_TEMP_1052": ("42000", "ADD COLUMN with v1 tables cannot specify NOT NULL."),
    "_LEGACY_ERROR_TEMP_1060": ("42000", "<command> does not support nested column: <column>."),
    "_LEGACY_ERROR_TEMP_1147": (
        "42000",
        "The ordering of partition columns is <partColumns>. All partition columns having constant values need to appear before other partition columns that do not have an assigned constant value.",
    ),
    "_LEGACY_ERROR_TEMP_1169": (
        "42000",
        "Requested partitioning does not match the table <tableName>: Requested partitions: <normalizedPartSpec>. Table partitions: <partColNames>.",
    ),
    "_LEGACY_ERROR_TEMP_1232": (
        "42000",
        "Partition spec is invalid. The spec (<specKeys>) must match the partition spec (<partitionColumnNames>) defined in table '<tableName>'.",
    ),
    "_LEGACY_ERROR_TEMP_1266": (
        "42000",
        "Operation not allowed: TRUNCATE TABLE on external tables: <tableIdentWithDB>.",
    ),
    "_LEGACY_ERROR_TEMP_1273": (
        "42000",
        "<table> is a Spark data source table. Use `SHOW CREATE TABLE` without `AS SERDE` instead.",
    ),
}

_ANSI = '"spark.sql.ansi.enabled"'
_DOCUMENTATION = "https://spark.apache.org/docs/latest"
CONSTANTS: dict[str, dict[str, str]] = {
    "ARITHMETIC_OVERFLOW": {"alternative": "", "config": _ANSI},
    "CAST_INVALID_INPUT": {"ansiConfig": _ANSI},
    "CAST_OVERFLOW": {"ansiConfig": _ANSI},
    "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION": {"config": _ANSI, "configVal": "'false'"},
    "DIVIDE_BY_ZERO": {"config": _ANSI},
    "DUPLICATED_MAP_KEY": {"mapKeyDedupPolicy": '"spark.sql.mapKeyDedupPolicy"'},
    "INVALID_DATETIME_PATTERN.WITH_SUGGESTION": {"docroot": _DOCUMENTATION},
    "MISSING_WINDOW_SPECIFICATION": {"docroot": _DOCUMENTATION},
    "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION": {"config": _ANSI},
    "REMAINDER_BY_ZERO": {"config": _ANSI},
    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION": {"docroot": _DOCUMENTATION},
}
"""Parameters that are the same in every error of a condition."""
