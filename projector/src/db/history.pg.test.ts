import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { compileFilters, EventSchema, eventToJson } from '@weir/proto'
import { onEachDatabase } from '../../test/each-database.ts'
import { DayPartitions } from './day-partitions.ts'
import { HistoryPositions } from './history-positions.ts'
import { type HistoryRequest, queryHistory, type StoredEvent } from './history-query.ts'
import { querySeries } from './history-series.ts'
import { type HistoryRow, HistoryTable } from './history-table.ts'
import { migrate } from './migrations.ts'

const day = 86_400_000
/** As it was while bytes and body of each event were stored. */
const stepsOfOldShape = 3
const noon = Date.UTC(2026, 0, 31, 12)
const kept = { retentionMs: 30 * day, sizeBytes: Number.POSITIVE_INFINITY, coarseMs: undefined }
const epoch = 1_700_000_000_000_000

interface Told {
  readonly seq: number
  readonly subject: string
  readonly timeMs?: number
  readonly storedAtMs?: number
  readonly metrics?: Record<string, number>
  readonly body?: string | null
}

function rowOf({
  seq,
  subject,
  timeMs = noon + seq,
  storedAtMs = noon + seq,
  metrics = { t: seq },
  body,
}: Told): HistoryRow {
  const event = create(EventSchema, { id: `e${seq}`, data: { case: 'reading', value: { metrics } } })
  const text = body === undefined ? JSON.stringify({ id: `e${seq}`, reading: { metrics } }) : body
  return { seq, subject, timeMs, storedAtMs, body: text, event: toBinary(EventSchema, event) }
}

