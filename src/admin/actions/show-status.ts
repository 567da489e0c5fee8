import { Type } from 'typebox';
import { defineAction } from '../action.ts';
import { Time } from '../shared.ts';

const Milliseconds = Type.Union([Type.Number(), Type.Null()]);

export const showStatus = defineAction({
  name: 'showStatus',
  method: 'GET',
  path: '/status',
  summary: 'What the server is, how much it does, how long it takes, and how much room there is.',
  result: Type.Object({
    version: Type.String(),
    node: Type.String(),
    schema: Type.Integer({ description: 'of the database' }),
    pid: Type.Integer(),
    address: Type.String(),
    dataFolder: Type.String(),
    startedMs: Time,
    uptimeSec: Type.Number(),
    projects: Type.Integer(),
    callers: Type.Array(
      Type.Object({
        name: Type.String(),
        answered: Type.Integer(),
        refused: Type.Integer({ description: 'answers of 400 to 499' }),
        failed: Type.Integer({ description: 'answers from 500 on' }),
        perSecond: Type.Number({ description: 'over the last ten seconds' }),
        p50Ms: Milliseconds,
        p99Ms: Milliseconds,
      }),
      { description: 'requests; times over the last minute' },
    ),
    engine: Type.Object({
      batches: Type.Integer(),
      items: Type.Integer(),
      itemsPerSecond: Type.Number({ description: 'over the last ten seconds' }),
      lines: Type.Integer({ description: 'lines written' }),
      groups: Type.Integer({ description: 'groups committed' }),
      refused: Type.Integer({ description: 'requests answered as unavailable' }),
      queued: Type.Integer({ description: 'requests waiting for their turn' }),
      queuedBytes: Type.Integer(),
      inFlight: Type.Integer({ description: 'groups on their way to disk' }),
      cacheBytes: Type.Integer({ description: 'approximate bytes of states in memory' }),
    }),
    history: Type.Object(
      { lagLines: Type.Integer(), lagSeconds: Type.Number() },
      { description: 'how far it is behind what is committed' },
    ),
    disk: Type.Object({
      databaseBytes: Type.Number(),
      walBytes: Type.Number(),
      historyBytes: Type.Number(),
      otherBytes: Type.Number(),
      freeBytes: Type.Number({ description: 'of the file system' }),
    }),
    memory: Type.Object({ residentBytes: Type.Number(), heapBytes: Type.Number() }),
  }),

  async handle(_call, { server, projects, engine, itemRate, requests, historyLag, measureDisk, clock }) {
    const { totals, load } = engine;
    const lag = historyLag();
    const { rss, heapUsed } = process.memoryUsage();
    return {
      ...server,
      uptimeSec: Math.floor((clock() - server.startedMs) / 1000),
      projects: projects.all.length,
      callers: Array.from(requests.callers, ([name, it]) => ({
        name,
        answered: it.answered,
        refused: it.refused,
        failed: it.failed,
        perSecond: it.perSecond,
        p50Ms: it.p50Ms,
        p99Ms: it.p99Ms,
      })),
      engine: {
        batches: totals.batches,
        items: totals.items,
        itemsPerSecond: itemRate.perSecond,
        lines: totals.events,
        groups: totals.groups,
        refused: totals.refused,
        ...load,
      },
      history: { lagLines: lag.lines, lagSeconds: lag.seconds },
      disk: await measureDisk(),
      memory: { residentBytes: rss, heapBytes: heapUsed },
    };
  },
});
