import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { compileFilters, eventToJson } from '@weir/proto'
import { onEachDatabase } from '../../test/each-database.ts'
import { day, epoch, kept, noon, rowOf, StoredHistory, type Told } from '../../test/stored-history.ts'
import { DayPartitions } from './day-partitions.ts'
import { HistoryPositions } from './history-positions.ts'
import { migrate } from './migrations.ts'

/** As it was while bytes and body of each event were stored. */
const stepsOfOldShape = 3

onEachDatabase((database) => {
  before(async () => {
    await migrate(database().sql, stepsOfOldShape)
    await new DayPartitions(database()).cover([noon])
    const { body, event } = rowOf({ seq: 7, subject: 'a.b' })
    await database().sql`
      insert into weir.events values ('old', ${epoch}, 7, 'a.b', to_timestamp(${noon / 1_000}),
        to_timestamp(${noon / 1_000}), ${body}::text::jsonb, ${event})`
    assert.ok((await migrate(database().sql)) > 0)
  })

  const begin = (...rows: readonly Told[]): Promise<StoredHistory> => StoredHistory.begin(database(), ...rows)

  test('a row of an older version, with bytes and body, is read beside one without bytes', async () => {
    const history = StoredHistory.of(database(), 'old')
    await history.table.insert(epoch, [{ ...rowOf({ seq: 8, subject: 'a.c' }), event: null }])
    const read = await history.items()
    assert.deepEqual(
      read.map(({ seq, subject, event }) => [seq, subject, eventToJson(event)]),
      [
        [7, 'a.b', { id: 'e7', reading: { metrics: { t: 7 } } }],
        [8, 'a.c', { id: 'e8', reading: { metrics: { t: 8 } } }],
      ],
    )
  })

  test('a row with neither bytes nor body is refused', async () => {
    const history = await begin()
    await assert.rejects(
      history.table.insert(epoch, [{ ...rowOf({ seq: 1, subject: 'a', body: null }), event: null }]),
      {
        code: '23514',
      },
    )
  })

  test('migrations run once, whoever tries', async () => {
    assert.equal(await migrate(database().sql), 0)
  })

  test('a row that is there already stays as it is', async () => {
    const history = await begin({ seq: 1, subject: 'a' }, { seq: 2, subject: 'b' })
    await history.insert({ seq: 2, subject: 'b' }, { seq: 3, subject: 'c' })
    assert.deepEqual(
      (await history.items()).map(({ seq, subject, event }) => [seq, subject, event.id]),
      [
        [1, 'a', 'e1'],
        [2, 'b', 'e2'],
        [3, 'c', 'e3'],
      ],
    )
  })

  test('another incarnation of the stream and another tenant are apart', async () => {
    const history = await begin({ seq: 1, subject: 'a' })
    await history.table.insert(epoch + 1, [rowOf({ seq: 1, subject: 'again' })])
    const here = await history.items({}, { epoch: epoch + 1, seq: 1 })
    assert.deepEqual(
      here.map(({ subject }) => subject),
      ['a', 'again'],
    )
    const other = await begin()
    assert.deepEqual(await other.items(), [])
  })

  test('texts with everything that quoting can get wrong come back as they were', async () => {
    const body = JSON.stringify({ data: ['"', '\\', '\\"', '{', '}', ',', 'NULL', "'", '\n', '\t', 'ä€😀', ''] })
    const history = await begin({ seq: 1, subject: 'a', body }, { seq: 2, subject: 'b', body: null })
    const rows = await database().sql<{ body: unknown }[]>`
      select body from weir.events where tenant = ${history.tenant} order by seq`
    assert.deepEqual(
      rows.map(({ body }) => body),
      [JSON.parse(body), null],
    )
  })

  test('filters select what the filters of a subscription do', async () => {
    const subjects = ['a', 'b', 'a.b', 'a.b.c', 'a.c', 'ab', 'a-b.c', 'a=.c', 'b.a.c', 'a.b.c.d', 'A.b']
    const history = await begin(...subjects.map((subject, at) => ({ seq: at + 1, subject })))
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
        (await history.items({ filters })).map(({ subject }) => subject).sort(),
        subjects.filter(matches).sort(),
        filters.join(),
      )
    }
  })

  test('pages follow event time and show one moment, whatever is stored meanwhile', async () => {
    const history = await begin(
      ...Array.from({ length: 25 }, (_, at) => ({ seq: at + 1, subject: 'a', timeMs: noon - ((at * 7) % 25) * 1_000 })),
    )
    const seen: number[] = []
    let next: string | undefined
    for (let page = 0; page < 5; page++) {
      const answer = await history.page({ limit: 10, next }, { epoch, seq: 20 + page })
      assert.deepEqual(answer.cursor, { epoch, seq: 20 })
      seen.push(...answer.page.items.map(({ seq }) => seq))
      next = answer.page.next
      if (next === undefined) break
      await history.insert({ seq: 100 + page, subject: 'a', timeMs: noon - 60_000 })
    }
    const expected = Array.from({ length: 20 }, (_, at) => at + 1).sort(
      (a, b) => (((b - 1) * 7) % 25) - (((a - 1) * 7) % 25),
    )
    assert.deepEqual(seen, expected)
  })

  test('the newest come first when asked, page after page, whatever is stored meanwhile', async () => {
    const rows = Array.from({ length: 25 }, (_, at) => ({ seq: at + 1, subject: 'a', timeMs: noon + ((at * 7) % 25) }))
    const history = await begin(...rows)
    const seen: number[] = []
    let next: string | undefined
    do {
      const { page } = await history.page({ order: 'desc', limit: 10, next }, { epoch, seq: 25 })
      seen.push(...page.items.map(({ seq }) => seq))
      next = page.next
      await history.insert({ seq: 100 + seen.length, subject: 'a', timeMs: noon + 60_000 })
    } while (next !== undefined)
    assert.deepEqual(
      seen,
      rows.toSorted((a, b) => b.timeMs - a.timeMs).map(({ seq }) => seq),
    )
  })

  test('from is in, to is out', async () => {
    const history = await begin(...[0, 1, 2, 3].map((at) => ({ seq: at + 1, subject: 'a', timeMs: noon + at })))
    const seqs = await history.seqs({ fromMs: noon + 1, toMs: noon + 3 })
    assert.deepEqual(seqs, [2, 3])
  })

  test('a page that is none is refused', async () => {
    const history = await begin()
    for (const next of ['', 'x', '1.2.3', 'a.b-c', '1.1-1.1-1.1-1-']) {
      await assert.rejects(history.items({ next }), { code: 'malformed' }, next)
    }
  })

  test('days have partitions of their own, and those past the retention go', async () => {
    const history = await begin({ seq: 1, subject: 'a', storedAtMs: noon - 3 * day }, { seq: 2, subject: 'a' })
    const dropped = await history.table.maintain({ ...kept, retentionMs: 2 * day }, noon)
    assert.ok(dropped.includes('events_20260128'), dropped.join())
    assert.deepEqual(await history.seqs(), [2])
    // The day can be filled again: an event that came late, or a rebuild.
    await history.insert({ seq: 1, subject: 'a', storedAtMs: noon - 3 * day })
    assert.equal((await history.items()).length, 2)
  })

  test('partitions that another replica has made or dropped are no surprise', async () => {
    const one = new DayPartitions(database())
    const other = new DayPartitions(database())
    await Promise.all([one.cover([noon - 9 * day]), other.cover([noon - 9 * day])])
    assert.deepEqual(await one.dropBefore(noon - 8 * day), ['events_20260122'])
    assert.deepEqual(await other.dropBefore(noon - 8 * day), [])
  })

  test('the oldest days go while all of them are larger than the size, and today stays', async () => {
    const history = await begin(
      ...[-2, -1, 0].map((days, at) => ({ seq: at + 1, subject: 'a', storedAtMs: noon + days * day })),
    )
    await history.table.maintain({ ...kept, retentionMs: 3_650 * day, sizeBytes: 1 }, noon)
    assert.deepEqual(await history.seqs(), [3])
  })

  test('a position only moves forward', async () => {
    const history = await begin()
    const positions = new HistoryPositions(database(), history.tenant)
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
