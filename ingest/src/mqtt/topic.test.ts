import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileFilters, isFilter, isSubject } from '@weir/proto'
import fc from 'fast-check'
import { subjectTopic, topicFilters, topicSubject } from './topic.ts'

test('levels are tokens, and what a token cannot have is escaped', () => {
  for (const [topic, subject] of [
    ['a/b/c', 'a.b.c'],
    ['plant/boiler 1/t.in', 'plant.boiler=201.t=2Ein'],
    ['/a//b/', '=00.a.=00.b.=00'],
    ['öst/state=used', '=C3=B6st.state=used'],
    ['a=2E', 'a=3D2E'],
    ['$SYS/x*>', '=24SYS.x=2A=3E'],
  ] as const) {
    assert.equal(topicSubject(topic), subject)
    assert.equal(subjectTopic(subject), topic)
  }
})

test('topics that differ have subjects that differ, and a subject gives its topic back', () => {
  const level = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 6 }),
    fc.constantFrom('', '=', '=2E', '=2', '.', '=00'),
  )
  const topic = fc
    .array(level, { minLength: 1, maxLength: 6 })
    .map((levels) => levels.join('/'))
    .filter((text) => text !== '' && !/[+#\0]/.test(text) && text.isWellFormed())
  fc.assert(
    fc.property(topic, (text) => {
      const subject = topicSubject(text)
      assert.ok(subject.length > 255 || subject.split('.').length > 16 || isSubject(subject), subject)
      assert.equal(subjectTopic(subject), text)
    }),
  )
})

test('a topic with a wildcard, or none, cannot be published to', () => {
  for (const topic of ['', 'a/+', 'a/#', 'a\0']) assert.throws(() => topicSubject(topic), { code: 'malformed' })
})

test('topic filters match what MQTT says they do', () => {
  for (const [filter, matching, other] of [
    ['a/b', ['a/b'], ['a', 'a/b/c']],
    ['a/+', ['a/b', 'a/'], ['a', 'a/b/c']],
    ['a/#', ['a', 'a/b', 'a/b/c'], ['b', 'ab/c']],
    ['#', ['a', 'a/b'], []],
    ['+/x y/#', ['a/x y', 'a/x y/c'], ['a/xy']],
  ] as const) {
    const filters = topicFilters(filter)
    assert.ok(filters.every(isFilter))
    const matches = compileFilters(filters)
    for (const topic of matching) assert.ok(matches(topicSubject(topic)), `${filter} ${topic}`)
    for (const topic of other) assert.ok(!matches(topicSubject(topic)), `${filter} ${topic}`)
  }
  for (const filter of ['', 'a+', 'a/#/b', '#a', 'a/b#'])
    assert.throws(() => topicFilters(filter), { code: 'malformed' })
})
