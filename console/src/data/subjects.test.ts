import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery, termsOf } from './query.ts'
import { SeenSubjects } from './seen-subjects.ts'
import { isAbout, nothingVaries, subjectParts, varyingPlaces } from './subject-parts.ts'

test('the filter field takes subjects, labels and types, and says what it does not understand', () => {
  assert.deepEqual(parseQuery('rooms.*.climate rooms.> label.site=a label.name="x y" type=order'), {
    filters: ['rooms.*.climate', 'rooms.>'],
    labels: [
      ['site', 'a'],
      ['name', 'x y'],
    ],
    types: ['order'],
    wrong: [],
  })
  assert.deepEqual(parseQuery('').filters, ['>'])
  assert.deepEqual(parseQuery('rooms..x <b>').wrong, ['rooms..x', '<b>'])
  assert.deepEqual(termsOf('  a   label.n="b c"  '), ['a', 'label.n="b c"'])
})

test('typing is completed by what was seen, the frequent first', () => {
  const seen = new SeenSubjects()
  for (const subject of ['rooms.r1.climate', 'rooms.r1.door', 'rooms.r2.climate', 'metrics.host']) seen.add(subject)
  assert.deepEqual(seen.complete('ro'), ['rooms.'])
  assert.deepEqual(seen.complete('rooms.'), ['rooms.r1.', 'rooms.r2.', 'rooms.*.', 'rooms.>'])
  assert.deepEqual(seen.complete('rooms.*.'), ['rooms.*.climate', 'rooms.*.door', 'rooms.*.*', 'rooms.*.>'])
  seen.add('halls.h1.a')
  assert.deepEqual(seen.complete('halls.'), ['halls.h1.', 'halls.>'], 'all below the only one is asked for at once')
  const matched = (text: string) => seen.matched(parseQuery(text))
  assert.deepEqual(matched('rooms.*.climate'), { count: 2, first: ['rooms.r1.climate', 'rooms.r2.climate'] })
  assert.equal(matched('rooms..'), undefined)

  seen.read('rooms.r1.climate', { site: 'a', floor: 'upper left' }, 'climate')
  seen.read('rooms.r2.climate', { site: 'a' }, 'climate')
  seen.read('rooms.r1.door', { site: 'b' }, '')
  assert.deepEqual(seen.complete('label.s'), ['label.site=a', 'label.site=b'])
  assert.deepEqual(seen.complete('label.f'), ['label.floor="upper left"'])
  assert.deepEqual(seen.complete('type='), ['type=climate'])
  assert.deepEqual(matched('label.site=a'), { count: 2, first: ['rooms.r1.climate', 'rooms.r2.climate'] })
  assert.deepEqual(matched('rooms.*.door label.site=a'), { count: 0, first: [] })
  assert.deepEqual(matched('label.floor="upper left" type=climate')?.first, ['rooms.r1.climate'])
})

test('what stands at one place of the subjects of a filter is offered in the order of people', () => {
  const seen = new SeenSubjects()
  for (const subject of ['rooms.r10.a', 'rooms.r9.a', 'rooms.r9.b', 'halls.h1.a']) seen.add(subject)
  assert.deepEqual(seen.tokensAt('rooms.*.*', 1), ['r9', 'r10'])
  assert.deepEqual(seen.tokensAt('rooms.*.b', 1), ['r9'])
  assert.deepEqual(seen.tokensAt('rooms.*.*', 7), [])
  assert.deepEqual(seen.tokensAt('rooms..b', 1), [])
})

test('what subjects share is dimmed, and the end that tells them apart is never cut', () => {
  const subjects = ['rooms.r1.climate', 'rooms.r2.climate']
  const varying = varyingPlaces(subjects)
  assert.deepEqual(varying, { places: [false, true, false], identity: false })
  const { head, tail } = subjectParts('rooms.r1.climate', varying)
  assert.deepEqual(head, [{ text: 'rooms.', shared: true }])
  assert.deepEqual(tail, [
    { text: 'r1.', shared: false },
    { text: 'climate', shared: true },
  ])
  const long = subjectParts(`a.${'b'.repeat(60)}.cpu=0.state=idle`, {
    places: [false, false, true, true],
    identity: false,
  })
  assert.deepEqual(long.tail, [{ text: 'cpu=0.state=idle', shared: false }])
  assert.deepEqual(subjectParts('alone', nothingVaries), {
    head: [],
    tail: [{ text: 'alone', shared: false }],
    identity: '',
  })
})

test('the hash that ends a series is cut before what a person tells it by, unless it is all that differs', () => {
  const idle = 'metrics.host.vm.system.cpu.utilization.logical_number=0.state=idle.id=wTYVbtXGspD9f5'
  const user = 'metrics.host.vm.system.cpu.utilization.logical_number=0.state=user.id=5yLrZl-tKpynGw'
  const told = subjectParts(idle, varyingPlaces([idle, user, idle]))
  assert.deepEqual(told.tail.at(-1), { text: 'state=idle', shared: false })
  assert.equal(told.identity, '.id=wTYVbtXGspD9f5')
  const alone = subjectParts(idle, nothingVaries)
  assert.deepEqual(alone.tail, [{ text: 'logical_number=0.state=idle', shared: false }])

  const twin = idle.replace('wTYVbtXGspD9f5', 'AAAAAAAAAAAAAA')
  const hashed = subjectParts(idle, varyingPlaces([idle, user, twin]))
  assert.deepEqual(hashed.tail, [{ text: 'state=idle.id=wTYVbtXGspD9f5', shared: false }])
  assert.equal(hashed.identity, '')
})

test('an alert is about a subject whose tokens its key has, beside each other', () => {
  assert.ok(isAbout('r1', 'rooms.r1.climate'))
  assert.ok(isAbout('north.o3', 'orders.north.o3'))
  assert.ok(!isAbout('r1', 'rooms.r17.climate'))
  assert.ok(!isAbout('orders.o3', 'orders.north.o3'))
  assert.ok(!isAbout('', 'rooms.r1'))
})
