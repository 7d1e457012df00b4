-- Queries whose answers must be DuckDB's, whatever the optimizer does; a statement a line.
select a,b from t where exists (select 1 from u where u.a = t.a)
select a,b from t where not exists (select 1 from u where u.a = t.a and u.c > t.b)
select a,b from t where b in (select c from u)
select a,b from t where b not in (select c from u)
select a,b from t where b not in (select c from u where c is not null)
select a,b from t where a not in (select a from u where u.c = t.b)
select a,b from t where a not in (select a from u where u.c = t.b and a is not null)
select a,b from t where exists (select 1 from u where c > 5)
select a,b from t where not exists (select 1 from u where c > 50)
select a,b from t where a > 5 or exists (select 1 from u where u.a = t.a)
select a,b from t where a > 5 or b in (select c from u where u.a = t.a)
select a,b from t where a > 5 or b not in (select c from u where u.a = t.a)
select a,b from t where not (a > 5 or b in (select c from u where u.a = t.a))
select a, a in (select a from u) x, b in (select c from u) z from t
select a, a not in (select a from u where a is not null) x from t
select a, exists (select 1 from u where u.a = t.a) x from t
select a, case when exists (select 1 from u where u.a = t.a) then 1 else 0 end x from t
select a from t where b in (select max(c) from u where u.a = t.a)
select a from t where (a, b) in (select a, c from u)
select a from t where (a, b) not in (select a, c from u where a is not null and c is not null)
select a from t where exists (select 1 from u where u.a = t.a and exists (select 1 from big where big.ta = t.a and big.uc = u.c))
select a from t where b in (select c from u where u.a = t.a union all select uc from big where ta = t.a)
select a from t where b in (select c from u where u.a = t.a intersect select uc from big where ta = t.a)
select t.a, u.c from t left join u on t.a = u.a and u.c in (select uc from big where k > 5)
select t.a, u.c from t join u on t.a = u.a and u.c in (select uc from big where k > u.a)
select a from t where b > (select avg(c) from u where u.a = t.a)
select a, (select count(*) from u where u.a = t.a) n from t
select a, (select count(*) + 1 from u where u.a = t.a) n from t
select a, (select count(c) from u where u.a < t.a) n from t
select a, (select count(*) from u where u.a = t.a having count(*) > 1) n from t
select a, (select count(*) from u where u.a = t.a having count(*) < 1) n from t
select a, (select sum(c) from u where u.a = t.a having count(*) > 1) n from t
select a, (select max(y) from u where u.a = t.a and u.c > t.b) n from t
select a, (select max(c) from u where u.c < t.b) m from t
select a, (select coalesce(max(c), -1) from u where u.c < t.b) m from t
select a, (select coalesce(max(c), -1) from u where u.a = t.a) m from t
select a, n, (select c from u where u.a = t.a order by c nulls last limit 1) m from t
select a, n, (select c from u where u.a <= t.a order by c desc nulls last, y nulls first limit 1) m from t
select b, (select max(y) from u where u.c = t.b) m, count(*) from t group by b
select b, sum((select max(c) from u where u.a = t.a)) m, count(*) from t group by b
select b, count(*) from t group by b having count(*) > (select count(*) from u where u.c = t.b)
select a from t where b = (select max(c) from u where u.a = (select max(k) from big where big.ta = t.a))
select a from t where b >= (select max(c) from u where u.a = (select max(k) from big where big.ta = u.a and big.uc = t.b))
select a from t where b > (select avg(c) from u)
select a, (select max(c) from u) from t
select t.a, x.c from t, lateral (select c from u where u.a = t.a) x
select t.a, x.z from t, lateral (select t.a + 1 as z) x
select t.a, x.m from t left join lateral (select max(c) m from u where u.a = t.a) x on true
select t.a, x.m from t, lateral (select count(*) m from u where u.a = t.a) x
select t.n, x.c from t, lateral (select c from u where u.a = t.a order by c nulls first limit 2) x
select t.a, x.c, z.k from t, lateral (select c from u where u.a = t.a) x, lateral (select k from big where big.uc = x.c and big.ta = t.a) z
select a from t where exists (select 1 from u left join big on u.c = big.uc and big.k > t.b where u.a = t.a)
select a, (select count(big.k) from u left join big on u.c = big.uc and big.ta = t.a where u.a = t.a) q from t
select a, (select count(*) from (select distinct c from u where u.a = t.a) q) z from t
select a, (select sum(m) from (select c, max(a) m from u where u.a <= t.a group by c) q) z from t
select a, (select max(r) from (select c, row_number() over (order by c nulls first, y nulls first) r from u where u.a = t.a) q) z from t
select a from t intersect select c from u
select a from t except select c from u
select a from t intersect all select c from u
select a from t except all select c from u
select a, s from t except select a, y from u
select count(distinct a) x, count(distinct b) y, avg(n) z, count(*) w from t
select b, count(distinct a) x, count(distinct s) y, sum(n) z, count(*) w, max(a) v from t group by b
select b, count(distinct a) x, sum(n) z, count(*) w, max(a) v, min(s) from t group by b
select b, count(distinct a) filter (where n > 10) x, sum(distinct n) q from t group by b
select count(distinct a) x, sum(n), count(*) from t where a > 100
select count(distinct a) x, count(distinct b), sum(n), count(*) from t where a > 100
select s, avg(distinct b) from t group by s
select t.a, u.c from t left join u on t.a = u.a where u.c > 2
select t.a, u.c from t full join u on t.a = u.a where t.b = 2
select t.a, u.c from t full join u on t.a = u.a where t.b = u.c or u.c is null
select t.a, u.c from t right join u on t.a = u.a and t.b > 3
select t.a, u.c, big.k from t, u, big where t.a = u.a and u.a = big.ta and t.a = big.ta and t.b = 1
select t.a, u.c, big.k from t left join u on t.a = u.a left join big on u.c = big.uc and big.k = t.b where t.n > 5
select t.a, u.c, big.k from t left join u on t.a = u.a join big on u.c = big.uc where t.n > 5
select t.n, u.c, big.k from t join big on t.a = big.ta left join u on big.uc = u.c and u.a = t.a where exists (select 1 from u u2 where u2.c = big.uc and u2.a > t.b)
with q as (select b, count(*) n from t group by b) select x.b, y.n from q x join q y on x.b = y.n
with q as (select b, count(*) n from t group by b) select b from q where n > (select avg(n) from q)
with q as (select b, count(*) n from t group by b), r as (select * from q where n > 3) select q.b, r.n from q left join r on q.b = r.b
select * from (select a, b from t union all select a, c from u) where b = 1
select distinct b from (select b, sum(a) x from t group by b)
select b, 'x' k, sum(a) x from t group by b, 'x'
select * from (select b, a, count(*) over (partition by b) n from t) where b = 1 and n > 2
select distinct t.a from t left join u on t.a = u.a
select t.a, t.n from t left join (select c, count(*) n from u group by c) x on t.b = x.c
select a,b from t where (a = 1 and b = 2) or (a = 1 and b = 3) or (a = 1 and b is null)
select a,b from t where not (a = 1 and b is null) and not (a > 3 or b < 2)
select count(*) from t where a is null or not (a > 3)
select case when a > 3 and b > 2 then 1 when cast(null as boolean) then 2 else 3 end from t
select a from t where a between 2 and 4 or b in (1,2,1) or s like 'x'
select t.n from t, u where (t.a = u.a and t.b = 1 and u.c = 2) or (t.a = u.a and t.b = 3 and u.c > 4)
select a from t where a in (select a from u where u.c = t.b limit 1000)
select n from t where n = 1 and n = 2
select t.a from t join (select a from u where false) x on t.a = x.a
select t.a, x.c from t left join (select a, c from u where false) x on t.a = x.a
select count(*), max(a) from t where false
select b, rank() over (partition by b order by n) r, n from t qualify r <= 2
select (select max(x.a) from u x where x.c not in (select k from big y where (y.k = z.ta or y.ta between 2 and (y.k + 1)) union all select a from u) having count(*) > 1) from big z where z.ta is not null
select k from big where exists (select 1 from u where u.c not in (select t.b from t where t.a = big.k))
select k from big where exists (select 1 from u where u.a > big.k and u.c not in (select t.b from t where t.n > 28))
select k, (select count(*) from u where (u.a > big.k or u.c = big.ta) and u.c not in (select t.b from t where t.n > 28)) from big
with q as (select b, n, count(*) c from t group by b, n) select x.b, y.b, x.c, y.c from q x, q y where x.n = y.n and x.b = 1 and x.c > 1 and y.b = 2
with q as (select b, 's' k, sum(a) s from t group by b union all select c, 'u', sum(a) from u group by c) select x.s, y.s from q x join q y on x.b = y.b where x.k = 's' and y.k = 'u' and x.b > 2 and (y.b < 9 or y.b is null)
with q as (select a, b from t where a > 1), r as (select q.b, count(*) c from q join u on q.a = u.a group by q.b) select * from (select b, c from r where b = 1) union all select b, c from r where b in (1, 3) union all select a, b from q where b = 3
