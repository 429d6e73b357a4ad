-- SPDX-License-Identifier: Apache-2.0
--
-- A table filled, indexed, joined, thinned out.
create table t(a integer primary key, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 400)
  insert into t select i, hex(i * 7919) from n;
create index x on t(b);
select count(*), max(t.b) from t join t u on u.a = t.a * 7 % 400 where t.b like '3%';
delete from t where a % 3 = 0;
select sum(a) from t;