onEachDatabase((database) => {
  let tenants = 0
  let tenant = ''
  let table: HistoryTable

  before(async () => {
    await migrate(database().sql, stepsOfOldShape)
    await new DayPartitions(database()).cover([noon])
    const { body, event } = rowOf({ seq: 7, subject: 'a.b' })
    await database().sql`
      insert into weir.events values ('old', ${epoch}, 7, 'a.b', to_timestamp(${noon / 1_000}),
        to_timestamp(${noon / 1_000}), ${body}::text::jsonb, ${event})`
    assert.ok((await migrate(database().sql)) > 0)
  })

  async function begin(...rows: readonly Told[]): Promise<void> {
    tenant = `t${tenants++}`
    table = new HistoryTable(database(), tenant)
    await table.open()
    if (rows.length > 0) await table.insert(epoch, rows.map(rowOf))
  }

  const head = { epoch, seq: 1_000_000 }

  async function items(query: Partial<HistoryRequest> = {}, cursor = head): Promise<readonly StoredEvent[]> {
    const request: HistoryRequest = {
      tenant,
      order: 'asc',
      filters: ['>'],
      fromMs: undefined,
      toMs: undefined,
      limit: 1_000,
      next: undefined,
      ...query,
    }
    return (await queryHistory(database(), request, cursor)).page.items
  }

  test('a row of an older version, with bytes and body, is read beside one without bytes', async () => {
    await begin()
    tenant = 'old'
    await new HistoryTable(database(), tenant).insert(epoch, [{ ...rowOf({ seq: 8, subject: 'a.c' }), event: null }])
    const read = await items()
    assert.deepEqual(
      read.map(({ seq, subject, event }) => [seq, subject, eventToJson(event)]),
      [
        [7, 'a.b', { id: 'e7', reading: { metrics: { t: 7 } } }],
        [8, 'a.c', { id: 'e8', reading: { metrics: { t: 8 } } }],
      ],
    )
  })

  test('a row with neither bytes nor body is refused', async () => {
    await begin()
    await assert.rejects(table.insert(epoch, [{ ...rowOf({ seq: 1, subject: 'a', body: null }), event: null }]), {
      code: '23514',
    })
  })

  test('migrations run once, whoever tries', async () => {
    assert.equal(await migrate(database().sql), 0)
  })

  test('a row that is there already stays as it is', async () => {
    await begin({ seq: 1, subject: 'a' }, { seq: 2, subject: 'b' })
    await table.insert(epoch, [rowOf({ seq: 2, subject: 'b' }), rowOf({ seq: 3, subject: 'c' })])
    assert.deepEqual(
      (await items()).map(({ seq, subject, event }) => [seq, subject, event.id]),
      [
        [1, 'a', 'e1'],
        [2, 'b', 'e2'],
        [3, 'c', 'e3'],
      ],
    )
  })

  test('another incarnation of the stream and another tenant are apart', async () => {
    await begin({ seq: 1, subject: 'a' })
    await table.insert(epoch + 1, [rowOf({ seq: 1, subject: 'again' })])
    const here = await items({}, { epoch: epoch + 1, seq: 1 })
    assert.deepEqual(
      here.map(({ subject }) => subject),
      ['a', 'again'],
    )
    await begin()
    assert.deepEqual(await items(), [])
  })

  test('texts with everything that quoting can get wrong come back as they were', async () => {
    const body = JSON.stringify({ data: ['"', '\\', '\\"', '{', '}', ',', 'NULL', "'", '\n', '\t', 'ä€😀', ''] })
    await begin({ seq: 1, subject: 'a', body }, { seq: 2, subject: 'b', body: null })
    const rows = await database().sql<{ body: unknown }[]>`
      select body from weir.events where tenant = ${tenant} order by seq`
    assert.deepEqual(
      rows.map(({ body }) => body),
      [JSON.parse(body), null],
    )
  })

  test('filters select what the filters of a subscription do', async () => {
    const subjects = ['a', 'b', 'a.b', 'a.b.c', 'a.c', 'ab', 'a-b.c', 'a=.c', 'b.a.c', 'a.b.c.d', 'A.b']
    await begin(...subjects.map((subject, at) => ({ seq: at + 1, subject })))
    const sets = [
      ['>'],
      ['a'],
      ['a.>'],
      ['a.*'],
      ['*.b'],
      ['*.*.c'],
      ['a.*.c', 'b.>'],
      ['*'],
      ['a.*.>'],
      ['A.>'],
      ['x.>'],
    ]
    for (const filters of sets) {
      const matches = compileFilters(filters)
      assert.deepEqual(
        (await items({ filters })).map(({ subject }) => subject).sort(),
        subjects.filter(matches).sort(),
        filters.join(),
      )
    }
  })

  test('pages follow event time and show one moment, whatever is stored meanwhile', async () => {
    await begin(
      ...Array.from({ length: 25 }, (_, at) => ({ seq: at + 1, subject: 'a', timeMs: noon - ((at * 7) % 25) * 1_000 })),
    )
    const seen: number[] = []
    let next: string | undefined
    for (let page = 0; page < 5; page++) {
      const request = {
        tenant,
        filters: ['>'],
        fromMs: undefined,
        toMs: undefined,
        order: 'asc',
        limit: 10,
        next,
      } as const
      const answer = await queryHistory(database(), request, { epoch, seq: 20 + page })
      assert.deepEqual(answer.cursor, { epoch, seq: 20 })
      seen.push(...answer.page.items.map(({ seq }) => seq))
      next = answer.page.next
      if (next === undefined) break
      await table.insert(epoch, [rowOf({ seq: 100 + page, subject: 'a', timeMs: noon - 60_000 })])
    }
    const expected = Array.from({ length: 20 }, (_, at) => at + 1).sort(
      (a, b) => (((b - 1) * 7) % 25) - (((a - 1) * 7) % 25),
    )
    assert.deepEqual(seen, expected)
  })

  test('the newest come first when asked, page after page, whatever is stored meanwhile', async () => {
    const rows = Array.from({ length: 25 }, (_, at) => ({ seq: at + 1, subject: 'a', timeMs: noon + ((at * 7) % 25) }))
    await begin(...rows)
    const seen: number[] = []
    let next: string | undefined
    do {
      const request = {
        tenant,
        filters: ['>'],
        fromMs: undefined,
        toMs: undefined,
        order: 'desc',
        limit: 10,
        next,
      } as const
      const { page } = await queryHistory(database(), request, { epoch, seq: 25 })
      seen.push(...page.items.map(({ seq }) => seq))
      next = page.next
      await table.insert(epoch, [rowOf({ seq: 100 + seen.length, subject: 'a', timeMs: noon + 60_000 })])
    } while (next !== undefined)
    assert.deepEqual(
      seen,
      rows.toSorted((a, b) => b.timeMs - a.timeMs).map(({ seq }) => seq),
    )
  })

  test('steps of whole days are local days, through summer time', async () => {
    // In Berlin the clock goes from 2 to 3 o'clock on 29 March 2026, and from 3 to 2 on 25 October.
    const at = (text: string): number => Date.parse(text)
    const times = ['2026-03-28T22:59:59Z', '2026-03-28T23:00:00Z', '2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z']
    const autumn = ['2026-10-24T22:00:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z']
    await begin(...[...times, ...autumn].map((time, seq) => ({ seq: seq + 1, subject: 'a', timeMs: at(time) })))
    const request = {
      tenant,
      filters: ['>'],
      metrics: [],
      fromMs: at(times[0] ?? ''),
      toMs: at('2026-12-01T00:00:00Z'),
    }
    const days = { ...request, stepMs: day, timeZone: 'Europe/Berlin' }
    const [series] = await querySeries(database(), days, head)
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
    const [hours] = await querySeries(
      database(),
      { ...days, stepMs: 6 * 3_600_000, fromMs: at('2026-10-24T22:00:00Z') },
      head,
    )
    assert.deepEqual(
      hours?.times.map((time) => new Date(time).toISOString()),
      ['2026-10-24T22:00:00.000Z', '2026-10-25T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    )
  })

  test('from is in, to is out', async () => {
    await begin(...[0, 1, 2, 3].map((at) => ({ seq: at + 1, subject: 'a', timeMs: noon + at })))
    const seqs = (await items({ fromMs: noon + 1, toMs: noon + 3 })).map(({ seq }) => seq)
    assert.deepEqual(seqs, [2, 3])
  })

  test('a page that is none is refused', async () => {
    await begin()
    for (const next of ['', 'x', '1.2.3', 'a.b-c', '1.1-1.1-1.1-1-']) {
      await assert.rejects(items({ next }), { code: 'malformed' }, next)
    }
  })

  test('days have partitions of their own, and those past the retention go', async () => {
    await begin({ seq: 1, subject: 'a', storedAtMs: noon - 3 * day }, { seq: 2, subject: 'a' })
    const dropped = await table.maintain({ ...kept, retentionMs: 2 * day }, noon)
    assert.ok(dropped.includes('events_20260128'), dropped.join())
    assert.deepEqual(
      (await items()).map(({ seq }) => seq),
      [2],
    )
    // The day can be filled again: an event that came late, or a rebuild.
    await table.insert(epoch, [rowOf({ seq: 1, subject: 'a', storedAtMs: noon - 3 * day })])
    assert.equal((await items()).length, 2)
  })

  test('partitions that another replica has made or dropped are no surprise', async () => {
    await begin()
    const one = new DayPartitions(database())
    const other = new DayPartitions(database())
    await Promise.all([one.cover([noon - 9 * day]), other.cover([noon - 9 * day])])
    assert.deepEqual(await one.dropBefore(noon - 8 * day), ['events_20260122'])
    assert.deepEqual(await other.dropBefore(noon - 8 * day), [])
  })

  test('readings are thinned out in steps', async () => {
    const at = (seconds: number): number => noon + seconds * 1_000
    await begin(
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
      tenant,
      filters: ['>'],
      metrics: [],
      fromMs: at(0),
      toMs: at(20),
      stepMs: 10_000,
      timeZone: undefined,
    }
    assert.deepEqual(await querySeries(database(), request, head), [
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
    const less = await querySeries(database(), { ...request, metrics: ['h'], filters: ['a'] }, { epoch, seq: 1 })
    assert.deepEqual(
      less.map(({ metric }) => metric),
      ['h'],
    )
    await assert.rejects(querySeries(database(), { ...request, stepMs: 1 }, head), { code: 'invalid' })
  })

  test('numbers of JSON data are series, at any depth where they are named', async () => {
    const bodies = [
      '{"data":{"celsius":21.5,"deep":{"list":[1,{"x":7}]},"text":"7","huge":1e400,"tiny":1e-400,"zero":0}}',
      '{"data":{"celsius":22.5,"deep":{"list":[1,{"x":9}]}}}',
      '{"data":[1,2]}',
      '{"data":7}',
    ]
    await begin(...bodies.map((body, at) => ({ seq: at + 1, subject: 'a', timeMs: noon + at, body })))
    const request = { tenant, filters: ['>'], fromMs: noon, toMs: noon + 1_000, stepMs: 1_000, timeZone: undefined }
    const shown = async (metrics: readonly string[]): Promise<unknown> =>
      (await querySeries(database(), { ...request, metrics }, head)).map(({ metric, avg, count }) => [
        metric,
        avg,
        count,
      ])
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
    await begin(...rows)
    const request = {
      tenant,
      filters: ['>'],
      metrics: [],
      fromMs: dayAgo,
      toMs: today + day,
      stepMs: 60_000,
      timeZone: undefined,
    }
    const before = await querySeries(database(), request, head)
    const keep = { ...kept, retentionMs: day, coarseMs: 90 * day }
    const dropped = await table.maintain(keep, dayAgo + 2 * day)
    assert.ok(dropped.includes(`events_${new Date(dayAgo).toISOString().slice(0, 10).replaceAll('-', '')}`))
    assert.equal((await items()).length, told.length)
    assert.deepEqual(await querySeries(database(), request, head), before)
    // Wider steps are made of the minutes, and what a rebuild brings again is not counted twice.
    await table.insert(epoch, rows.map(rowOf))
    const [whole] = await querySeries(database(), { ...request, stepMs: day, metrics: ['t'], filters: ['a'] }, head)
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
    await table.maintain(keep, dayAgo + 2 * day)
    assert.deepEqual(await querySeries(database(), request, head), before)
    const later = await table.maintain(keep, dayAgo + 91 * day)
    assert.ok(later.some((name) => name.startsWith('coarse_')))
  })

  test('the oldest days go while all of them are larger than the size, and today stays', async () => {
    await begin(...[-2, -1, 0].map((days, at) => ({ seq: at + 1, subject: 'a', storedAtMs: noon + days * day })))
    await table.maintain({ ...kept, retentionMs: 3_650 * day, sizeBytes: 1 }, noon)
    assert.deepEqual(
      (await items()).map(({ seq }) => seq),
      [3],
    )
  })

  test('a position only moves forward', async () => {
    await begin()
    const positions = new HistoryPositions(database(), tenant)
    const partition = { index: 0, count: 2 }
    const position = { epoch, seq: 7, storedAtMs: noon, targetEpoch: 0 }
    await positions.save('history', partition, position)
    await positions.save('history', partition, { ...position, seq: 5 })
    await positions.save('history', { index: 1, count: 2 }, { ...position, seq: 3 })
    assert.deepEqual(
      (await positions.load('history')).map(({ partition, position }) => [partition.index, position.seq]).sort(),
      [
        [0, 7],
        [1, 3],
      ],
    )
    await positions.save('history', partition, { ...position, epoch: epoch + 1, seq: 1 })
    const again = (await positions.load('history')).find(({ partition }) => partition.index === 0)
    assert.deepEqual(again?.position, { epoch: epoch + 1, seq: 1, storedAtMs: noon, targetEpoch: 0 })
  })
})
