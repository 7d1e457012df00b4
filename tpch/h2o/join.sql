-- The five joins: x with small (rows / 1e6), medium (rows / 1e3) and big (as many rows), nine keys in ten are met.

-- q01
select x.*, small.id4 as small_id4, v2 from x join small on x.id1 = small.id1;
-- q02
select x.*, medium.id1 as medium_id1, medium.id4 as medium_id4, medium.id5 as medium_id5, v2
from x join medium on x.id2 = medium.id2;
-- q03
select x.*, medium.id1 as medium_id1, medium.id4 as medium_id4, medium.id5 as medium_id5, v2
from x left join medium on x.id2 = medium.id2;
-- q04
select x.*, medium.id1 as medium_id1, medium.id2 as medium_id2, medium.id4 as medium_id4, v2
from x join medium on x.id5 = medium.id5;
-- q05
select x.*, big.id1 as big_id1, big.id2 as big_id2, big.id4 as big_id4, big.id5 as big_id5, big.id6 as big_id6, v2
from x join big on x.id3 = big.id3;
