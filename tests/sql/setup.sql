create temporary view t as select * from values
  (1, 'a', cast(1.50 as decimal(15,2)), date '2020-01-31', timestamp '2020-01-31 10:11:12.123', cast(1.5 as double), 10L),
  (2, 'b', cast(-2.25 as decimal(15,2)), date '2020-02-29', timestamp '2020-02-29 23:59:59', cast('NaN' as double), 20L),
  (3, null, cast(100.00 as decimal(15,2)), date '1999-12-31', timestamp '1999-12-31 00:00:00', cast(-0.0 as double), 30L),
  (null, 'b', null, null, null, null, 40L),
  (2, 'Ünï', cast(0.01 as decimal(15,2)), date '2021-07-04', timestamp '2021-07-04 12:00:00.000001', cast('Infinity' as double), 50L)
  as v(a, b, c, d, ts, f, n);

create temporary view u as select * from values
  (1, 'x', array(1, 2, 3), map('k', 1, 'l', 2), named_struct('p', 1, 'q', 'one')),
  (2, 'y', array(), map(), named_struct('p', 2, 'q', null)),
  (2, 'z', null, null, null),
  (null, 'w', array(null, 7), map('m', null), named_struct('p', null, 'q', 'none'))
  as v(a, x, l, m, s);

create temporary view emp as select * from values
  (1, 'Ann', 'dev', 100), (2, 'Bob', 'dev', 80), (3, 'Cid', 'ops', 80), (4, 'Dee', 'ops', 120), (5, 'Eve', null, 60), (6, 'Fay', 'dev', 80)
  as v(id, name, dept, pay);

create temporary view empty as select * from t where false;
