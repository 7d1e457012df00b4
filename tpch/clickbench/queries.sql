-- The 43 questions of ClickBench in Spark's dialect. After the name: the output columns that ORDER BY names (negative:
-- descending), "?" where which rows LIMIT keeps is open. {many}, {skip}, {sums}: see statements.py.

-- q01
select count(*) from hits;
-- q02
select count(*) from hits where AdvEngineID <> 0;
-- q03
select sum(AdvEngineID), count(*), avg(ResolutionWidth) from hits;
-- q04
select avg(UserID) from hits;
-- q05
select count(distinct UserID) from hits;
-- q06
select count(distinct SearchPhrase) from hits;
-- q07
select min(EventDate), max(EventDate) from hits;
-- q08 -2
select AdvEngineID, count(*) from hits where AdvEngineID <> 0 group by AdvEngineID order by count(*) desc;
-- q09 -2
select RegionID, count(distinct UserID) as u from hits group by RegionID order by u desc limit 10;
-- q10 -3
select RegionID, sum(AdvEngineID), count(*) as c, avg(ResolutionWidth), count(distinct UserID)
from hits group by RegionID order by c desc limit 10;
-- q11 -2
select MobilePhoneModel, count(distinct UserID) as u
from hits where MobilePhoneModel <> '' group by MobilePhoneModel order by u desc limit 10;
-- q12 -3
select MobilePhone, MobilePhoneModel, count(distinct UserID) as u
from hits where MobilePhoneModel <> '' group by MobilePhone, MobilePhoneModel order by u desc limit 10;
-- q13 -2
select SearchPhrase, count(*) as c from hits where SearchPhrase <> '' group by SearchPhrase order by c desc limit 10;
-- q14 -2
select SearchPhrase, count(distinct UserID) as u
from hits where SearchPhrase <> '' group by SearchPhrase order by u desc limit 10;
-- q15 -3
select SearchEngineID, SearchPhrase, count(*) as c
from hits where SearchPhrase <> '' group by SearchEngineID, SearchPhrase order by c desc limit 10;
-- q16 -2
select UserID, count(*) from hits group by UserID order by count(*) desc limit 10;
-- q17 -3
select UserID, SearchPhrase, count(*) from hits group by UserID, SearchPhrase order by count(*) desc limit 10;
-- q18 ?
select UserID, SearchPhrase, count(*) from hits group by UserID, SearchPhrase limit 10;
-- q19 -4
select UserID, extract(minute from EventTime) as m, SearchPhrase, count(*)
from hits group by UserID, m, SearchPhrase order by count(*) desc limit 10;
-- q20
select UserID from hits where UserID = 435090932899640449;
-- q21
select count(*) from hits where URL like '%google%';
-- q22 -3
select SearchPhrase, min(URL), count(*) as c
from hits where URL like '%google%' and SearchPhrase <> '' group by SearchPhrase order by c desc limit 10;
-- q23 -4
select SearchPhrase, min(URL), min(Title), count(*) as c, count(distinct UserID)
from hits where Title like '%Google%' and URL not like '%.google.%' and SearchPhrase <> ''
group by SearchPhrase order by c desc limit 10;
-- q24 5
select * from hits where URL like '%google%' order by EventTime limit 10;
-- q25 ?
select SearchPhrase from hits where SearchPhrase <> '' order by EventTime limit 10;
-- q26 1
select SearchPhrase from hits where SearchPhrase <> '' order by SearchPhrase limit 10;
-- q27 ?
select SearchPhrase from hits where SearchPhrase <> '' order by EventTime, SearchPhrase limit 10;
-- q28 -2
select CounterID, avg(length(URL)) as l, count(*) as c
from hits where URL <> '' group by CounterID having count(*) > {many} order by l desc limit 25;
-- q29 -2
select regexp_replace(Referer, '^https?://(?:www\\.)?([^/]+)/.*$', '$1') as k, avg(length(Referer)) as l, count(*) as c,
    min(Referer)
from hits where Referer <> '' group by k having count(*) > {many} order by l desc limit 25;
-- q30
select {sums} from hits;
-- q31 -3
select SearchEngineID, ClientIP, count(*) as c, sum(IsRefresh), avg(ResolutionWidth)
from hits where SearchPhrase <> '' group by SearchEngineID, ClientIP order by c desc limit 10;
-- q32 -3
select WatchID, ClientIP, count(*) as c, sum(IsRefresh), avg(ResolutionWidth)
from hits where SearchPhrase <> '' group by WatchID, ClientIP order by c desc limit 10;
-- q33 -3
select WatchID, ClientIP, count(*) as c, sum(IsRefresh), avg(ResolutionWidth)
from hits group by WatchID, ClientIP order by c desc limit 10;
-- q34 -2
select URL, count(*) as c from hits group by URL order by c desc limit 10;
-- q35 -3
select 1, URL, count(*) as c from hits group by 1, URL order by c desc limit 10;
-- q36 -5
select ClientIP, ClientIP - 1, ClientIP - 2, ClientIP - 3, count(*) as c
from hits group by ClientIP, ClientIP - 1, ClientIP - 2, ClientIP - 3 order by c desc limit 10;
-- q37 -2
select URL, count(*) as views
from hits
where CounterID = 62 and EventDate >= date '2013-07-01' and EventDate <= date '2013-07-31' and DontCountHits = 0
    and IsRefresh = 0 and URL <> ''
group by URL order by views desc limit 10;
-- q38 -2
select Title, count(*) as views
from hits
where CounterID = 62 and EventDate >= date '2013-07-01' and EventDate <= date '2013-07-31' and DontCountHits = 0
    and IsRefresh = 0 and Title <> ''
group by Title order by views desc limit 10;
-- q39 -2
select URL, count(*) as views
from hits
where CounterID = 62 and EventDate >= date '2013-07-01' and EventDate <= date '2013-07-31' and IsRefresh = 0
    and IsLink <> 0 and IsDownload = 0
group by URL order by views desc limit 10 offset {skip};
-- q40 -6
select TraficSourceID, SearchEngineID, AdvEngineID,
    case when SearchEngineID = 0 and AdvEngineID = 0 then Referer else '' end as source, URL as target, count(*) as views
from hits
where CounterID = 62 and EventDate >= date '2013-07-01' and EventDate <= date '2013-07-31' and IsRefresh = 0
group by TraficSourceID, SearchEngineID, AdvEngineID, source, target order by views desc limit 10 offset {skip};
-- q41 -3
select URLHash, EventDate, count(*) as views
from hits
where CounterID = 62 and EventDate >= date '2013-07-01' and EventDate <= date '2013-07-31' and IsRefresh = 0
    and TraficSourceID in (-1, 6) and RefererHash = 3594120000172545465
group by URLHash, EventDate order by views desc limit 10 offset {skip};
-- q42 -3
select WindowClientWidth, WindowClientHeight, count(*) as views
from hits
where CounterID = 62 and EventDate >= date '2013-07-01' and EventDate <= date '2013-07-31' and IsRefresh = 0
    and DontCountHits = 0 and URLHash = 2868770270353813622
group by WindowClientWidth, WindowClientHeight order by views desc limit 10 offset {skip};
-- q43 1
select date_trunc('minute', EventTime) as minute_, count(*) as views
from hits
where CounterID = 62 and EventDate >= date '2013-07-14' and EventDate <= date '2013-07-15' and IsRefresh = 0
    and DontCountHits = 0
group by date_trunc('minute', EventTime) order by date_trunc('minute', EventTime) limit 10 offset {skip};
