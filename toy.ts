import { DuckDBInstance } from '@duckdb/node-api';
import { mkdirSync, existsSync } from 'node:fs';
const db = await DuckDBInstance.create(':memory:', {threads:'1', memory_limit:process.env.ML??'512MB', temp_directory:'/tmp/htoy/tmp'});
const c = await db.connect(); await c.run('set parquet_metadata_cache=true');
if(!existsSync('/tmp/htoy/h/project=1/day=2026-01-30')) for(let d=0; d<30; d++){ const day=new Date(Date.UTC(2026,0,1+d)).toISOString().slice(0,10); mkdirSync(`/tmp/htoy/h/project=1/day=${day}`,{recursive:true});
 await c.run(`copy (select 1::tinyint as v, (35184372088832+${d}*333333+i)::bigint as id, (35184372088832+floor(random()*500000))::bigint as profile, (epoch_ms(date '${day}')+i*259)::bigint as at_ms, (epoch_ms(date '${day}')+i*259)/1000.0::double as time, 'event' as kind, null::bigint as session, (35184372088832+2000000000+floor(random()*500000))::bigint as device, null::bigint as identity, 'event '||floor(least(random(),random())*20)::int as name, case when random()<0.2 then random()*100 end as value, null::varchar as info, true as stamped, ('{"level":'||floor(random()*60)::int||',"score":'||floor(random()*100000)::int||',"screen":"screen-'||floor(random()*40)::int||'"}')::json as params from range(333333) t(i) order by profile,time,id) to '/tmp/htoy/h/project=1/day=${day}/a.parquet' (format parquet, compression zstd, parquet_version v2, row_group_size ${process.env.RG??20480})`); }
await c.run(`create view lines as select * from read_parquet('/tmp/htoy/h/**/*.parquet', union_by_name=true, hive_partitioning=true, hive_types={'project':INTEGER,'day':DATE})`);
const qs: Record<string,string> = {
 scan: `select count(profile), count(name) from lines`,
 counts: `select day,name,count(*) from lines where kind='event' and project=1 group by all`,
 exact: `select day,name,count(*),count(distinct profile) from lines where kind='event' and project=1 group by all`,
 pre: `select day,name,sum(n),count(*) from (select day,name,profile,count(*) n from lines where kind='event' and project=1 group by all) group by all`,
 hash: `select day,name,count(*),approx_count_distinct(profile) from lines where kind='event' and project=1 group by all`,
 exact30: `select name,count(*),count(distinct profile) from lines where kind='event' and project=1 group by all`,
 day: `select count(*) from (copy_dummy)`,
};
for (const [k,q] of Object.entries(qs)) { if (k==='day') continue; let ts=[]; for(let i=0;i<3;i++){ const s=performance.now(), cpu=process.cpuUsage(); await c.run(q); const u=process.cpuUsage(cpu); ts.push(`${(performance.now()-s).toFixed(0)}/${((u.user+u.system)/1000).toFixed(0)}`);} console.log(k, ts.join(' ')); }
{ const s=performance.now(), cpu=process.cpuUsage(); await c.run(`copy (select * from '/tmp/htoy/h/project=1/day=2026-01-15/a.parquet' where kind='event') to '/tmp/htoy/day.parquet' (format parquet, compression zstd)`); const u=process.cpuUsage(cpu); console.log('day', performance.now()-s, (u.user+u.system)/1000); }
{ const s=performance.now(), cpu=process.cpuUsage(); await c.run(`copy (select * from '/tmp/htoy/h/project=1/day=2026-01-15/a.parquet' where kind='event') to '/tmp/htoy/day.parquet' (format parquet, compression snappy)`); const u=process.cpuUsage(cpu); console.log('day snappy', performance.now()-s, (u.user+u.system)/1000); }
