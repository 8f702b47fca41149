import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { onEachDatabase } from '../../test/each-database.ts'
import { day, epoch, kept, noon, StoredHistory, type Told } from '../../test/stored-history.ts'
import { migrate } from './migrations.ts'

onEachDatabase((database) => {
  before(async () => {
    await migrate(database().sql)
  })

  const begin = (...rows: readonly Told[]): Promise<StoredHistory> => StoredHistory.begin(database(), ...rows)

  test('steps of whole days are local days, through summer time', async () => {
    // In Berlin the clock goes from 2 to 3 o'clock on 29 March 2026, and from 3 to 2 on 25 October.
    const at = (text: string): number => Date.parse(text)
    const times = ['2026-03-28T22:59:59Z', '2026-03-28T23:00:00Z', '2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z']
    const autumn = ['2026-10-24T22:00:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z']
    const history = await begin(
      ...[...times, ...autumn].map((time, seq) => ({ seq: seq + 1, subject: 'a', timeMs: at(time) })),
    )
    const berlin = { toMs: at('2026-12-01T00:00:00Z'), timeZone: 'Europe/Berlin' }
    const [series] = await history.series({ ...berlin, fromMs: at(times[0] ?? ''), stepMs: day })
    assert.deepEqual(
      series?.times.map((time, index) => [new Date(time).toISOString(), series.count[index]]),
      [
        ['2026-03-27T23:00:00.000Z', 1],
        ['2026-03-28T23:00:00.000Z', 2],
        ['2026-03-29T22:00:00.000Z', 1],
        ['2026-10-24T22:00:00.000Z', 2],
        ['2026-10-25T23:00:00.000Z', 1],
      ],
    )
    // Shorter steps count from local midnight: the day of 25 hours has one more.
    const [hours] = await history.series({ ...berlin, fromMs: at('2026-10-24T22:00:00Z'), stepMs: 6 * 3_600_000 })
    assert.deepEqual(
      hours?.times.map((time) => new Date(time).toISOString()),
      ['2026-10-24T22:00:00.000Z', '2026-10-25T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    )
  })

  test('readings are thinned out in steps', async () => {
    const at = (seconds: number): number => noon + seconds * 1_000
    const history = await begin(
      { seq: 1, subject: 'a', timeMs: at(0), metrics: { t: 1, h: 5 } },
      { seq: 2, subject: 'a', timeMs: at(9), metrics: { t: 3 } },
      { seq: 3, subject: 'a', timeMs: at(4), metrics: { t: 8 } },
      { seq: 4, subject: 'a', timeMs: at(10), metrics: { t: 7 } },
      { seq: 5, subject: 'b', timeMs: at(1), metrics: { t: -1 } },
      { seq: 6, subject: 'a', timeMs: at(1), body: '{"reading":{"metrics":{"t":"NaN"}}}' },
      { seq: 7, subject: 'a', timeMs: at(1), body: '{"data":{"reading":1}}' },
      { seq: 8, subject: 'a', timeMs: at(1), body: null },
    )
    const request = {
      fromMs: at(0),
      toMs: at(20),
      stepMs: 10_000,
    }
    assert.deepEqual(await history.series(request), [
      { subject: 'a', metric: 'data.reading', times: [at(0)], count: [1], min: [1], max: [1], avg: [1], last: [1] },
      { subject: 'a', metric: 'h', times: [at(0)], count: [1], min: [5], max: [5], avg: [5], last: [5] },
      {
        subject: 'a',
        metric: 't',
        times: [at(0), at(10)],
        count: [3, 1],
        min: [1, 7],
        max: [8, 7],
        avg: [4, 7],
        last: [3, 7],
      },
      { subject: 'b', metric: 't', times: [at(0)], count: [1], min: [-1], max: [-1], avg: [-1], last: [-1] },
    ])
    const less = await history.series({ ...request, metrics: ['h'], filters: ['a'] }, { epoch, seq: 1 })
    assert.deepEqual(
      less.map(({ metric }) => metric),
      ['h'],
    )
    await assert.rejects(history.series({ ...request, stepMs: 1 }), { code: 'invalid' })
  })

  test('numbers of JSON data are series, at any depth where they are named', async () => {
    const bodies = [
      '{"data":{"celsius":21.5,"deep":{"list":[1,{"x":7}]},"text":"7","huge":1e400,"tiny":1e-400,"zero":0}}',
      '{"data":{"celsius":22.5,"deep":{"list":[1,{"x":9}]}}}',
      '{"data":[1,2]}',
      '{"data":7}',
    ]
    const history = await begin(...bodies.map((body, at) => ({ seq: at + 1, subject: 'a', timeMs: noon + at, body })))
    const request = { fromMs: noon, toMs: noon + 1_000, stepMs: 1_000 }
    const shown = async (metrics: readonly string[]): Promise<unknown> =>
      (await history.series({ ...request, metrics })).map(({ metric, avg, count }) => [metric, avg, count])
    assert.deepEqual(await shown([]), [
      ['data.celsius', [22], [2]],
      ['data.zero', [0], [1]],
    ])
    assert.deepEqual(await shown(['data.deep.list.1.x', 'data.celsius', 'data.text', 'data.huge', 'celsius']), [
      ['data.celsius', [22], [2]],
      ['data.deep.list.1.x', [8], [2]],
    ])
  })

  test('of days that are dropped the numbers of each minute stay, and a series joins them to the raw ones', async () => {
    const [dayAgo, today] = [noon - 40 * day, noon - 39 * day]
    const told = [0, 1_000, 59_000, 60_000, 125_000].map((afterMs, at) => ({ afterMs, value: at * 2 }))
    const rows = [dayAgo, today].flatMap((begin, which) =>
      told.map(({ afterMs, value }, at) => ({
        seq: which * 10 + at + 1,
        subject: at % 2 === 0 ? 'a' : 'b',
        timeMs: begin + afterMs,
        storedAtMs: begin + afterMs,
        ...(at === 4 ? { body: `{"data":{"t":${value}}}` } : { metrics: { t: value } }),
      })),
    )
    const history = await begin(...rows)
    const request = {
      fromMs: dayAgo,
      toMs: today + day,
      stepMs: 60_000,
    }
    const before = await history.series(request)
    const keep = { ...kept, retentionMs: day, coarseMs: 90 * day }
    const dropped = await history.table.maintain(keep, dayAgo + 2 * day)
    assert.ok(dropped.includes(`events_${new Date(dayAgo).toISOString().slice(0, 10).replaceAll('-', '')}`))
    assert.equal((await history.items()).length, told.length)
    assert.deepEqual(await history.series(request), before)
    // Wider steps are made of the minutes, and what a rebuild brings again is not counted twice.
    await history.insert(...rows)
    const [whole] = await history.series({ ...request, stepMs: day, metrics: ['t'], filters: ['a'] })
    assert.deepEqual(
      [whole?.count, whole?.min, whole?.max, whole?.avg, whole?.last],
      [
        [2, 2],
        [0, 0],
        [4, 4],
        [2, 2],
        [4, 4],
      ],
    )
    await history.table.maintain(keep, dayAgo + 2 * day)
    assert.deepEqual(await history.series(request), before)
    const later = await history.table.maintain(keep, dayAgo + 91 * day)
    assert.ok(later.some((name) => name.startsWith('coarse_')))
  })
})
